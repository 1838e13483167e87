"""EvaluateTargetHealth on an alias to API Gateway turns red only when the service itself is
unavailable, not when the functions fail."""

from __future__ import annotations

from collections.abc import Iterator

from gameday.review.model import Hit, RoutingSubject

SEVERITY = "error"
ABOUT = "routing"
REMEDY = "Give the record a health check of its own."
SOURCE = "Route 53 API Reference: AliasTarget"
FAILING = """\
records:
- SetIdentifier: us-east-1
  Region: us-east-1
  AliasTarget: {DNSName: d-1.execute-api.us-east-1.amazonaws.com, EvaluateTargetHealth: true}
- {SetIdentifier: eu-west-1, Region: eu-west-1, HealthCheckId: eu-west-1}
checks:
- {Id: us-east-1}
- {Id: eu-west-1}
"""
PASSING = """\
records:
- SetIdentifier: us-east-1
  Region: us-east-1
  HealthCheckId: us-east-1
  AliasTarget: {DNSName: d-1.execute-api.us-east-1.amazonaws.com, EvaluateTargetHealth: true}
- {SetIdentifier: eu-west-1, Region: eu-west-1, HealthCheckId: eu-west-1}
checks:
- {Id: us-east-1}
- {Id: eu-west-1}
"""


def check(subject: RoutingSubject) -> Iterator[Hit]:
    """Each place where it does not hold."""
    for record in subject.routing.record_sets():
        alias = record.alias
        is_api = alias and alias.evaluate_target_health and ".execute-api." in alias.name
        if is_api and not record.health_check:
            yield Hit(record.label, "relies on EvaluateTargetHealth of an API Gateway target")
