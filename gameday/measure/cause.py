"""Why clients were not served in time, as sentences: who failed, where, and what could move them.

Only what was seen from outside is named: kinds of client, Regions, DNS answers, health checks.
"""

from __future__ import annotations

from gameday.measure.availability import failing_kinds, outcomes, total
from gameday.measure.rto import success_pct
from gameday.measure.run import Run
from gameday.measure.timeline import detected, dns_moved
from gameday.model import OK, UNATTRIBUTED

TAIL_S = 30.0
"""The last AWS seconds of the fault, which show who was left behind."""


def failing_pct(run: Run) -> float:
    """The share of requests that still failed at the end of the fault."""
    since = max(run.fault_at or 0.0, run.until - TAIL_S / run.speed)
    served = success_pct(run.counts, since, run.until)
    return 0.0 if served is None else 100.0 - served


def duration(seconds: float) -> str:
    """`28 s`, `1 min 46 s`, `10 min`: how people say it."""
    whole = round(seconds)
    if whole < 60:
        return f"{whole} s" if seconds >= 10 or seconds == whole else f"{seconds:.1f} s"
    minutes, rest = divmod(whole, 60)
    return f"{minutes} min {rest} s" if rest else f"{minutes} min"


def left_behind(run: Run) -> str:
    """The sentences for clients that had not recovered when the fault ended."""
    since = max(run.fault_at or 0.0, run.until - TAIL_S / run.speed)
    head = f"{failing_pct(run):.0f} % of requests still failed after {duration(run.fault_s)}."
    kinds = failing_kinds(run, since, run.until)
    return " ".join([head, *_who(run, kinds), *_why(run, kinds)])


def _who(run: Run, kinds: dict[tuple[str, str], int]) -> list[str]:
    if not kinds:
        return []
    since = max(run.fault_at or 0.0, run.until - TAIL_S / run.speed)
    share = total(run, since, run.until)
    if share.unsent > share.failed:
        return [f"{share.unsent} requests could not even be sent."]
    broken = broken_survivor(run)
    if broken:
        worst = outcomes(run, since, run.until)[broken]
        named = max((n, o) for o, n in worst.items() if o != OK)[1].replace("_", " ")
        return [f"Most of them failed in {broken}, which was to serve them ({named})."]
    names = ", and from ".join(sorted(_described(p) for p in {profile for profile, _ in kinds}))
    return [f"They come from {names}{_dns_state(run)}."]


def broken_survivor(run: Run) -> str | None:
    """The survivor that failed more requests at the end of the fault than the Region under test."""
    since = max(run.fault_at or 0.0, run.until - TAIL_S / run.speed)
    failed: dict[str, int] = {}
    for (_, region), count in failing_kinds(run, since, run.until).items():
        failed[region] = failed.get(region, 0) + count
    worst = max(failed, key=lambda r: failed[r], default=None)
    return None if worst in (run.region, UNATTRIBUTED) else worst


def _described(profile: str) -> str:
    if profile == "pooled":
        return "clients that keep their connection"
    if profile.startswith("pooled-max-age-"):
        return f"clients that keep a connection for {profile.removeprefix('pooled-max-age-')} s"
    if profile == "per-request":
        return "clients that open a connection for each request"
    return f"clients of kind {profile}"


def _dns_state(run: Run) -> str:
    moved = dns_moved(run)
    return f"; DNS moved at T+{run.t(moved['at']):.0f} s" if moved else ""


def _why(run: Run, kinds: dict[tuple[str, str], int]) -> list[str]:
    if detected(run) is None:
        return [f"No health check of {run.region} turned unhealthy: Route 53 never noticed."]
    if dns_moved(run) is None:
        return [f"DNS still answers {run.region}, although its health check is unhealthy."]
    broken = broken_survivor(run)
    if broken:
        return [f"Look at the limits of {broken}."]
    if {profile for profile, _ in kinds} == {"pooled"}:
        return ["Nothing on the AWS side can move them."]
    return []
