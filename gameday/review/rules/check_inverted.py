"""An inverted check reports a working Region as lost; left over from a rehearsal it halves the
capacity."""

from __future__ import annotations

from collections.abc import Iterator

from gameday.review.examples import TWO_REGIONS, two_regions
from gameday.review.model import Hit, RoutingSubject

SEVERITY = "warning"
ABOUT = "routing"
REMEDY = "Set Inverted to false when the rehearsal is over."
SOURCE = "Route 53 API Reference: HealthCheckConfig"
FAILING = two_regions("{Id: us-east-1, Inverted: true}, {Id: eu-west-1}")
PASSING = TWO_REGIONS


def check(subject: RoutingSubject) -> Iterator[Hit]:
    """Each place where it does not hold."""
    for place, check in subject.checks():
        if check.inverted:
            yield Hit(place, "is inverted: it is red while its target works")
