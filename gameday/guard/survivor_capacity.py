"""Refuses when the survivors' Lambda concurrency cannot carry the lost Region's peak as well."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from gameday.guard.answer import Answer, passed, refused


@dataclass(frozen=True, slots=True)
class Concurrency:
    """A Region's limit of concurrent executions, and their peak in the last hour."""

    limit: int
    peak: float


def judge(lost: float, survivors: Mapping[str, Concurrency], max_pct: float) -> Answer:
    """Passed when each survivor stays within `max_pct` of its limit with `lost` added to its peak.

    All of the lost Region's load is added to each survivor: latency and geolocation records may
    send every client to the same one.
    """
    worst, worst_pct = "", -1.0
    for region, has in survivors.items():
        after = 100.0 * (has.peak + lost) / has.limit if has.limit else 100.0
        if after > worst_pct:
            worst, worst_pct = region, after
    if not survivors:
        return refused("there is no survivor")
    says = (
        f"{worst} would need {survivors[worst].peak + lost:.0f} of its "
        f"{survivors[worst].limit} concurrent executions, {worst_pct:.0f} %"
    )
    if worst_pct > max_pct:
        return refused(f"{says}; at most {max_pct:g} % are allowed")
    return passed(says)
