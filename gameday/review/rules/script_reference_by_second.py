"""A caller reference made of the time in seconds collides when two Regions are set up in the
same second."""

from __future__ import annotations

from collections.abc import Iterator

from gameday.review.model import Hit, TextSubject

SEVERITY = "note"
ABOUT = "text"
REMEDY = "Use a UUID, or stack and Region."
SOURCE = "Route 53 API Reference: CreateHealthCheck"
FAILING = """\
aws route53 create-health-check --caller-reference $(date +%s)
"""
PASSING = """\
aws route53 create-health-check --caller-reference $(uuidgen)
"""


def check(subject: TextSubject) -> Iterator[Hit]:
    """Each place where it does not hold."""
    for number, line in subject.lines():
        if "caller-reference" in line and "date" in line:
            yield Hit(line.strip()[:60], "the caller reference is a time in seconds", number)
