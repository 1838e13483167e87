"""A control that asks a person stops an unattended job for ever."""

from __future__ import annotations

from collections.abc import Iterator

from gameday.review.model import ExperimentSubject, Hit

SEVERITY = "warning"
ABOUT = "experiment"
REMEDY = "Leave it to the runbook, or give it a value that skips it."
SOURCE = "Chaos Toolkit: Controls"
FAILING = """\
method: []
controls: [{name: ask, provider: {type: python, module: chaosaddons.controls.prompt}}]
"""
PASSING = """\
method: []
"""


def check(subject: ExperimentSubject) -> Iterator[Hit]:
    """Each place where it does not hold."""
    for control in subject.body.get("controls") or []:
        module = str((control.get("provider") or {}).get("module", ""))
        if any(word in module for word in ("prompt", "confirm", "interactive")):
            yield Hit(str(control.get("name")), f"{module} waits for a person")
