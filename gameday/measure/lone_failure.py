"""Whether one request alone decided when clients counted as served again.

A window of 10 s of a small load holds few requests: one of 80 is already more than 1 %. The rule is
kept, for whoever asks for 99 % of so few asks for all of them; but a reader must be told.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass

from gameday.measure.cause import duration
from gameday.measure.rto import bad_windows, load_window, load_windows_in, recovery_time
from gameday.measure.run import Run
from gameday.model import OK


@dataclass(frozen=True, slots=True)
class LoneFailure:
    """The only request that failed in the last window that was not good."""

    at: float  # unix time of its load window
    of: int  # requests in that window, it included
    with_s: float | None  # the recovery time, AWS seconds; None: not recovered
    without_s: float | None  # the recovery time had it succeeded


def lone_failure(run: Run) -> LoneFailure | None:
    """The request that decided alone; None where more than one did, or none had to.

    The last failure of a usual recovery is alone, too, and shortly after the one before it: only
    one that moved the recovery by two windows, or beyond the objective, is told.
    """
    start = run.fault_at
    if start is None:
        return None
    rule = (start, run.until, run.share_pct, run.window_s, run.speed)
    bad = bad_windows(run.counts, *rule)
    last = max((i for i, missed in enumerate(bad) if missed), default=None)
    if last is None:
        return None
    width = load_windows_in(run.window_s, run.speed)
    held = [c for c in run.counts if last <= load_window(c.at, start) < last + width]
    failed = [c for c in held if c.ok < c.total]
    if sum(c.total - c.ok for c in failed) != 1:
        return None
    served = [c._replace(ok=c.total) if c is failed[0] else c for c in run.counts]
    found = LoneFailure(
        at=failed[0].at,
        of=sum(c.total for c in held),
        with_s=recovery_time(run.counts, *rule),
        without_s=recovery_time(served, *rule),
    )
    return found if _matters(found, run) else None


def _matters(found: LoneFailure, run: Run) -> bool:
    with_s, without_s = (math.inf if s is None else s for s in (found.with_s, found.without_s))
    objective_s = run.facts.get("objectives", {}).get("rto_s")
    missed = objective_s is not None and without_s <= objective_s < with_s
    return without_s < with_s and (missed or with_s - without_s >= 2 * run.window_s)


def decided_by_one(run: Run) -> Iterator[str]:
    """The sentence for a reader, where one request decided."""
    found = lone_failure(run)
    if found is None or found.without_s is None:
        return
    rows = [row for w in run.windows if w["at"] == found.at for row in w["rows"]]
    failed = next((row for row in rows if row["outcome"] != OK), None)
    who = f"{failed['outcome']} of {failed['profile']}" if failed else "it could not be sent,"
    yield (
        f"One request decided the recovery time: {who} at T+{run.t(found.at):.0f} s, 1 of "
        f"{found.of} in {run.window_s:g} s ({100.0 / found.of:.2f} %; "
        f"{100.0 - run.share_pct:g} % may fail). Without it {_without(found.without_s)}."
    )


def _without(seconds: float) -> str:
    return f"clients were served again after {duration(seconds)}" if seconds else "none was bad"
