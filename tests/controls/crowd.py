"""Clients of both Regions as load processes write them down; they leave a Region that fails."""

from __future__ import annotations

import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

from gameday import clock
from gameday.journal import EventLog

LOST, SURVIVOR = "us-east-1", "eu-west-1"
WINDOW_S = 0.1
LEAVE_AFTER = 4  # windows of failures
SERVED_AGAIN = 8  # windows after that, and everybody can see that they have left
HISTORY = 40  # windows before the run, so that nobody has to wait for a steady load


class Crowd:
    """Ten requests every tenth of a second while the block lasts; half go to the Region to lose."""

    def __init__(self, run_dir: Path, serves: Callable[[], bool], left: Path) -> None:
        self._log = EventLog(run_dir / "events" / "load-0.jsonl")
        self._serves, self._failed, self._left = serves, 0, left
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run)

    def __enter__(self) -> Crowd:
        now = clock.now()
        clients = [{"client": "c0", "profile": "p", "network": "n", "cache": "c0", "period_s": 1.0}]
        self._log.append(
            "load.started", process=0, clients=clients, rate_per_s=1.0, workload="open"
        )
        for window in range(HISTORY, 0, -1):
            self._window(now - window * WINDOW_S, {LOST: "ok", SURVIVOR: "ok"})
        self._thread.start()
        return self

    def __exit__(self, *_: Any) -> None:
        self._stop.set()
        self._thread.join()
        self._log.close()

    def _run(self) -> None:
        while not self._stop.wait(WINDOW_S):
            at, up = clock.now(), self._serves()
            self._failed = 0 if up else self._failed + 1
            gone = self._failed > LEAVE_AFTER
            if self._failed > LEAVE_AFTER + SERVED_AGAIN:
                self._left.touch()
            first = SURVIVOR if gone else LOST
            self._window(at, {first: "ok" if up or gone else "http_5xx", SURVIVOR: "ok"})

    def _window(self, at: float, asked: dict[str, str]) -> None:
        rows = [
            {"profile": "p", "region": r, "outcome": o, "count": 10 // len(asked), "hist": {"1": 1}}
            for r, o in asked.items()
        ]
        self._log.append(
            "load.window", at=at, process=0, wall_s=WINDOW_S, offered=10, unsent=0, waiting=0,
            rows=rows,
        )  # fmt: skip
