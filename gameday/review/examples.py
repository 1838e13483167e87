"""Examples that pass several rules: one two-Region name with its checks, one global table."""

from __future__ import annotations


def two_regions(checks: str) -> str:
    """One name in two Regions, each record with its own check, and these checks."""
    return f"""\
records:
  - {{SetIdentifier: us-east-1, Region: us-east-1, HealthCheckId: us-east-1}}
  - {{SetIdentifier: eu-west-1, Region: eu-west-1, HealthCheckId: eu-west-1}}
checks: [{checks}]
"""


TWO_REGIONS = two_regions("{Id: us-east-1}, {Id: eu-west-1}")

GLOBAL_TABLE = """\
Resources:
  Table:
    Type: AWS::DynamoDB::GlobalTable
    Properties:
      StreamSpecification: {StreamViewType: NEW_AND_OLD_IMAGES}
      Replicas:
      - Region: us-east-1
        PointInTimeRecoverySpecification: {PointInTimeRecoveryEnabled: true}
      - Region: eu-west-1
        PointInTimeRecoverySpecification: {PointInTimeRecoveryEnabled: true}
"""
