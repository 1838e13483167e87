"""With a failure threshold of 1 a single lost packet per checker is enough, and the Region
flaps."""

from __future__ import annotations

from collections.abc import Iterator

from gameday.review.examples import TWO_REGIONS, two_regions
from gameday.review.model import Hit, RoutingSubject

SEVERITY = "warning"
ABOUT = "routing"
REMEDY = "Use 2 or 3 with an interval of 10 seconds."
SOURCE = "Route 53 API Reference: HealthCheckConfig"
FAILING = two_regions("{Id: us-east-1, FailureThreshold: 1}, {Id: eu-west-1}")
PASSING = TWO_REGIONS


def check(subject: RoutingSubject) -> Iterator[Hit]:
    """Each place where it does not hold."""
    for place, check in subject.checks():
        if check.is_endpoint and check.failure_threshold == 1:
            yield Hit(place, "failure threshold 1 flaps")
