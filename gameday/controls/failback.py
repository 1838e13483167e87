"""Fail-back: when DNS answers the Region again and clients are served there as before.

Resolver caches and old connections take their time after the Region is healthy, so the share of
answers that come from it is compared with its share before the fault.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

from gameday import clock
from gameday.clock import Clock
from gameday.controls.watch import Watch
from gameday.journal import Event, Tail
from gameday.model import OK
from gameday.probes.load_log import settled_until
from gameday.settings import Target

WITHIN_S = 300.0
WINDOW_S = 10.0
BASELINE_S = 60.0
SHARE_OF_BEFORE = 0.5
"""Clients that keep their connection for ever do not come back, so not all of it is asked for."""


def share(windows: Iterable[Event], region: str, since: float, until: float) -> float | None:
    """The share (0..1) of served requests in [since, until) that `region` served; None without."""
    ours = total = 0
    for window in windows:
        if since <= window["at"] < until:
            for row in window["rows"]:
                if row["outcome"] == OK:
                    total += row["count"]
                    ours += row["count"] if row["region"] == region else 0
    return ours / total if total else None


def serves_again(
    windows: list[Event], region: str, fault_at: float, now: float, speed: float
) -> bool:
    """Whether `region` serves at least half of the share of requests that it did before."""
    wall = Clock(speed).wall
    before = share(windows, region, fault_at - wall(BASELINE_S), fault_at)
    until = settled_until(now, speed)
    after = share(windows, region, until - wall(WINDOW_S), until)
    if not before:  # nobody was served there before either
        return True
    return after is not None and after >= SHARE_OF_BEFORE * before


def await_failback(
    run_dir: Path, target: Target, region: str, watch: Watch, hurry: Callable[[], bool]
) -> bool:
    """Whether both came true within 300 AWS seconds, and before `hurry()` said to give up."""
    tail, windows = Tail(run_dir), list[Event]()
    faults: list[Any] = []
    deadline = clock.monotonic() + Clock(target.speed).wall(WITHIN_S) + 5.0
    while clock.monotonic() < deadline and not hurry():
        for event in tail.new():
            if event["kind"] == "load.window":
                windows.append(event)
            elif event["kind"] == "fault.started":
                faults.append(event["at"])
        answered = watch.observer is None or any(
            region in seen.regions
            for seen in watch.answers.values()
            if seen.network == watch.observer.near(region)
        )
        if (
            answered
            and faults
            and (not windows or serves_again(windows, region, faults[0], clock.now(), target.speed))
        ):
            return True
        clock.sleep_wall(0.1)
    return False
