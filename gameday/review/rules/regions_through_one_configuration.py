"""Chaos Toolkit hands one configuration to every activity, and the AWS extension takes its Region
from there: what names another Region is done in the first one."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from gameday.predict.side import REGION
from gameday.review.model import ExperimentSubject, Hit, called, provider, texts

SEVERITY = "error"
ABOUT = "experiment"
REMEDY = "Use actions that take the Region as an argument, or one experiment per Region."
SOURCE = "Chaos Toolkit: Extension for AWS, Configuration"
FAILING = """\
configuration: {aws_region: us-east-1}
method:
- type: action
  name: stop
  provider:
    type: python
    module: chaosaws.awslambda.actions
    func: put_function_concurrency
    arguments: {function_name: 'arn:aws:lambda:eu-west-1:123456789012:function:get'}
"""
PASSING = FAILING.replace("eu-west-1", "us-east-1")


def check(subject: ExperimentSubject) -> Iterator[Hit]:
    """Each place where it does not hold."""
    declared = (subject.body.get("configuration") or {}).get("aws_region")
    first = declared if isinstance(declared, str) else None
    for _, activity in subject.activities():
        asked = provider(activity)
        if not str(asked.get("module", "")).startswith("chaosaws."):
            continue
        arguments: dict[str, Any] = asked.get("arguments") or {}
        if "configuration" in arguments:
            yield Hit(called(activity), "its argument `configuration` is overwritten by the "
                                        "experiment's")  # fmt: skip
        for region in sorted({r for t in texts(arguments) for r in REGION.findall(t)}):
            first = first or region
            if region != first:
                yield Hit(called(activity), f"names {region}, and goes to {first}")
