"""An experiment that changes something and has no rollback leaves it changed."""

from __future__ import annotations

from collections.abc import Iterator

from gameday.review.model import ExperimentSubject, Hit

SEVERITY = "error"
ABOUT = "experiment"
REMEDY = "Add the action that puts it back under `rollbacks`."
SOURCE = "Chaos Toolkit: The experiment"
FAILING = """\
method:
- type: action
  name: lose
  provider: {type: python, module: gameday.actions.region, func: disable_region, timeout: 9}
"""
PASSING = """\
method:
- type: action
  name: lose
  provider: {type: python, module: gameday.actions.region, func: disable_region, timeout: 9}
rollbacks:
- type: action
  name: back
  provider: {type: python, module: gameday.actions.region, func: enable_region, timeout: 9}
"""


def check(subject: ExperimentSubject) -> Iterator[Hit]:
    """Each place where it does not hold."""
    acts = [a for a, _ in subject.calls("method") if a.get("type") == "action"]
    if acts and not subject.body.get("rollbacks"):
        yield Hit("rollbacks", f"action {acts[0].get('name')} is never undone")
