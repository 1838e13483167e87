"""A disabled health check counts as healthy for ever; it does not fail a Region, it keeps it."""

from __future__ import annotations

from collections.abc import Iterator

from gameday.review.examples import TWO_REGIONS
from gameday.review.model import Hit, RoutingSubject

SEVERITY = "error"
ABOUT = "routing"
REMEDY = "Enable it; to take a Region out use Inverted, a routing control or weight 0."
SOURCE = "Route 53 API Reference: UpdateHealthCheck"
FAILING = """\
records:
  - {SetIdentifier: us-east-1, Region: us-east-1, HealthCheckId: us-east-1}
  - {SetIdentifier: eu-west-1, Region: eu-west-1, HealthCheckId: eu-west-1}
checks: [{Id: us-east-1, Disabled: true}, {Id: eu-west-1}]
"""
PASSING = TWO_REGIONS


def check(subject: RoutingSubject) -> Iterator[Hit]:
    """Each place where it does not hold."""
    for check in subject.routing.checks.values():
        if check.disabled:
            status = "unhealthy" if check.inverted else "healthy"
            yield Hit(f"health check {check.id}", f"is disabled, so it counts as {status} for ever")
