"""A role that may do everything to a table may also delete it, in every Region at once."""

from __future__ import annotations

from collections.abc import Iterator

from gameday.review.model import Hit, StackSubject, texts

SEVERITY = "warning"
ABOUT = "template"
REMEDY = "Name the actions the function calls, on its own table."
SOURCE = "IAM User Guide: Security best practices in IAM"
FAILING = """\
Resources:
  Get:
    Type: AWS::Serverless::Function
    Properties:
      Policies:
      - Statement:
        - {Effect: Allow, Action: 'dynamodb:*', Resource: '*'}
"""
PASSING = """\
Resources:
  Get:
    Type: AWS::Serverless::Function
    Properties:
      Policies:
      - Statement:
        - {Effect: Allow, Action: 'dynamodb:GetItem', Resource: '*'}
"""


def check(subject: StackSubject) -> Iterator[Hit]:
    """Each place where it does not hold."""
    for logical_id, resource in subject.resources.items():
        for text in texts(resource.get("Properties")):
            if text == "*:*" or (text.endswith(":*") and text.count(":") == 1):
                yield Hit(logical_id, f"allows {text}")
