"""How many requests a Region answers: hello world and boto3 get_item, through a Region process.

    python benchmarks/front_door.py [SECONDS]

Everything between the client and the table is real: front door, Runtime API, awslambdaric in its
own process, boto3, DynamoDB. The ratios hold across machines to about 15 %, the figures do not.
"""

from __future__ import annotations

import asyncio
import json
import multiprocessing
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

import boto3
import httptools
import uvloop

from gameday import clock

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "tests" / "lab_region"))
from region_process import REGION, RegionProcess, api, function, spec

CONNECTIONS = 8
HANDLERS = """
import os, boto3
table = boto3.resource("dynamodb").Table("dynamo_serverless")

def hello(event, context):
    return {"statusCode": 200, "body": "hello"}

def get_item(event, context):
    item = table.get_item(Key={"id": event["pathParameters"]["id"]})["Item"]
    return {"statusCode": 200, "body": item["value"]}
"""


class Client(asyncio.Protocol):
    """Asks again as soon as it is answered, for ever."""

    def __init__(self, request: bytes, latencies_ms: list[float], bad: list[int]) -> None:
        self._request, self._latencies_ms, self._bad = request, latencies_ms, bad
        self._parser = httptools.HttpResponseParser(self)

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = transport
        self._ask()

    def data_received(self, data: bytes) -> None:
        self._parser.feed_data(data)

    def on_message_complete(self) -> None:
        self._latencies_ms.append((clock.monotonic() - self._asked_at) * 1000)
        if self._parser.get_status_code() != 200:
            self._bad.append(self._parser.get_status_code())
        self._parser = httptools.HttpResponseParser(self)
        asyncio.get_running_loop().call_soon(self._ask)

    def _ask(self) -> None:
        self._asked_at = clock.monotonic()
        if not self._transport.is_closing():
            self._transport.write(self._request)


async def load(port: int, path: str, seconds: float) -> tuple[float, float, float, int]:
    """(requests per second, p50 ms, p99 ms, answers that were not 200) over `seconds`."""
    request = f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n".encode()
    latencies_ms: list[float] = []
    bad: list[int] = []
    loop = asyncio.get_running_loop()
    made = [
        await loop.create_connection(lambda: Client(request, latencies_ms, bad), "127.0.0.1", port)
        for _ in range(CONNECTIONS)
    ]
    await asyncio.sleep(seconds)
    for transport, _ in made:
        transport.abort()
    ordered = sorted(latencies_ms) or [seconds * 1000]  # nobody was answered in time
    count = len(latencies_ms)
    return count / seconds, ordered[count // 2], ordered[int(count * 0.99)], len(bad)


def in_child(work: Callable[[], object]) -> object:
    """What `work` returns in a process of its own, so that client and Region share no loop."""
    with multiprocessing.get_context("fork").Pool(1) as pool:
        return pool.apply(work)


class Case:
    """One measurement, callable in a child."""

    def __init__(self, port: int, path: str, seconds: float) -> None:
        self.arguments = port, path, seconds

    def __call__(self) -> tuple[float, float, float, int]:
        return uvloop.run(load(*self.arguments))


def make_table(region: RegionProcess) -> None:
    """The table, with the one item that is read."""
    client = boto3.client(
        "dynamodb", endpoint_url=f"http://127.0.0.1:{region.ports['dynamodb']}",
        region_name=REGION, aws_access_key_id="a", aws_secret_access_key="b",
    )  # fmt: skip
    client.create_table(
        TableName="dynamo_serverless", BillingMode="PAY_PER_REQUEST",
        KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
    )  # fmt: skip
    item = {"id": {"S": "1"}, "value": {"S": "x" * 60}}
    client.put_item(TableName="dynamo_serverless", Item=item)


def main(seconds: float) -> None:
    """Measure and print."""
    with tempfile.TemporaryDirectory() as folder:
        code = Path(folder) / "code"
        code.mkdir()
        (code / "h.py").write_text(HANDLERS)
        region = RegionProcess(spec(Path(folder)))
        try:
            make_table(region)
            region.apply(
                functions={"hello": function(code, "h.hello"), "get": function(code, "h.get_item")},
                apis=[api(("GET", "/hello", "hello"), ("GET", "/items/{id}", "get"))],
            )
            measured = {}
            for name, path in (("hello", "/hello"), ("get_item", "/items/1")):
                target = f"/_aws/execute-api/abc123/prod{path}"
                in_child(Case(region.ports["http"], target, seconds / 2))  # warm
                measured[name] = in_child(Case(region.ports["http"], target, seconds))
            print(json.dumps(region.status()["functions"]))
        finally:
            region.close()
    first = next(iter(measured.values()))[0]
    print(f"{'case':<10} {'req/s':>8} {'ratio':>6} {'p50 ms':>7} {'p99 ms':>7}   not 200")
    for name, (rate, p50, p99, bad) in measured.items():
        print(f"{name:<10} {rate:8.0f} {rate / first:6.2f} {p50:7.1f} {p99:7.1f}   {bad}")


if __name__ == "__main__":
    main(float(sys.argv[1]) if len(sys.argv) > 1 else 4.0)
