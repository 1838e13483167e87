"""A caller reference made of the time in seconds collides when two checks are created in the
same second, and the second is refused or shared."""

from __future__ import annotations

import re
from collections.abc import Iterator

from gameday.review.examples import two_regions
from gameday.review.model import Hit, RoutingSubject

SECONDS = re.compile(r"1\d{9}|\d{4}-?\d\d-?\d\d[T:_ -]?\d\d[:-]?\d\d[:-]?\d\dZ?")
SEVERITY = "note"
ABOUT = "routing"
REMEDY = "Use a reference that names stack and Region, or a UUID."
SOURCE = "Route 53 API Reference: CreateHealthCheck"
FAILING = two_regions('{Id: us-east-1, CallerReference: "1542631234"}, {Id: eu-west-1}')
PASSING = two_regions("{Id: us-east-1, CallerReference: stack-us-east-1-7f3a}, {Id: eu-west-1}")


def check(subject: RoutingSubject) -> Iterator[Hit]:
    """Each place where it does not hold."""
    for check_id, reference in subject.routing.callers.items():
        if SECONDS.fullmatch(reference):
            yield Hit(f"health check {check_id}", f"its reference {reference} is a time in seconds")
