"""A failover pair whose standby is PRIMARY, or that has no PRIMARY, sends everybody to the wrong
side while all is well."""

from __future__ import annotations

from collections.abc import Iterator

from gameday.review.model import Hit, RoutingSubject

SEVERITY = "error"
ABOUT = "routing"
REMEDY = "Swap the two, or name the record sets after what they are."
SOURCE = "Route 53 Developer Guide: Failover routing"
FAILING = """\
records:
  - {SetIdentifier: standby, Failover: PRIMARY, HealthCheckId: us-east-1}
  - {SetIdentifier: eu-west-1, Failover: SECONDARY, HealthCheckId: eu-west-1}
checks: [{Id: us-east-1}, {Id: eu-west-1}]
"""
PASSING = """\
records:
  - {SetIdentifier: us-east-1, Failover: PRIMARY, HealthCheckId: us-east-1}
  - {SetIdentifier: eu-west-1, Failover: SECONDARY, HealthCheckId: eu-west-1}
checks: [{Id: us-east-1}, {Id: eu-west-1}]
"""


def check(subject: RoutingSubject) -> Iterator[Hit]:
    """Each place where it does not hold."""
    for _, group in subject.routing.groups():
        roles = {r.failover: (r.set_identifier or "").lower() for r in group if r.failover}
        if roles and "PRIMARY" not in roles:
            yield Hit(group[0].label, "a failover record set without a PRIMARY")
        standby = ("standby", "secondary", "-dr", "backup")
        if any(word in roles.get("PRIMARY", "") for word in standby):
            yield Hit(group[0].label, f"{roles['PRIMARY']} is the PRIMARY")
        elif any(word in roles.get("SECONDARY", "") for word in ("primary", "main")):
            yield Hit(group[0].label, f"{roles['SECONDARY']} is the SECONDARY")
