"""What a load process holds on to in a long run, under a clock that is made up.

A process of its own imports Locust as a load does, and drives our load process (schedule,
recorder, ledger, known items, files) through a minute or an hour of 80 requests a second, one in
five a write, without waiting for any of it. What Locust itself keeps, which grows by a few bytes a
second of the run and by no request, is not in it.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

RATE_PER_S = 80.0


@dataclass(frozen=True)
class Measured:
    """Memory at the end, in megabytes of resident set, and the requests until then."""

    mb: float
    requests: int


DRIVEN = """
import json, os, sys
from gevent import monkey
monkey.patch_all()
from pathlib import Path
import gameday.load.user  # as a locustfile would: Locust and all
from gameday import clock, settings
from gameday.load.connection import Phase, Trip
from gameday.load.options import load_options
from gameday.load.process import LoadProcess, Share
from gameday.load.write import Write
lasts_s = float(sys.argv[1])
wall, now = [clock.now(), clock.monotonic()], [0.0]
clock.now = lambda: wall[0] + now[0]
clock.monotonic = lambda: wall[1] + now[0]
load = LoadProcess(settings.current(), load_options())
load.start(Share())
recorder, count = load.recorder, 0
clients = [load.next_client() for _ in load.clients]
turns = [load.turns(client) for client in clients]
for one in turns:
    recorder.join(one)
while now[0] < lasts_s:
    now[0] += 0.1
    for client, one in zip(clients, turns):
        while load.course.instant(one.next_start()) <= clock.monotonic():
            intended = recorder.begin(one)
            trip = Trip(intended, intended, phase=Phase.EXCHANGE, region="us-east-1")
            trip.answered = clock.monotonic()
            count += 1
            recorder.answer(client, "us-east-1", "ok", intended, intended)
            if count % 5 == 0:
                write = Write(f"{client.id}.{count}", item_id=f"item-{count}")
                load.wrote(client, write, "ok", trip)
    recorder.tick()
with open("/proc/self/statm") as file:
    pages = int(file.read().split()[1])
print(json.dumps({"mb": pages * os.sysconf("SC_PAGE_SIZE") / 1e6, "requests": count}))
"""


def measured(lasts_s: float) -> Measured:
    """The memory of a load process after `lasts_s` seconds of its clock."""
    with tempfile.TemporaryDirectory(prefix="gameday-benchmark-") as folder:
        env = {
            **os.environ, "GAMEDAY_RUN_DIR": folder, "GAMEDAY_RATE_PER_S": str(RATE_PER_S),
            "GAMEDAY_CLIENTS_PER_POPULATION": "500", "PYTHONPATH": str(Path(__file__).parents[1]),
        }  # fmt: skip
        done = subprocess.run(
            [sys.executable, "-c", DRIVEN, str(lasts_s)], env=env, check=True,
            stdout=subprocess.PIPE, text=True,
        )  # fmt: skip
    return Measured(**json.loads(done.stdout.splitlines()[-1]))
