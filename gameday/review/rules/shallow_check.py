"""A check that only connects, or asks for the root or a ping, stays green while the data path is
broken."""

from __future__ import annotations

from collections.abc import Iterator

from gameday.review.examples import TWO_REGIONS, two_regions
from gameday.review.model import Hit, RoutingSubject

SEVERITY = "warning"
ABOUT = "routing"
REMEDY = "Probe a path that reads and writes what a request needs, in its own Region only."
SOURCE = "Route 53 Developer Guide: Types of Amazon Route 53 health checks"
FAILING = two_regions("{Id: us-east-1, ResourcePath: /ping}, {Id: eu-west-1}")
PASSING = TWO_REGIONS


def check(subject: RoutingSubject) -> Iterator[Hit]:
    """Each place where it does not hold."""
    for place, check in subject.checks():
        last = check.path.partition("?")[0].rstrip("/").rpartition("/")[2].lower()
        if check.type == "TCP":
            yield Hit(place, "only connects (TCP); nothing is asked")
        elif check.is_endpoint and last in ("", "ping", "index.html", "live", "version"):
            yield Hit(place, f"asks for {check.path}, which touches no data")
