"""The Region to lose is not among the Regions the application runs in: nothing would be lost."""

from __future__ import annotations

from collections.abc import Iterator

from gameday.review.model import Hit, TargetSubject

SEVERITY = "error"
ABOUT = "target"
REMEDY = "Name one of GAMEDAY_REGIONS in GAMEDAY_REGION."
SOURCE = "AWS Resilience Hub User Guide: Testing"
FAILING = """\
{GAMEDAY_REGIONS: 'us-east-1,eu-west-1', GAMEDAY_REGION: us-west-2}
"""
PASSING = """\
{GAMEDAY_REGIONS: 'us-east-1,eu-west-1', GAMEDAY_REGION: us-east-1}
"""


def check(subject: TargetSubject) -> Iterator[Hit]:
    """Each place where it does not hold."""
    regions = subject.values.get("GAMEDAY_REGIONS", "").split(",")
    lost = subject.values.get("GAMEDAY_REGION")
    if lost and regions != [""] and lost not in regions:
        yield Hit("GAMEDAY_REGION", f"{lost} is not one of {', '.join(regions)}")
