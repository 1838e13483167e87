"""After every check has done what it can, routing still sends clients to the side that was lost."""

from __future__ import annotations

from collections.abc import Iterator

from gameday.predict.takeover import SIDES_MAX, lose
from gameday.review.examples import TWO_REGIONS
from gameday.review.model import Hit, RoutingSubject

SEVERITY = "error"
ABOUT = "routing"
REMEDY = "See the reason; `gameday predict` shows who is sent where."
SOURCE = (
    "Route 53 Developer Guide: How Amazon Route 53 chooses records when health checking "
    "is configured"
)
FAILING = """\
records:
  - {SetIdentifier: us-east-1, Region: us-east-1, HealthCheckId: us-east-1}
  - {SetIdentifier: eu-west-1, Region: eu-west-1, HealthCheckId: us-east-1}
checks: [{Id: us-east-1}, {Id: eu-west-1}]
"""
PASSING = TWO_REGIONS


def check(subject: RoutingSubject) -> Iterator[Hit]:
    """Each place where it does not hold."""
    for view in subject.views:
        for side in view.sides[:SIDES_MAX]:
            found = lose(view, side)
            if found.why_dead:
                said = f"{found.still_dead:.0%} of clients are sent to {side} after it is lost"
                yield Hit(view.group[0].label, f"{said}: {found.why_dead[0]}")
