"""A global table replicates through its stream; without one its replicas cannot be made."""

from __future__ import annotations

from collections.abc import Iterator

from gameday.review.examples import GLOBAL_TABLE
from gameday.review.model import Hit, StackSubject

SEVERITY = "error"
ABOUT = "template"
REMEDY = "Set StreamSpecification to NEW_AND_OLD_IMAGES."
SOURCE = "CloudFormation User Guide: AWS::DynamoDB::GlobalTable"
FAILING = """\
Resources:
  Table:
    Type: AWS::DynamoDB::GlobalTable
    Properties:
      Replicas:
      - Region: us-east-1
        PointInTimeRecoverySpecification: {PointInTimeRecoveryEnabled: true}
      - Region: eu-west-1
        PointInTimeRecoverySpecification: {PointInTimeRecoveryEnabled: true}
"""
PASSING = GLOBAL_TABLE


def check(subject: StackSubject) -> Iterator[Hit]:
    """Each place where it does not hold."""
    for logical_id, properties in subject.of_type("AWS::DynamoDB::GlobalTable"):
        if not properties.get("StreamSpecification") and len(properties.get("Replicas") or []) > 1:
            yield Hit(logical_id, "has replicas and no StreamSpecification")
