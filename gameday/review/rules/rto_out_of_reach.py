"""Interval, threshold and TTL together take longer than the recovery time objective allows."""

from __future__ import annotations

from collections.abc import Iterator

from gameday.predict.delay import quantile_s
from gameday.predict.forecast import ttl_s
from gameday.predict.kind import kinds
from gameday.predict.model import Settings
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
    kind = kinds()[0]
    for view in subject.views:
        for leaves in view.sides.values():
            found = subject.routing.checks.get(leaves[0].health_check or "")
            if found is None or not found.is_endpoint or subject.rto_s is None:
                continue
            settings = Settings(found.interval_s, found.failure_threshold, ttl_s(leaves[0]))
            within_s = quantile_s(settings, kind, 0.95) or 0.0
            if within_s > subject.rto_s:
                need = f"95 % of clients that look up with every request need {within_s:.0f} s"
                yield Hit(leaves[0].label, f"{need}; the objective is {subject.rto_s:g} s")
