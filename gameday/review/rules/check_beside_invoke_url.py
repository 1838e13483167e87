"""A check of a custom domain whose mapping or certificate fails turns a Region red that works, when
clients come by the invoke URL."""

from __future__ import annotations

from collections.abc import Iterator

from gameday.predict.side import paths
from gameday.review.model import Hit, RoutingSubject

SEVERITY = "warning"
ABOUT = "routing"
REMEDY = "Probe what clients are answered with, or lead clients to the custom domain."
SOURCE = "API Gateway Developer Guide: Setting up custom domain names for REST APIs"
FAILING = """\
records:
- SetIdentifier: us-east-1
  Region: us-east-1
  HealthCheckId: us-east-1
  ResourceRecords: [{Value: a1b2c3.execute-api.us-east-1.amazonaws.com}]
- {SetIdentifier: eu-west-1, Region: eu-west-1, HealthCheckId: eu-west-1}
checks: [{Id: us-east-1}, {Id: eu-west-1}]
"""
PASSING = FAILING.replace("a1b2c3.execute", "d-a1b2c3.execute")


def check(subject: RoutingSubject) -> Iterator[Hit]:
    """Each place where it does not hold."""
    for zone, group in subject.routing.groups():
        for path in paths(zone, group):
            probe = subject.routing.checks.get(path.records[0].health_check or "")
            if probe is None or probe.fqdn is None:
                continue
            leaf = path.leaf
            target = (leaf.alias.name if leaf.alias else (*leaf.values, "")[0]).rstrip(".")
            is_invoked = ".execute-api." in target and not target.startswith("d-")
            if is_invoked and ".execute-api." not in probe.fqdn:
                yield Hit(f"health check {probe.id}",
                          f"probes {probe.fqdn}, clients are led to {target}")  # fmt: skip
