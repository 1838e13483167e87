"""Clients keep a lost Region's address for the TTL; AWS recommends 60 seconds or less for
records with health checks."""

from __future__ import annotations

from collections.abc import Iterator

from gameday.review.examples import TWO_REGIONS
from gameday.review.model import Hit, RoutingSubject

SEVERITY = "warning"
ABOUT = "routing"
REMEDY = "Set the TTL to 60 seconds or less."
SOURCE = "Route 53 Developer Guide: Best practices for Amazon Route 53 DNS"
FAILING = """\
records:
  - {SetIdentifier: us-east-1, Region: us-east-1, TTL: 300, HealthCheckId: us-east-1}
  - {SetIdentifier: eu-west-1, Region: eu-west-1, HealthCheckId: eu-west-1}
checks: [{Id: us-east-1}, {Id: eu-west-1}]
"""
PASSING = TWO_REGIONS


def check(subject: RoutingSubject) -> Iterator[Hit]:
    """Each place where it does not hold."""
    for view in subject.views:
        for record in view.group:
            if record.ttl_s > 60 and not record.alias:
                yield Hit(record.label, f"TTL {record.ttl_s} s keeps a lost Region in caches")
