"""A hypothesis probe without a tolerance holds whatever it returns."""

from __future__ import annotations

from collections.abc import Iterator

from gameday.review.model import ExperimentSubject, Hit, called

SEVERITY = "error"
ABOUT = "experiment"
REMEDY = "Give it the value or the range that means well."
SOURCE = "Chaos Toolkit: Steady state probe tolerance"
FAILING = """\
steady-state-hypothesis: {title: t, probes: [{type: probe, name: p}]}
method: []
"""
PASSING = """\
steady-state-hypothesis: {title: t, probes: [{type: probe, name: p, tolerance: true}]}
method: []
"""


def check(subject: ExperimentSubject) -> Iterator[Hit]:
    """Each place where it does not hold."""
    for section, activity in subject.activities():
        if section == "steady-state-hypothesis" and "tolerance" not in activity:
            yield Hit(called(activity), "has no tolerance")
