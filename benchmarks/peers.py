"""GET /items/{id} of the reference backend: this lab beside ministack and a moto_server process.

    python benchmarks/peers.py [SECONDS] [--ministack PATH/TO/bin/ministack]

The same handler, 8 connections, one after another in one run. `one process` is a Python server that
calls the handler in process, against moto_server. ministack is not a dependency: install it into an
environment of its own (`pip install ministack`) and name its command. Ratios hold to about 15 %,
the figures do not. Promised: 25 times ministack, twice the one process.
"""

from __future__ import annotations

import argparse
import asyncio
import io
import json
import os
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import boto3
import httptools
import uvloop
from front_door import Case, in_child
from region_process import REGION, RegionProcess, api, function, spec

from gameday import clock
from gameday.lab.config import free_port

ROOT = Path(__file__).resolve().parents[1]
SOURCE = ROOT / "app" / "src"
TABLE, ITEM = "dynamo_serverless", "1"
PROMISED = {"ministack": 25.0, "one process": 2.0}

Figures = tuple[float, float, float, int]


def client(service: str, endpoint: str) -> Any:
    """A boto3 client of an emulator."""
    return boto3.client(service, endpoint_url=endpoint, region_name=REGION,
                        aws_access_key_id="a", aws_secret_access_key="b")  # fmt: skip


def make_table(endpoint: str) -> None:
    """The table, with the one item that is read."""
    dynamodb = client("dynamodb", endpoint)
    dynamodb.create_table(
        TableName=TABLE, BillingMode="PAY_PER_REQUEST",
        KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
    )  # fmt: skip
    item = {"id": {"S": ITEM}, "value": {"S": "x" * 60}, "key": {"S": "k"},
            "written_in": {"S": REGION}, "written_at": {"N": "1"}}  # fmt: skip
    dynamodb.put_item(TableName=TABLE, Item=item)


@contextmanager
def process(command: list[str], answers: Callable[[], object], **env: str) -> Iterator[None]:
    """A server for the length of the block, once `answers` does not raise."""
    with subprocess.Popen(command, env=os.environ | env, stdout=subprocess.DEVNULL,
                          stderr=subprocess.DEVNULL) as server:  # fmt: skip
        try:
            if not clock.Clock().wait_for(lambda: _works(answers), 30, every_s=0.2):
                raise SystemExit(f"{command[0]} did not start")
            yield
        finally:
            server.kill()


def _works(answers: Callable[[], object]) -> bool:
    try:
        answers()
    except Exception:
        return False
    return True


def measured(port: int, path: str, seconds: float) -> Figures:
    """The figures of one server, after a warm-up."""
    in_child(Case(port, path, seconds))
    found: Figures = in_child(Case(port, path, seconds))  # type: ignore[assignment]
    return found


def lab(seconds: float) -> Figures:
    """Front door, Runtime API, awslambdaric, boto3 and DynamoDB of one Region."""
    with tempfile.TemporaryDirectory() as folder:
        region = RegionProcess(spec(Path(folder)))
        try:
            make_table(f"http://127.0.0.1:{region.ports['dynamodb']}")
            region.apply(functions={"get": function(SOURCE, "items.read")},
                         apis=[api(("GET", "/items/{id}", "get"))])  # fmt: skip
            path = f"/_aws/execute-api/abc123/prod/items/{ITEM}"
            return measured(region.ports["http"], path, seconds)
        finally:
            region.close()


def ministack(
    command: str, seconds: float, source: Path = SOURCE, handler: str = "items.read"
) -> Figures:
    """A function in `source` behind ministack's API Gateway, Lambda and DynamoDB."""
    port = free_port(["127.0.0.1"])
    endpoint = f"http://127.0.0.1:{port}"
    with process([command], lambda: client("sts", endpoint).get_caller_identity(),
                 GATEWAY_PORT=str(port), BIND_HOST="127.0.0.1"):  # fmt: skip
        make_table(endpoint)
        archive = io.BytesIO()
        with zipfile.ZipFile(archive, "w") as file:
            for path in source.glob("*.py"):
                file.write(path, path.name)
        made = client("lambda", endpoint).create_function(
            FunctionName="get", Runtime="python3.11", Role="arn:aws:iam::000000000000:role/r",
            Handler=handler, Code={"ZipFile": archive.getvalue()}, Timeout=10,
        )  # fmt: skip
        return measured(port, _rest_api(endpoint, made["FunctionArn"]), seconds)


