"""Disabling a health check makes it healthy for ever; the experiment would inject nothing."""

from __future__ import annotations

from collections.abc import Iterator

from gameday.review.model import ExperimentSubject, Hit, called, texts

SEVERITY = "error"
ABOUT = "experiment"
REMEDY = "Use Inverted (`gameday.actions.health_check`)."
SOURCE = "Route 53 API Reference: UpdateHealthCheck"
FAILING = """\
method:
- type: action
  name: a
  provider: {type: process, path: aws, arguments: route53 update-health-check --disabled,
    timeout: 5}
"""
PASSING = """\
method:
- type: action
  name: a
  provider: {type: process, path: aws, arguments: route53 update-health-check --inverted,
    timeout: 5}
"""


def check(subject: ExperimentSubject) -> Iterator[Hit]:
    """Each place where it does not hold."""
    for _, activity in subject.activities():
        arguments = (activity.get("provider") or {}).get("arguments") or {}
        flagged = any("--disabled" in text.split() for text in texts(arguments))
        if flagged or (isinstance(arguments, dict) and arguments.get("Disabled") is True):
            yield Hit(called(activity), "fails a health check by disabling it")
