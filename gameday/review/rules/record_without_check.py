"""A record without a health check counts as healthy for ever, so its Region is answered after it
is lost."""

from __future__ import annotations

from collections.abc import Iterator

from gameday.review.examples import TWO_REGIONS
from gameday.review.model import Hit, RoutingSubject

SEVERITY = "error"
ABOUT = "routing"
REMEDY = (
    "Attach a health check to every record of the group, or EvaluateTargetHealth to a "
    "target that has one."
)
SOURCE = (
    "Route 53 Developer Guide: How Amazon Route 53 chooses records when health checking "
    "is configured"
)
FAILING = """\
records:
  - {SetIdentifier: us-east-1, Region: us-east-1, HealthCheckId: us-east-1}
  - {SetIdentifier: eu-west-1, Region: eu-west-1}
checks: [{Id: us-east-1}, {Id: eu-west-1}]
"""
PASSING = TWO_REGIONS


def check(subject: RoutingSubject) -> Iterator[Hit]:
    """Each place where it does not hold."""
    for view in subject.views:
        for record in view.group:
            alias = record.alias
            below = alias and alias.evaluate_target_health and view.zone.contains(alias.name)
            is_standby = record.failover == "SECONDARY"
            if record.policy != "simple" and not (record.health_check or below or is_standby):
                yield Hit(record.label, "has no health check and counts as healthy for ever")
