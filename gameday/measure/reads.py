"""What sessions saw: reads that were stale, or older than what the session had seen or written.

Counted from the load's own checks (`gameday/load/reads.py`). Global tables promise neither to a
session that changes its Region; here is how often it matters.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

from gameday.measure.run import Run
from gameday.model import quantile_ms


@dataclass(frozen=True, slots=True)
class Reads:
    """Reads of known items, by their intended start; ages in AWS seconds."""

    checked: int
    stale: int  # showed less than had been acknowledged before they began
    stale_p50_s: float | None  # for how long it had been
    stale_max_s: float | None
    own_writes: int  # broke read-your-writes
    monotonic: int  # broke monotonic reads


def checked(run: Run, since: float, until: float) -> Reads:
    """The reads that were meant to start in [since, until)."""
    counts, ages_ms = Counter[str](), Counter[int]()
    for window in run.windows:
        if since <= window["at"] < until and "reads" in window:
            counts.update(window["reads"])
            ages_ms.update({int(b): n for b, n in window["behind"].items()})
    return Reads(
        checked=counts["checked"],
        stale=counts["stale"],
        stale_p50_s=_seconds(quantile_ms(dict(ages_ms), 0.5)),
        stale_max_s=_seconds(quantile_ms(dict(ages_ms), 1.0)),
        own_writes=counts["own_writes"],
        monotonic=counts["monotonic"],
    )


def _seconds(ms: float | None) -> float | None:
    return None if ms is None else round(ms / 1000.0, 2)
