"""Refuses when what runs, stops or undoes the experiment lives in the Region under test."""

from __future__ import annotations

from collections.abc import Mapping

from gameday.guard.answer import Answer, passed, refused
from gameday.limits import OUTSIDE


def judge(region: str | None, runner: str | None, places: Mapping[str, tuple[str, ...]]) -> Answer:
    """Passed when the runner is elsewhere, and each of the other things is somewhere else, too.

    `places` is, by what it is, the Regions where it can be found.
    """
    if runner is None:
        return refused(
            f"nobody can tell where this runs; set GAMEDAY_RUNNER_REGION to its Region or {OUTSIDE}"
        )
    if runner == region:
        return refused(f"the runner is in {region}, which is to be lost")
    for what, regions in places.items():
        if not regions:
            return refused(f"nobody can tell where {what} is")
        if set(regions) == {region}:
            return refused(f"{what} is in {region}, which is to be lost")
    kept = [f"{what} in {', '.join(regions)}" for what, regions in places.items()]
    return passed("; ".join([f"runner {runner if runner == OUTSIDE else f'in {runner}'}", *kept]))
