"""A disabled health check counts as healthy for ever; it does not fail a Region, it keeps it."""

from __future__ import annotations

from collections.abc import Iterator

from gameday.review.examples import TWO_REGIONS, two_regions
from gameday.review.model import Hit, RoutingSubject

SEVERITY = "error"
ABOUT = "routing"
REMEDY = "Enable it; to take a Region out use Inverted, a routing control or weight 0."
SOURCE = "Route 53 API Reference: UpdateHealthCheck"
FAILING = two_regions("{Id: us-east-1, Disabled: true}, {Id: eu-west-1}")
PASSING = TWO_REGIONS


def check(subject: RoutingSubject) -> Iterator[Hit]:
    """Each place where it does not hold."""
    for place, check in subject.checks():
        if check.disabled:
            status = "unhealthy" if check.inverted else "healthy"
            yield Hit(place, f"is disabled, so it counts as {status} for ever")
