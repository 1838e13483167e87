"""With a default for the Region under test a typing error loses a Region that nobody named."""

from __future__ import annotations

from collections.abc import Iterator

from gameday.review.model import ExperimentSubject, Hit

SEVERITY = "error"
ABOUT = "experiment"
REMEDY = "Leave the default away."
SOURCE = "AWS Well-Architected, Reliability: Test resiliency using chaos engineering"
FAILING = """\
configuration: {region: {type: env, key: GAMEDAY_REGION, default: us-east-1}}
method: []
"""
PASSING = """\
configuration: {region: {type: env, key: GAMEDAY_REGION}}
method: []
"""


def check(subject: ExperimentSubject) -> Iterator[Hit]:
    """Each place where it does not hold."""
    for name, value in (subject.body.get("configuration") or {}).items():
        if isinstance(value, dict) and value.get("key") == "GAMEDAY_REGION" and "default" in value:
            yield Hit(f"configuration.{name}", f"the Region to lose defaults to {value['default']}")
