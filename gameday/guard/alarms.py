"""Refuses while an alarm is in ALARM: nobody could tell the fault's harm from what went before."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from gameday.guard.answer import Answer, passed, refused

SCALING = "TargetTracking-"
"""Alarms of target tracking are in ALARM whenever there is room to scale in (Application Auto
Scaling, "Target tracking scaling policies")."""


def firing(
    found: Mapping[str, Sequence[Mapping[str, Any]]], ignored: Sequence[str]
) -> tuple[str, ...]:
    """`NAME in REGION` of each alarm, by Region as DescribeAlarms gives them, that counts."""
    return tuple(
        f"{alarm['AlarmName']} in {region}"
        for region, alarms in found.items()
        for alarm in alarms
        if alarm["StateValue"] == "ALARM"
        and alarm["AlarmName"] not in ignored
        and not alarm["AlarmName"].startswith(SCALING)
    )


def judge(found: Mapping[str, Sequence[Mapping[str, Any]]], ignored: Sequence[str]) -> Answer:
    """Passed when no alarm that counts is in ALARM."""
    loud = firing(found, ignored)
    if loud:
        more = f" and {len(loud) - 1} more" if len(loud) > 1 else ""
        return refused(f"the alarm {loud[0]}{more} is in ALARM before anything is broken")
    return passed(f"none of {sum(map(len, found.values()))} alarms is in ALARM")
