"""Without objectives a rehearsal measures and judges nothing."""

from __future__ import annotations

from collections.abc import Iterator

from gameday.review.model import Hit, TargetSubject

SEVERITY = "warning"
ABOUT = "target"
REMEDY = "Set GAMEDAY_RTO_S and GAMEDAY_RPO_S."
SOURCE = "AWS Well-Architected, Reliability: Define recovery objectives"
FAILING = """\
{GAMEDAY_REGION: us-east-1}
"""
PASSING = """\
{GAMEDAY_RTO_S: '150', GAMEDAY_RPO_S: '5'}
"""


def check(subject: TargetSubject) -> Iterator[Hit]:
    """Each place where it does not hold."""
    for name in ("GAMEDAY_RTO_S", "GAMEDAY_RPO_S"):
        if not subject.values.get(name):
            yield Hit(name, "is not set")
