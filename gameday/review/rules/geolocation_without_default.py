"""A client whose place no record names, or that has none, gets no answer at all."""

from __future__ import annotations

from collections.abc import Iterator

from gameday.review.model import Hit, RoutingSubject

SEVERITY = "error"
ABOUT = "routing"
REMEDY = "Add a record with CountryCode `*`."
SOURCE = "Route 53 Developer Guide: Geolocation routing"
FAILING = """\
records:
  - {SetIdentifier: us-east-1, GeoLocation: {ContinentCode: NA}, HealthCheckId: us-east-1}
  - {SetIdentifier: eu-west-1, GeoLocation: {ContinentCode: EU}, HealthCheckId: eu-west-1}
checks: [{Id: us-east-1}, {Id: eu-west-1}]
"""
PASSING = """\
records:
  - {SetIdentifier: us-east-1, GeoLocation: {ContinentCode: NA}, HealthCheckId: us-east-1}
  - {SetIdentifier: eu-west-1, GeoLocation: {CountryCode: "*"}, HealthCheckId: eu-west-1}
checks: [{Id: us-east-1}, {Id: eu-west-1}]
"""


def check(subject: RoutingSubject) -> Iterator[Hit]:
    """Each place where it does not hold."""
    for _, group in subject.routing.groups():
        places = [r.location for r in group if r.policy == "geolocation" and r.location]
        if places and not any(p.continent is p.country is p.subdivision is None for p in places):
            yield Hit(group[0].label, "no default record: clients elsewhere get no answer")
