"""A function with reserved concurrency cannot grow when its Region takes over the traffic of the
lost one; what is beyond it is throttled."""

from __future__ import annotations

from collections.abc import Iterator

from gameday.review.model import Hit, StackSubject

LAMBDA = ("AWS::Lambda::Function",)
SEVERITY = "warning"
ABOUT = "template"
REMEDY = "Reserve at least what all Regions together need, and rehearse it."
SOURCE = "Lambda Developer Guide: Configuring reserved concurrency"
FAILING = """\
regions: [us-east-1, eu-west-1]
Resources:
  Get:
    Type: AWS::Serverless::Function
    Properties: {ReservedConcurrentExecutions: 5}
"""
PASSING = """\
regions: [us-east-1, eu-west-1]
Resources: {Get: {Type: "AWS::Serverless::Function", Properties: {}}}
"""


def check(subject: StackSubject) -> Iterator[Hit]:
    """Each place where it does not hold."""
    for logical_id, properties in subject.of_type("AWS::Serverless::Function", *LAMBDA):
        limit = properties.get("ReservedConcurrentExecutions")
        if limit is not None and len(subject.regions) > 1:
            yield Hit(logical_id, f"stops at {limit} at once, also when it serves all clients")
