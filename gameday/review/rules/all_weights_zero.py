"""When every weight is 0 Route 53 answers all records alike: what was meant as off is on."""

from __future__ import annotations

from collections.abc import Iterator

from gameday.review.model import Hit, RoutingSubject

SEVERITY = "error"
ABOUT = "routing"
REMEDY = "Give at least one record a weight above 0."
SOURCE = "Route 53 API Reference: ResourceRecordSet"
FAILING = """\
records:
  - {SetIdentifier: us-east-1, Weight: 0, HealthCheckId: us-east-1}
  - {SetIdentifier: eu-west-1, Weight: 0, HealthCheckId: eu-west-1}
checks: [{Id: us-east-1}, {Id: eu-west-1}]
"""
PASSING = """\
records:
  - {SetIdentifier: us-east-1, Weight: 50, HealthCheckId: us-east-1}
  - {SetIdentifier: eu-west-1, Weight: 50, HealthCheckId: eu-west-1}
checks: [{Id: us-east-1}, {Id: eu-west-1}]
"""


def check(subject: RoutingSubject) -> Iterator[Hit]:
    """Each place where it does not hold."""
    for _, group in subject.routing.groups():
        if group[0].policy == "weighted" and not any(r.weight for r in group):
            yield Hit(group[0].label, "all weights are 0, so all are answered equally")
