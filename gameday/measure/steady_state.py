"""What the experiment's own probes said of the steady state: before, during and after the fault.

Chaos Toolkit forgets what a continuous hypothesis missed meanwhile, and judges no tolerance in a
method; both count here. Each answer is a sentence, or None.
"""

from __future__ import annotations

from gameday.journal import Event
from gameday.measure.rto import BIN_WALL_S, success_pct
from gameday.measure.run import Run

UNDER_WAY_S = 5.0
"""A request that began this long before the fault, AWS seconds, may still have been hit by it."""

LOOKS_BACK_S = 15.0
"""AWS seconds after which a request has its outcome: how old the load is that a probe looks at,"""

LOOKS_BACK_WALL_S = 1.0
"""and what writing it takes, in wall time."""


def not_met_before(run: Run) -> str | None:
    """Why nobody knows that clients were served before the fault."""
    before = run.first("hypothesis.before")
    if before is None:
        return "the steady state was not judged before the fault"
    looks = [before, *(e for e in run.of("hypothesis.during") if not _in_fault(run, e))]
    if not all(e["met"] for e in looks):
        return "the steady state was not met before the fault"
    if run.fault_at is None:
        return None
    under_way_s = max(BIN_WALL_S, UNDER_WAY_S / run.speed)
    held = success_pct(run.counts, run.baseline_at, run.fault_at - under_way_s)
    if held is None:
        return "no request was sent before the fault"
    if held < run.share_pct:
        return f"only {held:.1f} % of requests succeeded before the fault"
    return None


def not_met_during(run: Run, allowed_s: float | None) -> str | None:
    """When a continuous hypothesis was missed first, more than `allowed_s` into the fault.

    What its probes look at is older than they are by a window and by what the load takes to settle.
    """
    if allowed_s is None:
        return None
    late_s = run.window_s + LOOKS_BACK_S + LOOKS_BACK_WALL_S * run.speed if allowed_s else 0.0
    for event in run.of("hypothesis.during"):
        if not event["met"] and _in_fault(run, event) and run.t(event["at"]) > allowed_s + late_s:
            return f"The hypothesis was not met at T+{run.t(event['at']):.0f} s ({_missed(event)})."
    return None


def not_met_after(run: Run) -> str | None:
    """Which probes missed the hypothesis at the end, while the fault lasted."""
    after = run.first("hypothesis.after")
    if after is None or after["met"]:
        return None
    return f"The hypothesis was not met while the fault lasted ({_missed(after)})."


def probe_unanswered(run: Run) -> str | None:
    """A probe of the method that has a tolerance and found nothing."""
    for event in run.of("probe.judged"):
        if event["met"] is None:
            return f"the probe {event['name']} could not answer: {event['output']}"
    return None


def probe_missed(run: Run) -> str | None:
    """A probe of the method that was not within its tolerance."""
    missed = [str(e["name"]) for e in run.of("probe.judged") if e["met"] is False]
    return f"Not within its tolerance: {', '.join(missed)}." if missed else None


def _in_fault(run: Run, event: Event) -> bool:
    return run.fault_at is not None and bool(event["at"] >= run.fault_at)


def _missed(event: Event) -> str:
    names = [p["name"] for p in event.get("probes", []) if not p.get("tolerance_met", True)]
    return ", ".join(names) or "no name"
