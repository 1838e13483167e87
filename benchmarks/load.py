"""What a load costs: its rate, its processes, many users, a long run's memory, its findings.

python benchmarks/load.py [--part rate --part processes ...] [--seconds 6] [--rounds 3]

All parts in one run, each against a figure that the project asks for. FastHttpUser and
FailoverUser send as fast as they can over kept connections, at the same time, each to a small
server in a process of its own, so that what else the machine does slows both; one write in five,
with windows of 100 ms, segments and the ledger on. What was counted while all users ran; rates per
second of CPU stand on a busy machine, too.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import itertools
import json
import os
import re
import socket
import subprocess
import sys
import tempfile
from collections import defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import load_findings
import load_memory

ROOT = Path(__file__).parents[1]
ANSWER = (
    b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\nx-region: us-east-1\r\n"
    b"content-length: 13\r\n\r\n" + b'{"id": "one"}'
)

OFFERED_PER_S = "20000"
"""More than two processes can send: a lower rate would hold FailoverUser back, and it alone."""

COUNTED = """
import resource, time
from locust import events

@events.spawning_complete.add_listener
def begin(**_):
    used = resource.getrusage(resource.RUSAGE_SELF)
    SEEN.update(at=time.monotonic(), cpu=used.ru_utime + used.ru_stime, n=0)

@events.request.add_listener
def count(exception, **_):
    if SEEN:
        SEEN["n"] += 1
        SEEN["failed"] = SEEN.get("failed", 0) + (exception is not None)

@events.test_stopping.add_listener
def end(**_):
    if SEEN and SEEN["n"]:
        used = resource.getrusage(resource.RUSAGE_SELF)
        cpu = used.ru_utime + used.ru_stime - SEEN["cpu"]
        print("COUNTED", SEEN["n"], time.monotonic() - SEEN["at"], cpu, SEEN["failed"], flush=True)

SEEN = {}
"""

PLAIN = """
from locust import FastHttpUser, constant, task

class User(FastHttpUser):
    wait_time = constant(0)

    @task(4)
    def read(self):
        self.client.get("/items/one", name="/items/{id}")

    @task(1)
    def write(self):
        self.client.post("/items", json={"value": "one"}, name="/items")
"""

FAILOVER = """
from locust import task
from gameday.load.user import FailoverUser

class User(FailoverUser):
    @task(4)
    def read(self):
        self.client.get("/items/one", name="/items/{id}")

    @task(1)
    def write(self):
        with self.writing() as write, self.client.post(
            "/items", json={"value": "one"}, name="/items",
            headers={"Idempotency-Key": write.key}, catch_response=True,
        ) as response:
            write.answer(response)
"""


class Answerer(asyncio.Protocol):
    """Answers every request with the same item, and counts its connections."""

    opened = 0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        Answerer.opened += 1
        self.transport = transport

    def data_received(self, data: bytes) -> None:
        heads = data.count(b"GET /") + data.count(b"POST /")
        if data.startswith(b"GET /opened"):
            body = str(Answerer.opened).encode()
            self.transport.write(
                b"HTTP/1.1 200 OK\r\ncontent-length: %d\r\n\r\n" % len(body) + body
            )  # type: ignore[attr-defined]
        elif heads:
            self.transport.write(ANSWER * heads)  # type: ignore[attr-defined]


async def serve(port: int) -> None:
    """The server's process."""
    server = await asyncio.get_running_loop().create_server(
        Answerer, "127.0.0.1", port, backlog=4096
    )
    await server.serve_forever()


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as free:
        return int(free.getsockname()[1])


@contextlib.contextmanager
def server() -> Iterator[int]:
    port = free_port()
    process = subprocess.Popen([sys.executable, __file__, "serve", str(port)])
    try:
        yield port
    finally:
        process.terminate()
        process.wait()


