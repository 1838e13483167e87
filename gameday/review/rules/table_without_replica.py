"""A table in one Region is lost with it."""

from __future__ import annotations

from collections.abc import Iterator

from gameday.review.examples import GLOBAL_TABLE
from gameday.review.model import Hit, StackSubject

SEVERITY = "error"
ABOUT = "template"
REMEDY = "Use AWS::DynamoDB::GlobalTable with a replica in every Region that serves."
SOURCE = "DynamoDB Developer Guide: Global tables"
FAILING = """\
Resources: {Table: {Type: "AWS::DynamoDB::Table", Properties: {}}}
"""
PASSING = GLOBAL_TABLE


def check(subject: StackSubject) -> Iterator[Hit]:
    """Each place where it does not hold."""
    for logical_id, _ in subject.of_type("AWS::DynamoDB::Table", "AWS::Serverless::SimpleTable"):
        yield Hit(logical_id, "is a table of one Region")
    for logical_id, properties in subject.of_type("AWS::DynamoDB::GlobalTable"):
        replicas = properties.get("Replicas") or []
        if len(replicas) < 2:
            yield Hit(logical_id, f"has {len(replicas)} replica")
