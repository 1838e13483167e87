"""A module or function that cannot be found fails the run, or worse, the control is left out and
the run is green."""

from __future__ import annotations

import importlib.util
from collections.abc import Iterator

from gameday.review.model import ExperimentSubject, Hit

SEVERITY = "error"
ABOUT = "experiment"
REMEDY = "Install the package, or correct the name."
SOURCE = "Chaos Toolkit: Python provider"
FAILING = """\
method:
- type: action
  name: lose
  provider: {type: python, module: gameday.actions.regoin, func: disable_region, timeout: 9}
"""
PASSING = """\
method:
- type: action
  name: lose
  provider: {type: python, module: gameday.actions.region, func: disable_region, timeout: 9}
"""


def check(subject: ExperimentSubject) -> Iterator[Hit]:
    """Each place where it does not hold."""
    places = [*subject.activities(), *(("controls", c) for c in subject.body.get("controls") or [])]
    for section, item in places:
        provider = item.get("provider") or {}
        module = str(provider.get("module", ""))
        if provider.get("type") == "python" and "${" not in module and not _exists(module):
            yield Hit(str(item.get("name", section)), f"there is no module {module}")


def _exists(module: str) -> bool:
    try:
        return importlib.util.find_spec(module) is not None
    except (ImportError, ValueError, AttributeError):
        return False
