"""A long fixed pause hides how long recovery took, and is too short on the day it takes longer."""

from __future__ import annotations

from collections.abc import Iterator

from gameday.review.model import ExperimentSubject, Hit, called

SEVERITY = "warning"
ABOUT = "experiment"
REMEDY = "Wait for the condition, with a deadline: `within_s`."
SOURCE = "Chaos Toolkit: The experiment"
FAILING = """\
method: [{type: probe, name: p, pauses: {after: 120}}]
"""
PASSING = """\
method: [{type: probe, name: p, pauses: {after: 5}}]
"""


def check(subject: ExperimentSubject) -> Iterator[Hit]:
    """Each place where it does not hold."""
    for _, activity in subject.activities():
        for place, pause in (activity.get("pauses") or {}).items():
            if isinstance(pause, (int, float)) and pause >= 30:
                yield Hit(called(activity), f"pauses {pause:g} s {place} it")