@dataclass(frozen=True)
class Counted:
    """What the processes of one Locust did while all their users ran."""

    requests: int
    wall_s: float
    cpu_s: float
    failed: int

    @property
    def per_s(self) -> float:
        return self.requests / self.wall_s

    @property
    def per_cpu_s(self) -> float:
        return self.requests / self.cpu_s


class Locust:
    """One Locust under way, with one kind of user, against one server."""

    def __init__(self, kind: str, port: int, users: int, seconds: int, processes: int = 1) -> None:
        self._folder = tempfile.TemporaryDirectory(prefix="gameday-benchmark-")
        work_dir = Path(self._folder.name)
        text = {"FastHttpUser": PLAIN, "FailoverUser": FAILOVER}[kind]
        (work_dir / "file.py").write_text(text + COUNTED)
        env = {
            **os.environ, "GAMEDAY_RUN_DIR": str(work_dir / "run"), "GAMEDAY_CLIENTS": "pooled=100",
            "GAMEDAY_CLIENTS_PER_POPULATION": str(users), "GAMEDAY_RATE_PER_S": OFFERED_PER_S,
            "PYTHONPATH": str(ROOT),
        }  # fmt: skip
        bind = str(free_port())
        several = ["--processes", str(processes), "--master-bind-host", "127.0.0.1",
                   "--master-bind-port", bind, "--master-port", bind]  # fmt: skip
        self._process = subprocess.Popen(
            [sys.executable, "-m", "locust", "-f", str(work_dir / "file.py"), "--headless",
             "--host", f"http://127.0.0.1:{port}", "-u", str(users), "-r", str(users),
             "--run-time", str(seconds), "--only-summary", *(several if processes > 1 else [])],
            env=env, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
        )  # fmt: skip
        self._timeout_s = seconds + 120

    def counted(self) -> Counted:
        """What it did, once it has ended; several processes add up."""
        output, _ = self._process.communicate(timeout=self._timeout_s)
        self._folder.cleanup()
        rows = re.findall(r"COUNTED (\d+) (\S+) (\S+) (\d+)", output)
        if not rows:
            raise SystemExit(output)
        return Counted(
            sum(int(n) for n, *_ in rows), max(float(s) for _, s, *_ in rows),
            sum(float(cpu) for *_, cpu, _ in rows), sum(int(failed) for *_, failed in rows),
        )  # fmt: skip


def side_by_side(users: int, seconds: int, processes: int = 1) -> tuple[Counted, Counted]:
    """FastHttpUser and FailoverUser at the same time, each with a server of its own."""
    with server() as one, server() as two:
        plain = Locust("FastHttpUser", one, users, seconds, processes)
        failover = Locust("FailoverUser", two, users, seconds, processes)
        return plain.counted(), failover.counted()


def summed(rounds: list[Counted]) -> Counted:
    return Counted(
        sum(r.requests for r in rounds), sum(r.wall_s for r in rounds),
        sum(r.cpu_s for r in rounds), sum(r.failed for r in rounds),
    )  # fmt: skip


def rate(options: argparse.Namespace) -> None:
    pairs = [side_by_side(options.users, options.seconds) for _ in range(options.rounds)]
    plain, failover = (summed([pair[i] for pair in pairs]) for i in (0, 1))
    for unit, of in (("requests/s", "per_s"), ("requests per second of CPU", "per_cpu_s")):
        a, b = getattr(plain, of), getattr(failover, of)
        print(f"rate        FastHttpUser {a:.0f}, FailoverUser {b:.0f} {unit}: {b / a:.2f}", end="")
        print(f" (asked for: 0.9), {failover.failed} failed")

    with server() as port:
        cost = [sys.executable, str(Path(__file__).with_name("load_cost.py")), str(port)]
        done = subprocess.run(cost, check=True, stdout=subprocess.PIPE, text=True)
    found = json.loads(done.stdout)
    print(
        f"cost        FastHttpUser {found['stock_us']:.0f}, FailoverUser {found['ours_us']:.0f}",
        end="",
    )
    print(" us of CPU a request, best batches by turns: ", end="")
    print(f"{found['stock_us'] / found['ours_us']:.2f} (asked for: 0.9), {found['failed']} failed")


