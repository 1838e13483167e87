"""What one request costs its process: FastHttpUser and FailoverUser by turns, best batch of many.

python benchmarks/load_cost.py PORT [ROUNDS]

Fifty users of each kind send in turns from one process to one server, over kept connections; what
counts is CPU time of the best batch, which depends little on what else the machine does. A load
that has its core to itself sends at most as many requests as go into a second of that. Our clock
goes on by one window of 100 ms with each of our batches, as many requests fall due in it as the
batch sends, and the batch pays for the window's tick.
"""

from __future__ import annotations

# ruff: noqa: E402 - gevent first, as Locust has it
from gevent import monkey

monkey.patch_all()

import json
import os
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

sys.path[0] = str(Path(__file__).parents[1])  # not this folder, whose dns.py hides dnspython

import gevent
from locust import FastHttpUser
from locust.env import Environment

from gameday import clock, settings
from gameday.load.options import load_options
from gameday.load.process import LoadProcess, Share
from gameday.load.user import FailoverUser
from gameday.load.windows import WINDOW_WALL_S

USERS, REQUESTS_EACH = 50, 9
WRITE_EVERY = 5


class Stock(FastHttpUser):  # type: ignore[misc]
    """Locust's own."""

    def turn(self, n: int) -> None:
        gevent.sleep(0)  # as its wait time between two tasks
        if n % WRITE_EVERY:
            self.client.get("/items/one", name="/items/{id}")
        else:
            self.client.post("/items", json={"value": "one"}, name="/items")


class Failover(FailoverUser):
    """Ours, with everything that it writes down."""

    def turn(self, n: int) -> None:
        gevent.sleep(self.wait_time())
        if n % WRITE_EVERY:
            self.client.get("/items/one", name="/items/{id}")
            return
        with self.writing() as write, self.client.post(
            "/items", json={"value": "one"}, name="/items",
            headers={"Idempotency-Key": write.key}, catch_response=True,
        ) as response:  # fmt: skip
            write.answer(response)


def batch(users: list[Any], after: Callable[[], None]) -> float:
    """CPU microseconds of one request of these users, all sending at once."""
    begun = time.process_time()

    def turns(user: Any) -> None:
        for n in range(REQUESTS_EACH):
            user.turn(n)

    gevent.joinall([gevent.spawn(turns, user) for user in users], raise_error=True)
    after()
    return (time.process_time() - begun) * 1e6 / (len(users) * REQUESTS_EACH)


def main(port: int, rounds: int) -> None:
    host = f"http://127.0.0.1:{port}"
    with tempfile.TemporaryDirectory(prefix="gameday-benchmark-") as folder:
        os.environ |= {
            "GAMEDAY_RUN_DIR": folder, "GAMEDAY_CLIENTS": "pooled=100",
            "GAMEDAY_RATE_PER_S": str(USERS * REQUESTS_EACH / WINDOW_WALL_S),
            "GAMEDAY_CLIENTS_PER_POPULATION": str(USERS),
        }  # fmt: skip
        environment = Environment(user_classes=[], host=host)
        environment.create_local_runner()
        Stock.host = Failover.host = host
        environment.gameday_load = load = LoadProcess(settings.current(), load_options())
        started, windows = clock.monotonic(), [0]
        clock.monotonic = lambda: started + windows[0] * WINDOW_WALL_S
        load.start(Share())
        gevent.killall(load._greenlets)  # its tick is charged to its own batches, below
        stock, ours = ([kind(environment) for _ in range(USERS)] for kind in (Stock, Failover))
        for user in ours:
            user.on_start()
        best = {"stock_us": float("inf"), "ours_us": float("inf")}
        for _ in range(rounds):
            best["stock_us"] = min(best["stock_us"], batch(stock, lambda: None))
            windows[0] += 1
            best["ours_us"] = min(best["ours_us"], batch(ours, load.recorder.tick))
        failed = environment.runner.stats.total.num_failures
        load.stop()
    print(json.dumps({**best, "failed": failed}))


if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]) if len(sys.argv) > 2 else 60)
