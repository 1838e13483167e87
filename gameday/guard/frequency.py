"""Refuses more runs a day, or runs closer together, than the target and the experiment allow."""

from __future__ import annotations

from collections.abc import Sequence

from gameday.guard.answer import Answer, not_asked, passed, refused
from gameday.guard.history import DAY_S, Past


def judge(
    past: Sequence[Past],
    experiment: str,
    at: float,
    *,
    per_day_max: int | None,
    days_between: float | None,
) -> Answer:
    """Passed when neither bound is reached by the `past` runs that broke something on the target.

    A day is the last 24 hours, whatever the calendar says.
    """
    if per_day_max is None and days_between is None:
        return not_asked("no bound on how often")
    broke = [p for p in past if p.injected]
    recent = [p for p in broke if at - p.at < DAY_S]
    if per_day_max is not None and len(recent) >= per_day_max:
        return refused(
            f"{len(recent)} runs in the last 24 hours; at most {per_day_max} are allowed"
        )
    last = max((p.at for p in broke if p.experiment == experiment), default=None)
    if days_between is not None and last is not None and at - last < days_between * DAY_S:
        days = (at - last) / DAY_S
        return refused(
            f"{experiment} last ran {days:.1f} days ago; {days_between:g} must lie between"
        )
    return passed(f"{len(recent)} runs in the last 24 hours")
