"""DynamoDB of a Region beside moto_server, and beside itself with a thousand times the items.

`python benchmarks/dynamodb.py` starts both servers on loopback, puts the same load on each in
turns from one small client, and prints the best round of each and the ratios. Absolute figures
depend on the machine; the ratios are what is promised. Exit code 1 if a promise is not kept.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import random
import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import cycle
from typing import Any, cast

import psutil
import uvloop

from gameday import clock

PROMISED = {"PutItem vs moto_server": 10.0, "Query at 100,000 items vs 100": 0.8}
ROUNDS = 3
LENGTH = re.compile(rb"content-length: (\d+)", re.IGNORECASE)
CLOSES = re.compile(rb"connection: close", re.IGNORECASE)
TABLE = {
    "TableName": "bench",
    "KeySchema": [
        {"AttributeName": "id", "KeyType": "HASH"},
        {"AttributeName": "n", "KeyType": "RANGE"},
    ],
    "AttributeDefinitions": [
        {"AttributeName": "id", "AttributeType": "S"},
        {"AttributeName": "n", "AttributeType": "N"},
    ],
    "BillingMode": "PAY_PER_REQUEST",
}
SPEC = {
    "region": "us-east-1",
    "account": "123456789012",
    "token": "bench",
    "speed": 1.0,
    "seed": 1,
    "regions": {"us-east-1": {"bind": "127.0.0.1", "dynamodb": 0}},
    "lag_s": [0.6, 1.2],
}
REGION_PROCESS = """
import asyncio, gc, json, sys, uvloop
from gameday.lab.dynamodb import RegionDynamoDB

class Channel:
    def send(self, kind, **members): pass

async def main():
    db = RegionDynamoDB(json.loads(sys.argv[1]), Channel())
    await db.start()
    print(db.port, flush=True)
    await asyncio.Event().wait()

gc.set_threshold(50_000, 20, 50)
uvloop.run(main())
"""
MOTO_PROCESS = """
from moto.server import ThreadedMotoServer
server = ThreadedMotoServer("127.0.0.1", 0, verbose=False)
server.start()
print(server.get_host_and_port()[1], flush=True)
server._thread.join()
"""

Body = Callable[[int], dict[str, Any]]


@dataclass(frozen=True)
class Series:
    """One operation on one server; `cpu_us` is the server's processor time for a request."""

    per_s: float
    median_ms: float
    p99_ms: float
    cpu_us: float


@dataclass(frozen=True)
class Server:
    process: subprocess.Popen[str]
    port: int

    def cpu_s(self) -> float:
        times = psutil.Process(self.process.pid).cpu_times()
        return float(times.user + times.system)


def start(code: str, *arguments: str) -> Server:
    """A server in a process of its own, which prints its port."""
    process = subprocess.Popen(
        [sys.executable, "-c", code, *arguments],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    assert process.stdout is not None
    return Server(process, int(process.stdout.readline()))


def request(operation: str, body: dict[str, Any]) -> bytes:
    payload = json.dumps(body).encode()
    scope = "Credential=lab/20260101/us-east-1/dynamodb/aws4_request"
    head = (
        "POST / HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/x-amz-json-1.0\r\n"
        f"X-Amz-Target: DynamoDB_20120810.{operation}\r\n"
        f"Authorization: AWS4-HMAC-SHA256 {scope}, SignedHeaders=host, Signature=0\r\n"
        f"Content-Length: {len(payload)}\r\n\r\n"
    )
    return head.encode() + payload


class Load(asyncio.Protocol):
    """A connection that sends its next request when it has the answer to the last, and connects
    anew when the server closes it (moto_server does every time)."""

    def __init__(self, port: int, requests: Iterator[bytes], deadline: float) -> None:
        self._port, self._requests, self._deadline = port, requests, deadline
        self.took_ms: list[float] = []
        self.ended = asyncio.get_running_loop().create_future()

    async def connect(self) -> None:
        await asyncio.get_running_loop().create_connection(lambda: self, "127.0.0.1", self._port)

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)
        self._send()

    def _send(self) -> None:
        following = next(self._requests, None)
        if following is None or clock.monotonic() > self._deadline:
            self._transport.close()
            self.ended.set_result(None)
            return
        self._buffer = b""
        self._began = clock.monotonic()
        self._transport.write(following)

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        head, separator, body = self._buffer.partition(b"\r\n\r\n")
        length = LENGTH.search(head)
        if not separator or not length or len(body) < int(length[1]):
            return
        self.took_ms.append((clock.monotonic() - self._began) * 1000.0)
        if not head.startswith(b"HTTP/1.1 200"):
            self.ended.set_exception(AssertionError(self._buffer.decode()))
        elif CLOSES.search(head):
            self._transport.close()
            self._task = asyncio.ensure_future(self.connect())
        else:
            self._send()


