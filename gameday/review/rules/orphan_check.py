"""A health check that no record and no other check uses changes nothing and costs money."""

from __future__ import annotations

from collections.abc import Iterator

from gameday.review.examples import TWO_REGIONS, two_regions
from gameday.review.model import Hit, RoutingSubject

SEVERITY = "note"
ABOUT = "routing"
REMEDY = "Attach it to the record it was meant for, or delete it."
SOURCE = "Route 53 Developer Guide: Creating Amazon Route 53 health checks"
FAILING = two_regions("{Id: us-east-1}, {Id: lonely}, {Id: eu-west-1}")
PASSING = TWO_REGIONS


def check(subject: RoutingSubject) -> Iterator[Hit]:
    """Each place where it does not hold."""
    used = {r.health_check for r in subject.routing.record_sets()}
    used |= {child for c in subject.routing.checks.values() for child in c.children}
    for check_id in subject.routing.checks:
        if check_id not in used:
            yield Hit(f"health check {check_id}", "no record and no calculated check uses it")
