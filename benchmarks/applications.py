"""What is promised of any application in the lab: throughput, latency, cold starts, deployment.

    python benchmarks/applications.py [SECONDS] [--ministack PATH/TO/bin/ministack]

A hello-world REST function through a Region's front door with 8 connections, its p99 at half the
promised load, the first answer of one and of eight new functions that import boto3, and twenty
functions deployed by `gameday lab run` with a warm code cache. Exit code 1 where a promise is
broken. The ratio to ministack holds to about 15 %, the figures only on an idle machine.
"""

from __future__ import annotations

import argparse
import asyncio
import re
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import uvloop
from front_door import CONNECTIONS, Case, Client, in_child
from peers import ministack
from region_process import RegionProcess, api, function, spec

from gameday import clock

REQUESTS_PER_S = 2500.0
HELLO = """
def hello(event, context):
    return {"statusCode": 200, "body": "hello"}
"""
WITH_BOTO3 = """
import boto3
table = boto3.resource("dynamodb").Table("items")

def handler(event, context):
    return {"statusCode": 200, "body": table.name}
"""
AT_ONCE, DEPLOYED = 8, 20
PATH = "/_aws/execute-api/abc123/prod"


@dataclass(frozen=True, slots=True)
class Figure:
    """A figure beside what is promised of it."""

    what: str
    measured: float
    unit: str
    promised: float
    at_least: bool = False

    @property
    def kept(self) -> bool:
        """Whether the figure is on the promised side."""
        if self.at_least:
            return self.measured >= self.promised
        return self.measured < self.promised

    def __str__(self) -> str:
        sign, word = (">=" if self.at_least else "<"), ("ok" if self.kept else "BROKEN")
        head = f"{self.what:<44}{self.measured:9.1f} {self.unit:<6}"
        return f"{head} {sign} {self.promised:g}  {word}"


class Paced(Client):
    """Asks at fixed instants and counts from them; a late answer makes the next ones late, too."""

    every_s = CONNECTIONS / (REQUESTS_PER_S / 2)
    due: float | None = None

    def _ask(self) -> None:
        now = clock.monotonic()
        self.due = (self.due or now) + self.every_s
        asyncio.get_running_loop().call_later(max(0.0, self.due - now), self._send)

    def _send(self) -> None:
        assert self.due is not None
        self._asked_at = self.due
        if not self._transport.is_closing():
            self._transport.write(self._request)


class Half:
    """p99 in milliseconds at half the promised load, callable in a child."""

    def __init__(self, port: int, path: str, seconds: float) -> None:
        self.arguments = port, path, seconds

    def __call__(self) -> float:
        return uvloop.run(self._run(*self.arguments))

    async def _run(self, port: int, path: str, seconds: float) -> float:
        request = f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n".encode()
        latencies_ms: list[float] = []
        loop = asyncio.get_running_loop()
        made = []
        for _ in range(CONNECTIONS):
            made.append(
                await loop.create_connection(
                    lambda: Paced(request, latencies_ms, []), "127.0.0.1", port
                )
            )
            await asyncio.sleep(Paced.every_s / CONNECTIONS)
        await asyncio.sleep(seconds)
        for transport, _ in made:
            transport.abort()
        offered = seconds * REQUESTS_PER_S / 2
        if len(latencies_ms) < 0.95 * offered:  # it could not keep up: there is no such latency
            return float("inf")
        return sorted(latencies_ms)[int(len(latencies_ms) * 0.99)]


@contextmanager
def region() -> Iterator[tuple[RegionProcess, Path]]:
    """A Region of its own, and a folder with the code of both handlers."""
    with tempfile.TemporaryDirectory() as folder:
        code = Path(folder) / "code"
        code.mkdir()
        (code / "h.py").write_text(HELLO)
        (code / "b.py").write_text(WITH_BOTO3)
        started = RegionProcess(spec(Path(folder)))
        try:
            yield started, code
        finally:
            started.close()


