"""Interval, threshold and TTL together take longer than the recovery time objective allows."""

from __future__ import annotations

from collections.abc import Iterator

from gameday.predict.delay import quantile_s
from gameday.predict.kind import kinds
from gameday.predict.model import Settings
from gameday.predict.takeover import SIDES_MAX
from gameday.predict.way import ways
from gameday.review.model import Hit, RoutingSubject

SEVERITY = "error"
ABOUT = "routing"
REMEDY = "Ask `gameday predict --rto` which settings meet it."
SOURCE = (
    "Route 53 Developer Guide: How Amazon Route 53 determines whether a health check is healthy"
)
FAILING = """\
rto_s: 60
records:
  - {SetIdentifier: us-east-1, Region: us-east-1, HealthCheckId: us-east-1}
  - {SetIdentifier: eu-west-1, Region: eu-west-1, HealthCheckId: eu-west-1}
checks: [{Id: us-east-1}, {Id: eu-west-1}]
"""
PASSING = """\
rto_s: 120
records:
  - {SetIdentifier: us-east-1, Region: us-east-1, HealthCheckId: us-east-1}
  - {SetIdentifier: eu-west-1, Region: eu-west-1, HealthCheckId: eu-west-1}
checks: [{Id: us-east-1}, {Id: eu-west-1}]
"""


def check(subject: RoutingSubject) -> Iterator[Hit]:
    """Each place where it does not hold."""
    kind, rto_s = kinds()[0], subject.rto_s
    if rto_s is None:
        return
    for view in subject.views:
        for side in view.sides[:SIDES_MAX]:
            for way in ways(view, side, Settings()):
                within_s = (quantile_s(way.settings, kind, 0.95) or 0.0) if way.settings else 0.0
                if within_s > rto_s:
                    need = f"95 % of clients that look up with every request need {within_s:.0f} s"
                    where = f"{view.group[0].name} {view.group[0].type} ({side})"
                    yield Hit(
                        where, f"{need} when {way.check.id} decides; the objective is {rto_s:g} s"
                    )