def _rest_api(endpoint: str, function_arn: str) -> str:
    gateway = client("apigateway", endpoint)
    rest = gateway.create_rest_api(name="items")["id"]
    root = gateway.get_resources(restApiId=rest)["items"][0]["id"]
    for part in ("items", "{id}"):
        root = gateway.create_resource(restApiId=rest, parentId=root, pathPart=part)["id"]
    method = {"restApiId": rest, "resourceId": root, "httpMethod": "GET"}
    gateway.put_method(**method, authorizationType="NONE")
    uri = f"arn:aws:apigateway:{REGION}:lambda:path/2015-03-31/functions/{function_arn}/invocations"
    gateway.put_integration(**method, type="AWS_PROXY", integrationHttpMethod="POST", uri=uri)
    gateway.create_deployment(restApiId=rest, stageName="prod")
    return f"/_aws/execute-api/{rest}/prod/items/{ITEM}"


def one_process(seconds: float) -> Figures:
    """A server that calls the handler in its own process, against moto_server."""
    moto, port = free_port(["127.0.0.1"]), free_port(["127.0.0.1"])
    endpoint = f"http://127.0.0.1:{moto}"
    server = [sys.executable, "-m", "moto.server", "-H", "127.0.0.1", "-p", str(moto)]
    with process(server, lambda: client("dynamodb", endpoint).list_tables()):
        make_table(endpoint)
        own = [sys.executable, __file__, "--serve", str(port)]
        env = {"AWS_ENDPOINT_URL": endpoint, "AWS_REGION": REGION, "AWS_DEFAULT_REGION": REGION,
               "AWS_ACCESS_KEY_ID": "a", "AWS_SECRET_ACCESS_KEY": "b"}  # fmt: skip
        with process(own, lambda: _connect(port), **env):
            return measured(port, f"/items/{ITEM}", seconds)


def _connect(port: int) -> None:
    import socket

    socket.create_connection(("127.0.0.1", port)).close()


class InProcess(asyncio.Protocol):
    """Answers each request with what the handler returns, on one thread."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport, self._parser = transport, httptools.HttpRequestParser(self)

    def data_received(self, data: bytes) -> None:
        self._parser.feed_data(data)

    def on_url(self, url: bytes) -> None:
        self._path = url.decode()

    def on_message_complete(self) -> None:
        import items

        event = {"httpMethod": "GET", "pathParameters": {"id": self._path.rpartition("/")[2]},
                 "headers": {}, "queryStringParameters": None}  # fmt: skip
        answer = items.read(event, None)
        body = answer["body"].encode()
        head = f"HTTP/1.1 {answer['statusCode']} X\r\ncontent-length: {len(body)}\r\n\r\n"
        self._transport.write(head.encode() + body)  # type: ignore[attr-defined]


async def serve(port: int) -> None:
    """The server of `one process`."""
    sys.path.insert(0, str(SOURCE))
    server = await asyncio.get_running_loop().create_server(InProcess, "127.0.0.1", port)
    await server.serve_forever()


def main() -> int:
    """Measure, print, and fail when a promise is broken."""
    parser = argparse.ArgumentParser()
    parser.add_argument("seconds", nargs="?", type=float, default=4.0)
    parser.add_argument("--ministack")
    parser.add_argument("--serve", type=int)
    options = parser.parse_args()
    if options.serve:
        uvloop.run(serve(options.serve))
    found = {"lab": lab(options.seconds), "one process": one_process(options.seconds)}
    if options.ministack:
        found["ministack"] = ministack(options.ministack, options.seconds)
    ours = found["lab"][0]
    print(f"{'server':<12} {'req/s':>8} {'lab is':>8} {'p50 ms':>7} {'p99 ms':>7}   not 200")
    for name, (rate, p50, p99, bad) in found.items():
        print(f"{name:<12} {rate:8.0f} {ours / max(rate, 0.1):7.1f}x {p50:7.1f} {p99:7.1f}   {bad}")
    broken = {n: f for n, f in PROMISED.items() if n in found and ours / max(found[n][0], 0.1) < f}
    print(json.dumps({"broken": broken}))
    return 1 if broken else 0


if __name__ == "__main__":
    sys.exit(main())
