"""A check that probes the name clients use follows failover: once the name has moved it reports
the survivor."""

from __future__ import annotations

from collections.abc import Iterator

from gameday.predict.side import SHARED, watched
from gameday.review.examples import TWO_REGIONS
from gameday.review.model import Hit, RoutingSubject

SEVERITY = "error"
ABOUT = "routing"
REMEDY = (
    "Give each Region a name of its own, with the same certificate and mapping, and probe that."
)
SOURCE = "Route 53 Developer Guide: Creating Amazon Route 53 health checks"
FAILING = """\
records:
  - {SetIdentifier: us-east-1, Region: us-east-1, HealthCheckId: us-east-1}
  - {SetIdentifier: eu-west-1, Region: eu-west-1, HealthCheckId: eu-west-1}
checks: [{Id: us-east-1, FullyQualifiedDomainName: api.example.test}, {Id: eu-west-1}]
"""
PASSING = TWO_REGIONS


def check(subject: RoutingSubject) -> Iterator[Hit]:
    """Each place where it does not hold."""
    for check in subject.routing.checks.values():
        if check.is_endpoint and watched(subject.routing, check) == SHARED:
            yield Hit(f"health check {check.id}", f"probes {check.target}, whose answer moves")
