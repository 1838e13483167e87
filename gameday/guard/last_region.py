"""Refuses to break the last healthy Region."""

from __future__ import annotations

from collections.abc import Mapping

from gameday.guard.answer import Answer, passed, refused


def judge(region: str | None, healthy: Mapping[str, bool | None], *, strict: bool) -> Answer:
    """Passed when another Region than `region` is healthy.

    `healthy` says it of each of the others; None where no health check stands for it, which a lab
    may try out and AWS (`strict`) may not.
    """
    if not healthy:
        return refused(f"no Region beside {region} is left alone; nothing would survive it")
    well = [other for other, is_well in healthy.items() if is_well]
    if well:
        return passed(f"{', '.join(well)} {'is' if len(well) == 1 else 'are'} healthy")
    unknown = [other for other, is_well in healthy.items() if is_well is None]
    if unknown and not strict:
        return passed(f"no health check stands for {', '.join(unknown)}; a lab may try that")
    if unknown:
        return refused(f"nobody can tell whether {', '.join(unknown)} is healthy: no health check")
    return refused(f"{region} is the last healthy Region ({', '.join(healthy)} unhealthy)")