def throughput(seconds: float, ministack_command: str | None) -> Iterator[Figure]:
    """Hello world: requests per second, p99 at half of what is promised, ratio to ministack."""
    with region() as (it, code):
        it.apply(functions={"hello": function(code, "h.hello")},
                 apis=[api(("GET", "/items/{id}", "hello"))])  # fmt: skip
        where = it.ports["http"], f"{PATH}/items/1"
        in_child(Case(*where, seconds))  # warm
        rate, _, _, bad = in_child(Case(*where, seconds))  # type: ignore[misc]
        assert bad == 0, f"{bad} answers were not 200"
        yield Figure("hello world, 8 connections", rate, "req/s", REQUESTS_PER_S, at_least=True)
        p99: float = in_child(Half(*where, seconds))  # type: ignore[assignment]
        yield Figure(f"p99 at {REQUESTS_PER_S / 2:.0f} req/s", p99, "ms", 25.0)
        if ministack_command:
            theirs = ministack(ministack_command, seconds, code, "h.hello")[0]
            ratio = rate / max(theirs, 1 / seconds)
            yield Figure("ministack's rate, times", ratio, "x", 5.0, at_least=True)


def cold_starts() -> Iterator[Figure]:
    """From the moment that functions with boto3 are there to their first answers."""
    with region() as (it, code):
        for count, promised_ms in ((1, 700.0), (AT_ONCE, 1000.0)):
            names = [f"cold-{count}-{n}" for n in range(count)]
            began = clock.monotonic()
            it.apply(functions={name: function(code, "b.handler", revision=name) for name in names},
                     apis=[api(*(("GET", f"/{name}", name) for name in names))])  # fmt: skip
            with ThreadPoolExecutor(count) as threads:
                answers = [a.status for a in threads.map(it.get, [f"/{name}" for name in names])]
            took_ms = (clock.monotonic() - began) * 1000
            assert answers == [200] * count, answers
            yield Figure(f"cold start with boto3, {count} at once", took_ms, "ms", promised_ms)


def deployment() -> Iterator[Figure]:
    """Twenty functions by `gameday lab run`: from `deploying` to its command, the second time."""
    resources = "".join(
        f"  F{n}:\n    Type: AWS::Serverless::Function\n    Properties:\n      {{CodeUri: f{n}, "
        f"Handler: b.handler, Runtime: python3.11, Events: {{Get: {{Type: Api, Properties: "
        f"{{Path: /f{n}, Method: GET}}}}}}}}\n"
        for n in range(DEPLOYED)
    )
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        (root / "t.yaml").write_text(
            f"Transform: AWS::Serverless-2016-10-31\nResources:\n{resources}"
        )
        for n in range(DEPLOYED):
            (root / f"f{n}").mkdir()
            (root / f"f{n}" / "b.py").write_text(f"{WITH_BOTO3}# {n}\n")
        command = [sys.executable, "-m", "gameday", "lab", "run", "--lab", "bench", "--template",
                   "t.yaml", "--region", "us-east-1", "--strict", "--",
                   "date", "-u", "+%Y-%m-%dT%H:%M:%S.%3NZ"]  # fmt: skip
        for _ in range(2):
            done = subprocess.run(command, cwd=root, capture_output=True, text=True, check=True)
        began = re.search(r"^(\S+) lab +deploying", done.stderr, re.MULTILINE)
        assert began, done.stderr
        ended = datetime.fromisoformat(done.stdout.strip())
        took_s = (ended - datetime.fromisoformat(began[1])).total_seconds()
        yield Figure(f"{DEPLOYED} functions deployed", took_s, "s", 8.0)


def main() -> int:
    """Measure, print, and fail when a promise is broken."""
    parser = argparse.ArgumentParser()
    parser.add_argument("seconds", nargs="?", type=float, default=4.0)
    parser.add_argument("--ministack")
    options = parser.parse_args()
    kept = True
    for part in (throughput(options.seconds, options.ministack), cold_starts(), deployment()):
        for figure in part:
            print(figure, flush=True)
            kept = kept and figure.kept
    return 0 if kept else 1


if __name__ == "__main__":
    sys.exit(main())
