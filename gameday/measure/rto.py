"""Recovery time: from the start of the fault until clients are served again, and stay served.

A request counts at the instant it was meant to start; one that could not even be sent counts as
not served. The same function answers the probe while the run goes on and the report afterwards.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from itertools import accumulate
from typing import Any, NamedTuple

from gameday.model import OK

BIN_WALL_S = 0.1
"""Load is kept in windows of this many seconds of wall time; it is the resolution of the answer.

They begin at whole tenths of a unix second, wherever in one the fault does."""


class Counts(NamedTuple):
    """How many requests were meant to start in one load window, and how many succeeded."""

    at: float
    ok: int
    total: int


def counts(window: Mapping[str, Any]) -> Counts:
    """The counts of one `load.window` event; what could not be sent is part of the total."""
    ok = sum(row["count"] for row in window["rows"] if row["outcome"] == OK)
    total = sum(row["count"] for row in window["rows"]) + window.get("unsent", 0)
    return Counts(window["at"], ok, total)


def recovery_time(
    windows: Iterable[Counts],
    fault_at: float,
    until: float,
    share_pct: float = 99.0,
    window_s: float = 10.0,
    speed: float = 1.0,
) -> float | None:
    """AWS seconds from `fault_at` to the instant from which every `window_s` is good until `until`.

    The instant is the end of the load window in which the last bad `window_s` began.
    A window is good when at least `share_pct` of its requests succeeded; one without any request
    proves nothing and is not good. 0 when no window was bad, None when clients had not recovered
    by `until`, or when not even one window fits.

    :param windows: in any order; several of the same instant are added.
    :param fault_at: start of the fault action, unix seconds; `until` likewise (the rollback).
    """
    bad = bad_windows(windows, fault_at, until, share_pct, window_s, speed)
    if not bad or bad[-1]:
        return None
    if not any(bad):
        return 0.0
    first_good = len(bad) - bad[::-1].index(True)
    return round((_until_a_window_s(fault_at) + first_good * BIN_WALL_S) * speed, 2)


def bad_windows(
    windows: Iterable[Counts],
    fault_at: float,
    until: float,
    share_pct: float,
    window_s: float,
    speed: float,
) -> list[bool]:
    """For each load window after the fault: whether the `window_s` that start there miss the share.

    Empty when less than one `window_s` lies between the fault and `until`.
    """
    bins = max(0, load_window(until, fault_at))
    ok, total = [0] * bins, [0] * bins
    for at, good, all_ in windows:
        index = load_window(at, fault_at)
        if 0 <= index < bins:
            ok[index] += good
            total[index] += all_
    width = load_windows_in(window_s, speed)
    oks, totals = [0, *accumulate(ok)], [0, *accumulate(total)]
    return [
        totals[i + width] == totals[i]
        or (oks[i + width] - oks[i]) * 100.0 < share_pct * (totals[i + width] - totals[i]) - 1e-9
        for i in range(bins - width + 1)
    ]


def load_window(at: float, start: float) -> int:
    """Which load window from `start` on holds the time `at`, the first being 0."""
    return math.floor((at - start) / BIN_WALL_S + 1e-6)


def load_windows_in(window_s: float, speed: float) -> int:
    """How many load windows `window_s` AWS seconds are, at least one."""
    return max(1, round(window_s / speed / BIN_WALL_S))


def _until_a_window_s(at: float) -> float:
    """Wall seconds from `at` until a load window begins; 0 where one begins just then."""
    return max(0.0, math.ceil(at / BIN_WALL_S - 1e-4) * BIN_WALL_S - at)


def success_pct(windows: Iterable[Counts], since: float, until: float) -> float | None:
    """The share of requests meant to start in [since, until) that succeeded; None without any."""
    ok = total = 0
    for at, good, all_ in windows:
        if since <= at < until:
            ok, total = ok + good, total + all_
    return 100.0 * ok / total if total else None