async def load(
    server: Server, requests: Iterator[bytes], seconds: float = 600.0, connections: int = 8
) -> list[float]:
    """How long each request took, in ms and in order, when `connections` send all they can."""
    loads = [Load(server.port, requests, clock.monotonic() + seconds) for _ in range(connections)]
    for one in loads:
        await one.connect()
    await asyncio.gather(*(one.ended for one in loads))
    return sorted(ms for one in loads for ms in one.took_ms)


async def fill(server: Server, count: int) -> None:
    """The table gets items 0 to `count`, 25 a request."""
    chunks = (range(first, min(first + 25, count)) for first in range(0, count, 25))
    batches = ([{"PutRequest": {"Item": item(n)}} for n in chunk] for chunk in chunks)
    await load(server, (request("BatchWriteItem", {"RequestItems": {"bench": b}}) for b in batches))


async def series(
    servers: dict[str, Server], operation: str, body: Body, seconds: float
) -> dict[str, Series]:
    """The best of several rounds on each server, in turns: a machine that is busy with other
    things is busy for all of them."""
    best: dict[str, Series] = {}
    requests = [request(operation, body(n)) for n in range(1000)]
    for _ in range(ROUNDS):
        for name, server in servers.items():
            before_s, began = server.cpu_s(), clock.monotonic()
            took = await load(server, cycle(requests), seconds / ROUNDS)
            found = Series(
                len(took) / (clock.monotonic() - began),
                took[len(took) // 2],
                took[len(took) * 99 // 100],
                (server.cpu_s() - before_s) * 1e6 / len(took),
            )
            if name not in best or found.per_s > best[name].per_s:
                best[name] = found
    return {f"{operation} {name}": one for name, one in best.items()}


def item(n: int) -> dict[str, Any]:
    return {
        "id": {"S": f"key-{n // 10}"},
        "n": {"N": str(n % 10)},
        "value": {"S": "This item is coming from us-east-1"},
        "region": {"S": "us-east-1"},
        "at": {"N": "1763890000.123"},
    }


def put(n: int) -> dict[str, Any]:
    return {"TableName": "bench", "Item": item(n % 100)}


def get(n: int) -> dict[str, Any]:
    found = item(n % 100)
    return {"TableName": "bench", "Key": {"id": found["id"], "n": found["n"]}}


def query(items: int) -> Body:
    rng = random.Random(1)
    return lambda _: {
        "TableName": "bench",
        "KeyConditionExpression": "id = :a AND n > :n",
        "ExpressionAttributeValues": {
            ":a": {"S": f"key-{rng.randrange(items // 10)}"},
            ":n": {"N": "4"},
        },
    }


def transaction(items: int) -> Body:
    return lambda n: {
        "TransactItems": [
            {"Put": {"TableName": "bench", "Item": item((n + i * 7919) % items)}} for i in range(4)
        ]
    }


async def measure(seconds: float) -> dict[str, Series]:
    """Every series, by operation and server."""
    found: dict[str, Series] = {}
    region, moto = start(REGION_PROCESS, json.dumps(SPEC)), start(MOTO_PROCESS)
    both = {"region": region, "moto_server": moto}
    try:
        for server in both.values():
            await load(server, iter([request("CreateTable", TABLE)]), connections=1)
            await fill(server, 100)
        for operation, body in (("PutItem", put), ("GetItem", get), ("Query", query(100))):
            found |= await series(both, operation, body, seconds)
        await fill(region, 100_000)
        full = {"region, 100,000 items": region}
        for operation, body in (
            ("PutItem", put),
            ("GetItem", get),
            ("Query", query(100_000)),
            ("TransactWriteItems", transaction(100_000)),
        ):
            found |= await series(full, operation, body, seconds)
    finally:
        for server in both.values():
            server.process.kill()
            server.process.communicate()
    return found


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=3.0, help="wall seconds for each series")
    found = uvloop.run(measure(parser.parse_args().seconds))
    for name, one in found.items():
        print(
            f"{name:42} {one.per_s:8.0f}/s   p50 {one.median_ms:7.2f} ms   "
            f"p99 {one.p99_ms:7.2f} ms   cpu {one.cpu_us:6.0f} us"
        )
    ratios = {
        f"{op} vs moto_server": found[f"{op} region"].per_s / found[f"{op} moto_server"].per_s
        for op in ("PutItem", "GetItem", "Query")
    }
    full, small = found["Query region, 100,000 items"], found["Query region"]
    ratios["Query at 100,000 items vs 100"] = full.per_s / small.per_s
    broken = [name for name, least in PROMISED.items() if ratios[name] < least]
    for name, ratio in ratios.items():
        promised = f"   promised {PROMISED[name]:g}" if name in PROMISED else ""
        print(f"{name:42} {ratio:8.1f} x{promised}{' BROKEN' if name in broken else ''}")
    return 1 if broken else 0


if __name__ == "__main__":
    sys.exit(main())
