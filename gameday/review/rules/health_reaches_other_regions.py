"""A deep check that asks another Region turns red with it: one lost Region takes them all, and
DNS fails open."""

from __future__ import annotations

from collections.abc import Iterator

from gameday.predict.side import REGION
from gameday.review.model import Hit, StackSubject

SEVERITY = "error"
ABOUT = "template"
REMEDY = "Check only what is in the check's own Region."
SOURCE = "Amazon Builders' Library: Implementing health checks"
FAILING = """\
paths: {Health: [GET /health]}
code:
  Health: |
    import boto3
    table = boto3.resource("dynamodb", region_name="eu-west-1")
"""
PASSING = """\
paths: {Health: [GET /health]}
code:
  Health: |
    import boto3
    table = boto3.resource("dynamodb")
"""


def check(subject: StackSubject) -> Iterator[Hit]:
    """Each place where it does not hold."""
    for function, source in subject.health_code():
        if found := REGION.search(source):
            yield Hit(function, f"its health path names {found[1]}, whichever Region it runs in")
