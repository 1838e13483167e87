"""Disabling a health check makes it healthy for ever: a runbook that fails a Region so keeps it."""

from __future__ import annotations

from collections.abc import Iterator

from gameday.review.model import Hit, TextSubject

SEVERITY = "error"
ABOUT = "text"
REMEDY = "Use `--inverted`, a routing control or weight 0."
SOURCE = "Route 53 API Reference: UpdateHealthCheck"
FAILING = """\
aws route53 update-health-check --health-check-id a --disabled
"""
PASSING = """\
aws route53 update-health-check --health-check-id a --inverted
"""


def check(subject: TextSubject) -> Iterator[Hit]:
    """Each place where it does not hold."""
    for number, line in subject.lines():
        if "--disabled" in line and "--no-disabled" not in line:
            yield Hit(line.strip()[:60], "`--disabled` forces healthy", number)
