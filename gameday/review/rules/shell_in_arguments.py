"""Chaos Toolkit passes process arguments without a shell unless the path is one: `$(...)`, pipes
and globs arrive as text."""

from __future__ import annotations

from collections.abc import Iterator

from gameday.review.model import ExperimentSubject, Hit, called, texts

SEVERITY = "warning"
ABOUT = "experiment"
REMEDY = "Write a small script and call that, or use a Python provider."
SOURCE = "Chaos Toolkit: Process provider"
FAILING = """\
method:
- type: action
  name: a
  provider: {type: process, path: aws, arguments: x $(date), timeout: 5}
"""
PASSING = """\
method:
- type: action
  name: a
  provider: {type: process, path: aws, arguments: x y, timeout: 5}
"""


def check(subject: ExperimentSubject) -> Iterator[Hit]:
    """Each place where it does not hold."""
    for _, activity in subject.activities():
        provider = activity.get("provider") or {}
        if provider.get("type") == "process":
            for text in texts(provider.get("arguments")):
                if any(mark in text for mark in ("$(", "`", " | ", " && ")):
                    yield Hit(called(activity), f"shell syntax in arguments: {text[:60]}")
