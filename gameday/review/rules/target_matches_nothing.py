"""An action whose targets match nothing breaks nothing, and the run is green without a fault."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from gameday.review.model import ExperimentSubject, Hit, called, provider

SELECTORS = {
    "stack": "stack", "stack_name": "stack", "function": "function", "function_name": "function",
    "functions": "function", "table": "table", "table_name": "table", "tables": "table",
    "endpoint": "name",
}  # fmt: skip
"""Arguments that select what is broken, and the kind of name that each takes."""

WORDS = ("all", "behind-the-api")
"""Values that select by what a thing is, not by its name."""

EMPTY = ("filters", "tags", "instance_ids", "functions", "tables", "targets", "resources")

SEVERITY = "error"
ABOUT = "experiment"
REMEDY = "Name something that is there; the templates that were reviewed say what is."
SOURCE = "FIS User Guide: Targets for AWS FIS; Chaos Toolkit: Extension for AWS"
FAILING = """\
known: {function: [gameday-items-write]}
method:
- type: action
  name: throttle
  provider:
    type: python
    module: gameday.actions.function
    func: throttle
    arguments: {function: gameday-item-write}
"""
PASSING = FAILING.replace("gameday-item-write", "gameday-items-write")


def check(subject: ExperimentSubject) -> Iterator[Hit]:
    """Each place where it does not hold."""
    for activity, _ in subject.calls("method"):
        if activity.get("type") == "action":
            arguments = provider(activity).get("arguments")
            for why in _reasons(arguments if isinstance(arguments, Mapping) else {}, subject.known):
                yield Hit(called(activity), why)


def _reasons(arguments: Mapping[str, Any], known: Mapping[str, frozenset[str]]) -> Iterator[str]:
    for key, value in arguments.items():
        if key in EMPTY and value in ([], {}):
            yield f"{key} is empty and selects nothing"
        there = known.get(SELECTORS.get(key, ""))
        for name in value if isinstance(value, list) else [value]:
            if there and isinstance(name, str) and not _is_there(name, there):
                yield f"{key} {name} is none of {', '.join(sorted(there))}"


def _is_there(name: str, there: frozenset[str]) -> bool:
    """Whether a name, or an ARN that ends with it, is among those; a variable may be anything."""
    pattern = re.sub(r"\\\$\\\{\w+\\\}", ".*", re.escape(name.rpartition(":")[2]))
    return name in WORDS or any(re.fullmatch(pattern, one) for one in there)
