"""A record that names a health check which does not exist has a status that AWS does not
predict."""

from __future__ import annotations

from collections.abc import Iterator

from gameday.review.examples import TWO_REGIONS, two_regions
from gameday.review.model import Hit, RoutingSubject

SEVERITY = "error"
ABOUT = "routing"
REMEDY = "Create the check, or name an existing one."
SOURCE = "Route 53 API Reference: DeleteHealthCheck"
FAILING = two_regions("{Id: us-east-1}")
PASSING = TWO_REGIONS


def check(subject: RoutingSubject) -> Iterator[Hit]:
    """Each place where it does not hold."""
    for record in subject.routing.record_sets():
        if record.health_check and record.health_check not in subject.routing.checks:
            yield Hit(record.label, f"names health check {record.health_check}, which is not there")
