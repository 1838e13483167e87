"""A and AAAA records are chosen apart; where one group lacks a record, a check or a Region, half
of the clients fail over differently."""

from __future__ import annotations

from collections.abc import Iterator

from gameday.review.model import Hit, RoutingSubject

SEVERITY = "error"
ABOUT = "routing"
REMEDY = "Give both types the same records with the same checks."
SOURCE = "Route 53 API Reference: ResourceRecordSet"
FAILING = """\
records:
- Type: A
  SetIdentifier: us-east-1
  Region: us-east-1
  HealthCheckId: a
  ResourceRecords:
  - {Value: 192.0.2.1}
- Type: A
  SetIdentifier: eu-west-1
  Region: eu-west-1
  HealthCheckId: b
  ResourceRecords:
  - {Value: 192.0.2.2}
- Type: AAAA
  SetIdentifier: us-east-1
  Region: us-east-1
  ResourceRecords:
  - {Value: '2001:db8::1'}
checks:
- {Id: a}
- {Id: b}
"""
PASSING = """\
records:
- Type: A
  SetIdentifier: us-east-1
  Region: us-east-1
  HealthCheckId: a
  ResourceRecords:
  - {Value: 192.0.2.1}
- Type: AAAA
  SetIdentifier: us-east-1
  Region: us-east-1
  HealthCheckId: a
  ResourceRecords:
  - {Value: '2001:db8::1'}
checks:
- {Id: a}
"""


def check(subject: RoutingSubject) -> Iterator[Hit]:
    """Each place where it does not hold."""
    for zone in subject.routing.zones.by_name.values():
        for name in zone.groups:
            four, six = zone.group(name, "A"), zone.group(name, "AAAA")
            kept = [{(r.set_identifier, r.health_check) for r in group} for group in (four, six)]
            if four and six and kept[0] != kept[1]:
                odd = sorted(str(i or "simple") for i, _ in kept[0] ^ kept[1])
                yield Hit(name, f"A and AAAA differ in {', '.join(dict.fromkeys(odd))}")
