"""What the load processes of this run have written so far, read as it grows.

A request's outcome is known only when it was answered or given up, so the last seconds are not
complete yet; `settled_until` says up to when they are.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from gameday import clock, settings
from gameday.clock import Clock
from gameday.errors import RunError
from gameday.journal import read_log

SETTLING_S = 15.0
"""AWS seconds after which a request has its outcome: connect and read timeouts together."""

SETTLING_WALL_S = 1.0
"""And what the load process needs, in wall time, to write it."""


def run_dir() -> Path:
    """The directory of the run that this process belongs to.

    :raises RunError: there is none.
    """
    found = settings.current().run_dir
    if found is None:
        raise RunError("GAMEDAY_RUN_DIR is not set; add the control gameday.controls.record")
    return found


def fault_at(where: Path) -> float:
    """Unix seconds at which this run's fault began.

    :raises RunError: no fault has begun.
    """
    log = where / "events" / "chaos.jsonl"
    for event in read_log(log) if log.exists() else ():
        if event["kind"] == "fault.started":
            return float(event["at"])
    raise RunError("no fault has begun in this run; put the fault action before this probe")


def settled_until(now: float, speed: float) -> float:
    """Up to which instant (unix seconds) the outcome of every request is known."""
    return now - Clock(speed).wall(SETTLING_S) - SETTLING_WALL_S


def poll(until: float, speed: float, decide: Callable[[], Any | None]) -> Any | None:
    """The first decision that is not None, tried about twice an AWS second; None at `until`.

    `until` is unix seconds of wall time.
    """
    while True:
        decision = decide()
        if decision is not None or clock.now() > until:
            return decision
        clock.sleep_wall(max(0.1, Clock(speed).wall(0.5)))
