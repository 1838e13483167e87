"""A health handler that never touches the data path stays green while every real request fails."""

from __future__ import annotations

from collections.abc import Iterator

from gameday.review.model import Hit, StackSubject

DATA = ("table", "boto3", "client(", "dynamodb")
SEVERITY = "warning"
ABOUT = "template"
REMEDY = "Let the checked path read and write the table of its own Region, with a short cache."
SOURCE = "Amazon Builders' Library: Implementing health checks"
FAILING = """\
paths: {Health: [GET /health]}
code:
  Health: |
    def handler(event, context):
        return {"statusCode": 200}
"""
PASSING = """\
paths: {Health: [GET /health]}
code:
  Health: |
    def handler(event, context):
        table.get_item(Key={})
        return {"statusCode": 200}
"""


def check(subject: StackSubject) -> Iterator[Hit]:
    """Each place where it does not hold."""
    found = list(subject.health_code())
    if found and not any(mark in source for _, source in found for mark in DATA):
        yield Hit(found[0][0], "no health path touches a table, queue or other service")
