"""A check of the execute-api name stays green while the custom domain that clients use has lost
its mapping or certificate."""

from __future__ import annotations

from collections.abc import Iterator

from gameday.review.examples import TWO_REGIONS
from gameday.review.model import Hit, RoutingSubject

SEVERITY = "warning"
ABOUT = "routing"
REMEDY = "Probe a custom domain name that only this Region serves, not the API's own name."
SOURCE = "API Gateway Developer Guide: Setting up custom domain names for REST APIs"
FAILING = """\
records:
- {SetIdentifier: us-east-1, Region: us-east-1, HealthCheckId: us-east-1}
- {SetIdentifier: eu-west-1, Region: eu-west-1, HealthCheckId: eu-west-1}
checks:
- {Id: us-east-1, FullyQualifiedDomainName: a1.execute-api.us-east-1.amazonaws.com}
- {Id: eu-west-1}
"""
PASSING = TWO_REGIONS


def check(subject: RoutingSubject) -> Iterator[Hit]:
    """Each place where it does not hold."""
    used = {r.health_check: r for r in subject.routing.record_sets() if r.health_check}
    for place, check in subject.checks():
        if ".execute-api." in (check.fqdn or "") and check.id in used:
            name = used[check.id].name.rstrip(".")
            yield Hit(place, f"probes {check.fqdn}, clients use {name}")
