"""Refuses to lose a Region on AWS that never was left on purpose.

Whatever takes a Region's service away needs `health-check-failure` (DNS leaves the Region while it
serves) and `planned-evacuation` (it is emptied first) to have passed on the same target within 30
days. `--without-prerequisites REASON` overrides it, and the reason stands in the run.
"""

from __future__ import annotations

from collections.abc import Sequence

from gameday.guard.answer import Answer, not_asked, passed, refused
from gameday.guard.history import DAY_S, Past

LEFT, EMPTIED = "health-check-failure", "planned-evacuation"
WITHIN_DAYS = 30.0


def needed(experiment: str, *, stops_serving: bool) -> tuple[str, ...]:
    """What must have passed before `experiment`, by how much it takes away."""
    if not stops_serving:
        return ()
    return (LEFT,) if experiment == EMPTIED else (LEFT, EMPTIED)


def judge(past: Sequence[Past], needed: Sequence[str], at: float, override: str | None) -> Answer:
    """Passed when each experiment of `needed` passed lately, or with a reason.

    `past` are the runs on the same target that broke the same Region.
    """
    if not needed:
        return not_asked("nothing takes the Region's service away")
    lately = {p.experiment for p in past if p.passed and at - p.at < WITHIN_DAYS * DAY_S}
    missing = [name for name in needed if name not in lately]
    if not missing:
        return passed(f"{' and '.join(needed)} passed within {WITHIN_DAYS:g} days")
    lack = f"{' and '.join(missing)} did not pass on this target within {WITHIN_DAYS:g} days"
    if override:
        return passed(f"{lack}; overridden: {override}")
    return refused(f"{lack}; run {missing[0]} first, or give --without-prerequisites REASON")
