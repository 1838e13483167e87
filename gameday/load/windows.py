"""Requests in windows of 100 ms: what is kept of a load does not grow with its rate.

A window holds the requests that were *meant* to start in it; their latency counts from then. An
answer may come long after: then a further part of the same window is taken, and parts add up.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass, field
from typing import Any

from gameday.model import bucket

WINDOW_WALL_S = 0.1

Key = tuple[str, str, str]  # profile, region, outcome


@dataclass(slots=True)
class Window:
    """A part of one window."""

    offered: int = 0
    unsent: int = 0
    reads: Counter[str] = field(default_factory=Counter)  # checked, stale, own_writes, monotonic
    behind: dict[int, int] = field(default_factory=dict)  # of the stale ones, milliseconds
    latency: dict[Key, dict[int, int]] = field(default_factory=dict)

    def rows(self) -> list[dict[str, Any]]:
        """One row for each profile, Region and outcome: the count and its latency histogram."""
        return [
            {
                "profile": profile,
                "region": region,
                "outcome": outcome,
                "count": sum(buckets.values()),
                "hist": buckets,
            }
            for (profile, region, outcome), buckets in self.latency.items()
        ]


class Windows:
    """What was recorded since it was last taken, by window. Times are unix seconds."""

    def __init__(self) -> None:
        self._parts: defaultdict[int, Window] = defaultdict(Window)

    def offer(self, intended: float) -> None:
        """A request was meant to start."""
        self._parts[_index(intended)].offered += 1

    def unsent(self, intended: float) -> None:
        """A request that was meant to start never did."""
        self._parts[_index(intended)].unsent += 1

    def read(self, intended: float, broken: str | None, behind_ms: float | None) -> None:
        """An answer was checked as a read: the promise that it broke, and how stale it was."""
        part = self._parts[_index(intended)]
        part.reads["checked"] += 1
        if broken is not None:
            part.reads[broken] += 1
        if behind_ms is not None:
            part.reads["stale"] += 1
            b = bucket(behind_ms)
            part.behind[b] = part.behind.get(b, 0) + 1

    def add(self, intended: float, key: Key, latency_ms: float) -> None:
        """A request has ended, `latency_ms` after its intended start."""
        buckets = self._parts[_index(intended)].latency.setdefault(key, {})
        b = bucket(latency_ms)
        buckets[b] = buckets.get(b, 0) + 1

    def take(self) -> list[tuple[float, Window]]:
        """The parts recorded since the last call, each with its window's start, in order."""
        parts, self._parts = self._parts, defaultdict(Window)
        return [(round(index * WINDOW_WALL_S, 1), parts[index]) for index in sorted(parts)]


def _index(at: float) -> int:
    return int(at / WINDOW_WALL_S + 1e-6)
