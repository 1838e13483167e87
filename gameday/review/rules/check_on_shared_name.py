"""A check that probes the name clients use follows failover: once the name has moved it reports
the survivor."""

from __future__ import annotations

from collections.abc import Iterator

from gameday.predict.side import SHARED
from gameday.review.examples import TWO_REGIONS, two_regions
from gameday.review.model import Hit, RoutingSubject

SEVERITY = "error"
ABOUT = "routing"
REMEDY = (
    "Give each Region a name of its own, with the same certificate and mapping, and probe that."
)
SOURCE = "Route 53 Developer Guide: Creating Amazon Route 53 health checks"
FAILING = two_regions(
    "{Id: us-east-1, FullyQualifiedDomainName: api.example.test}, {Id: eu-west-1}"
)
PASSING = TWO_REGIONS


def check(subject: RoutingSubject) -> Iterator[Hit]:
    """Each place where it does not hold."""
    for place, check in subject.checks():
        if any(view.watch.get(check.id) == SHARED for view in subject.views):
            yield Hit(place, f"probes {check.target}, whose answer moves")
