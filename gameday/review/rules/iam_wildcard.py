"""A role that may do everything to a table may also delete it, in every Region at once."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

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
        properties = resource.get("Properties") or {}
        granted = [*_actions(properties), *_managed(properties)]
        for text in dict.fromkeys(granted):
            yield Hit(logical_id, f"allows {text}")


def _actions(value: Any) -> Iterator[str]:
    """The actions of statements that allow a whole service, or all of them."""
    if isinstance(value, Mapping):
        if value.get("Effect") != "Deny":
            yield from (a for a in texts(value.get("Action")) if a == "*" or a.endswith(":*"))
            yield from (f"all but {a}" for a in texts(value.get("NotAction")))
        for key, item in value.items():
            if key not in ("Action", "NotAction"):
                yield from _actions(item)
    elif isinstance(value, (list, tuple)):
        for item in value:
            yield from _actions(item)


def _managed(properties: Mapping[str, Any]) -> Iterator[str]:
    """AWS's own policies that do the same."""
    for member in ("Policies", "ManagedPolicyArns"):
        listed = properties.get(member) or []
        for policy in [listed] if isinstance(listed, str) else listed:
            name = policy.rpartition("/")[2] if isinstance(policy, str) else ""
            if name.endswith(("FullAccess", "AdministratorAccess", "PowerUserAccess")):
                yield name
