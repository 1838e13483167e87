"""What becomes of writes while another Region's process is stopped, or killed?"""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from things import everything, get, put

US, EU = "us-east-1", "eu-west-1"
SPEED = 10.0

Make = Callable[..., Any]
Until = Callable[..., Any]


REGION_PROCESS = """
import asyncio, json, sys
from gameday.lab.dynamodb import RegionDynamoDB

class Channel:
    def send(self, kind, **members):
        pass

async def main():
    spec = json.loads(sys.argv[1])
    db = RegionDynamoDB(spec, Channel())
    await db.start()
    db.apply({"things": {"replicas": sorted(spec["regions"]), "paused": False}})
    print(db.port, flush=True)
    while line := await asyncio.get_running_loop().run_in_executor(None, sys.stdin.readline):
        method, *arguments = json.loads(line)
        getattr(db, method)(*arguments)
        print("done", flush=True)
    await db.stop()

asyncio.run(main())
"""


@pytest.fixture
def processes() -> Iterator[Callable[..., Any]]:
    """Starts a Region as a process of its own; ended with the test."""
    started: list[subprocess.Popen[str]] = []

    def start(spec: dict[str, Any]) -> subprocess.Popen[str]:
        process = subprocess.Popen(
            [sys.executable, "-c", REGION_PROCESS, json.dumps(spec)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        started.append(process)
        assert process.stdout is not None
        assert int(process.stdout.readline()) == spec["regions"][spec["region"]]["dynamodb"]
        return process

    yield start
    for process in started:
        if process.poll() is None:
            os.kill(process.pid, signal.SIGCONT)
            process.kill()
        process.communicate()


def free_port() -> int:
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return int(s.getsockname()[1])


def test_a_stopped_region_loses_nothing_and_a_killed_one_is_refilled(
    world: Make, until: Until, processes: Callable[..., Any]
) -> None:
    w = world(US)
    w.places[EU] = {"bind": "127.0.0.1", "dynamodb": free_port()}
    spec = {
        "region": EU,
        "account": "123456789012",
        "token": "shared",
        "speed": SPEED,
        "seed": 1,
        "regions": w.places,
        "lag_s": [0.6, 1.2],
    }
    process = processes(spec)
    us, eu = w.table_in(us_only=US, other=EU)
    put(us, "first", "x")
    until(lambda: get(eu, "first") == "x")
    os.kill(process.pid, signal.SIGSTOP)
    for n in range(200):
        put(us, f"k{n:03}", "x")
    until(lambda: w.do(US, "status")["things"]["replicas"][EU]["state"] == "unreachable")
    assert w.pending(US, "things") == 200
    os.kill(process.pid, signal.SIGCONT)
    until(lambda: everything(eu) == everything(us))
    process.kill()
    process.wait()
    put(us, "last", "x")
    processes(spec)
    until(lambda: "things" in eu.list_tables()["TableNames"])
    until(lambda: everything(eu) == everything(us))
    assert len(everything(us)) == 202
