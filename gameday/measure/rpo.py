"""Data behind: what the survivor lacked when the Region was lost, read while it was still lost.

It is never computed after catch-up, where it is 0 by construction. Two readings, both labelled: at
the fault, and over the baseline by a sampler; the first is compared with the objective.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from gameday.measure.audit import Audit, Held, audit
from gameday.measure.run import Run
from gameday.model import WriteOutcome


@dataclass(frozen=True, slots=True)
class AtFault:
    """Writes acknowledged before the fault and not readable in the survivor right after it."""

    survivor: str
    checked: int
    missing: int
    oldest_age_s: float  # age of the oldest missing write when the fault began


@dataclass(frozen=True, slots=True)
class Baseline:
    """The sampler's readings before the fault, AWS seconds."""

    readings: int
    p50_s: float
    p99_s: float
    max_s: float


def at_fault(run: Run) -> AtFault | None:
    """The reading that the objective is compared with: the worst survivor.

    None if never read, and if there was no write to look for: nothing of nothing proves nothing.
    """
    readings = [_at_fault(event) for event in run.of("fault.read") if event["checked"]]
    return max(readings, key=lambda r: (r.oldest_age_s, r.missing), default=None)


def _at_fault(event: Mapping[str, Any]) -> AtFault:
    return AtFault(
        survivor=str(event["survivor"]),
        checked=int(event["checked"]),
        missing=int(event["missing"]),
        oldest_age_s=float(event.get("oldest_age_s") or 0.0),
    )


def baseline(run: Run) -> Baseline | None:
    """What the survivors lacked of the Region under test before the fault; None if not sampled."""
    end = run.fault_at if run.fault_at is not None else run.load_end
    behind = sorted(
        float(e["behind_s"])
        for e in run.of("load.sample")
        if run.baseline_at <= e["at"] < end and e["writer"] == run.region
    )
    if not behind:
        return None
    return Baseline(len(behind), _rank(behind, 0.5), _rank(behind, 0.99), behind[-1])


def after_fail_back(run: Run) -> Audit | None:
    """The ledger against every Region's table; None when either is missing."""
    if run.items is None or not run.writes:
        return None
    items = Held(run.facts.get("regions") or sorted({i["region"] for i in run.items}))
    items.take(run.items)
    return audit(run.writes, items)


def write_rate_per_s(run: Run) -> float:
    """Writes that the Region under test acknowledged in the baseline, per AWS second."""
    if run.fault_at is None:
        return 0.0
    lasted_s = -run.t(run.baseline_at)
    acked = sum(
        w["outcome"] == WriteOutcome.ACKNOWLEDGED
        and w.get("region") == run.region
        and run.baseline_at <= w["at"] < run.fault_at
        for w in run.writes
    )
    return acked / lasted_s if lasted_s > 0 else 0.0


def _rank(ordered: list[float], q: float) -> float:
    return ordered[max(0, math.ceil(q * len(ordered)) - 1)]
