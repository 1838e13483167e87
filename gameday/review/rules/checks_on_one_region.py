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
        for path in view.paths:
            for check_id in path.guards:
                found = subject.routing.checks.get(check_id)
                where = watched(subject.routing, found, view.paths) if found else None
                if where and guards.setdefault(where, path.side) != path.side:
                    yield Hit(
                        path.leaf.label,
                        f"health check {check_id} of {path.side} probes {where}, as "
                        f"that of {guards[where]} does",
                    )
