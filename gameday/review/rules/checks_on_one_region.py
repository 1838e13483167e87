"""Health checks of different Regions that probe the same Region say nothing about the other one."""

from __future__ import annotations

from collections.abc import Iterator

from gameday.predict.side import watched
from gameday.review.examples import TWO_REGIONS, two_regions
from gameday.review.model import Hit, RoutingSubject

SEVERITY = "error"
ABOUT = "routing"
REMEDY = "Let each record's check probe a name that only its own Region serves."
SOURCE = (
    "Route 53 Developer Guide: How Amazon Route 53 chooses records when health checking "
    "is configured"
)
FAILING = two_regions(
    "{Id: us-east-1}, {Id: eu-west-1, FullyQualifiedDomainName: us-east-1.api.example.test}"
)
PASSING = TWO_REGIONS


def check(subject: RoutingSubject) -> Iterator[Hit]:
    """Each place where it does not hold."""
    for view in subject.views:
        guards: dict[str, str] = {}
        for side, leaves in view.sides.items():
            for leaf in leaves:
                check_id = leaf.health_check or ""
                found = subject.routing.checks.get(check_id)
                where = watched(subject.routing, found) if found else None
                if where and guards.setdefault(where, side) != side:
                    yield Hit(
                        leaf.label,
                        f"health check {check_id} of {side} probes {where}, as "
                        f"that of {guards[where]} does",
                    )
