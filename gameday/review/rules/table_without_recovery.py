"""Replication copies a wrong delete to every Region within a second; only point-in-time recovery
brings it back."""

from __future__ import annotations

from collections.abc import Iterator

from gameday.review.examples import GLOBAL_TABLE
from gameday.review.model import Hit, StackSubject

SEVERITY = "warning"
ABOUT = "template"
REMEDY = "Enable point-in-time recovery in every replica."
SOURCE = "DynamoDB Developer Guide: Point-in-time recovery"
FAILING = """\
Resources:
  Table:
    Type: AWS::DynamoDB::GlobalTable
    Properties:
      StreamSpecification: {StreamViewType: NEW_AND_OLD_IMAGES}
      Replicas:
      - {Region: us-east-1}
      - Region: eu-west-1
        PointInTimeRecoverySpecification: {PointInTimeRecoveryEnabled: true}
"""
PASSING = GLOBAL_TABLE


def check(subject: StackSubject) -> Iterator[Hit]:
    """Each place where it does not hold."""
    tables = ("AWS::DynamoDB::GlobalTable", "AWS::DynamoDB::Table")
    for logical_id, properties in subject.of_type(*tables):
        for part in properties.get("Replicas") or [properties]:
            enabled = (part.get("PointInTimeRecoverySpecification") or {}).get(
                "PointInTimeRecoveryEnabled"
            )
            if str(enabled).lower() != "true":
                where = part.get("Region", "its Region")
                yield Hit(logical_id, f"no point-in-time recovery in {where}")