def processes(options: argparse.Namespace) -> None:
    """One process and two, of one kind at a time: together they would want six cores."""
    kinds = ("FastHttpUser", "FailoverUser")
    found = defaultdict[tuple[str, int], list[Counted]](list)
    for _ in range(options.rounds):
        for kind, count in itertools.product(kinds, (1, 2)):
            with server() as port:
                done = Locust(kind, port, options.users, options.seconds, count).counted()
                found[kind, count].append(done)
    gains = {}
    for kind in kinds:
        one, two = (summed(found[kind, count]) for count in (1, 2))
        gains[kind] = [two.per_s / one.per_s, two.per_cpu_s / one.per_cpu_s]
    for index, unit in enumerate(("of the rate", "of the rate per CPU")):
        a, b = (gains[kind][index] for kind in kinds)
        print(f"processes   two instead of one, {unit}: FastHttpUser x {a:.2f}, ", end="")
        print(f"FailoverUser x {b:.2f}: {b / a:.2f} (asked for: 0.95)")


def users(options: argparse.Namespace) -> None:
    """File numbers above 1,023: select() fails there, and every request would reconnect."""
    count = 3_000
    for kind in ("FailoverUser", "FastHttpUser"):
        with server() as port:
            done = Locust(kind, port, count, options.seconds * 2).counted()
            opened = opened_at(port)
        print(f"users       {kind}: {opened} connections of {count} users in one process, ", end="")
        print(f"{done.requests} requests, {done.failed} failed", end="")
        print(f" (asked for: {count})" if kind == "FailoverUser" else "")


def opened_at(port: int) -> int:
    """How many connections the server has seen, but this one."""
    with socket.create_connection(("127.0.0.1", port), 5) as link:
        link.sendall(b"GET /opened HTTP/1.1\r\nhost: x\r\n\r\n")
        return int(link.recv(4096).rpartition(b"\r\n")[2]) - 1


def memory(options: argparse.Namespace) -> None:
    minute, hour = load_memory.measured(60.0), load_memory.measured(3600.0)
    print(f"memory      {hour.mb:.1f} MB after an hour ({hour.requests} requests), ", end="")
    print(f"{minute.mb:.1f} after a minute: {hour.mb / minute.mb:.3f} (asked for: 1.1); ", end="")
    print("the clock is made up, the load process and its files are not")


def findings(options: argparse.Namespace) -> None:
    with tempfile.TemporaryDirectory(prefix="gameday-benchmark-") as folder:
        run_dir = Path(folder) / "run"
        load_findings.make(run_dir, options.requests)
        found = load_findings.timed(run_dir)
    print(
        f"findings    {found['requests']:.0f} requests, {found['acknowledged']:.0f} writes: ",
        end="",
    )
    print(
        f"{found['whole_s']:.1f} s ({found['cpu_s']:.1f} of CPU; asked for: 30), of which the",
        end="",
    )
    print(
        f" ledger's audit {found['audit_s']:.1f} s ({found['audit_cpu_s']:.1f} of CPU; asked for:",
        end="",
    )
    print(f" 20), {found['memory_mb']:.0f} MB")


PARTS: dict[str, Callable[[argparse.Namespace], None]] = {
    "rate": rate, "processes": processes, "users": users, "memory": memory, "findings": findings,
}  # fmt: skip


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--part", action="append", choices=list(PARTS), help="all of them")
    parser.add_argument("--seconds", type=int, default=6)
    parser.add_argument("--users", type=int, default=50)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--requests", type=int, default=10_000_000, help="of the findings")
    options = parser.parse_args()
    for name in options.part or PARTS:
        PARTS[name](options)


if __name__ == "__main__":
    if sys.argv[1:2] == ["serve"]:
        asyncio.run(serve(int(sys.argv[2])))
    else:
        main()
