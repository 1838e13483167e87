"""A setting that decides what the health check answers, the same in every Region, turns all of
them red with one deployment; DNS then fails open."""

from __future__ import annotations

from collections.abc import Iterator

from gameday.review.model import Hit, StackSubject

SEVERITY = "warning"
ABOUT = "template"
REMEDY = "Set it per Region, or fail a health check from outside (Inverted)."
SOURCE = (
    "Route 53 Developer Guide: How Amazon Route 53 chooses records when health checking "
    "is configured"
)
FAILING = """\
regions: [us-east-1, eu-west-1]
Resources:
  Health:
    Type: AWS::Serverless::Function
    Properties:
      Environment:
        Variables: {STATUS: '200'}
paths:
  Health: [GET /health]
code:
  Health: |-
    import os
    def handler(event, context):
        return {"statusCode": os.environ["STATUS"]}
"""
PASSING = """\
regions: [us-east-1]
Resources:
  Health:
    Type: AWS::Serverless::Function
    Properties:
      Environment:
        Variables: {STATUS: '200'}
paths:
  Health: [GET /health]
code:
  Health: |-
    import os
    def handler(event, context):
        return {"statusCode": os.environ["STATUS"]}
"""


def check(subject: StackSubject) -> Iterator[Hit]:
    """Each place where it does not hold."""
    told: set[str] = set()
    for function, source in subject.health_code():
        properties = subject.resources.get(function, {}).get("Properties", {})
        variables = (properties.get("Environment") or {}).get("Variables") or {}
        for name, value in variables.items():
            is_read = f'"{name}"' in source or f"'{name}'" in source
            if "STATUS" in name and is_read and len(subject.regions) > 1 and name not in told:
                told.add(name)
                yield Hit(function, f"{name}={value} decides the health of every Region at once")
