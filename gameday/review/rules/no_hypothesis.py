"""Without a steady-state hypothesis nothing can fail: the run is green whatever happens."""

from __future__ import annotations

from collections.abc import Iterator

from gameday.review.model import ExperimentSubject, Hit

SEVERITY = "warning"
ABOUT = "experiment"
REMEDY = "Say what must hold for clients, with a probe and a tolerance."
SOURCE = "Chaos Toolkit: The experiment"
FAILING = """\
method: []
"""
PASSING = """\
steady-state-hypothesis: {title: t, probes: [{type: probe, name: p, tolerance: true}]}
method: []
"""


def check(subject: ExperimentSubject) -> Iterator[Hit]:
    """Each place where it does not hold."""
    if not (subject.body.get("steady-state-hypothesis") or {}).get("probes"):
        yield Hit("steady-state-hypothesis", "there is none, so nothing is judged")
