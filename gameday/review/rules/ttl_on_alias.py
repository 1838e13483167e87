"""An alias has no TTL of its own; one that is written there is ignored, and clients keep the
target's."""

from __future__ import annotations

from collections.abc import Iterator

from gameday.review.examples import TWO_REGIONS
from gameday.review.model import Hit, RoutingSubject

SEVERITY = "warning"
ABOUT = "routing"
REMEDY = "Remove the TTL; where 60 s are too long, use CNAME or A records."
SOURCE = "Route 53 Developer Guide: Choosing between alias and non-alias records"
FAILING = """\
records:
- SetIdentifier: us-east-1
  Region: us-east-1
  HealthCheckId: us-east-1
  TTL: 5
  AliasTarget: {DNSName: d-1.execute-api.us-east-1.amazonaws.com, EvaluateTargetHealth: false}
- {SetIdentifier: eu-west-1, Region: eu-west-1, HealthCheckId: eu-west-1}
checks:
- {Id: us-east-1}
- {Id: eu-west-1}
"""
PASSING = TWO_REGIONS


def check(subject: RoutingSubject) -> Iterator[Hit]:
    """Each place where it does not hold."""
    for record in subject.routing.record_sets():
        if record.alias and record.ttl_s:
            yield Hit(record.label, f"TTL {record.ttl_s} s on an alias has no effect")
