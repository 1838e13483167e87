"""The same loss under four routing policies: who is hit, who takes over, what the survivors carry.

Recovery time is the checks' and the TTL's and does not depend on the policy; who feels it does.
Clients are spread evenly over the Regions they are near.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from gameday.predict.takeover import all_red, mean
from gameday.predict.view import NOBODY, View
from gameday.route53.exports import Routing, read

POLICIES = ("weighted", "latency", "geolocation", "failover")
ZONE = "compare.test"


@dataclass(frozen=True, slots=True)
class Comparison:
    """One policy, when one side is lost; shares of all clients, 0..1."""

    policy: str
    lost: str
    hit: float  # sent to the lost side before
    loads: Mapping[str, float]  # by side, once DNS has moved
    busiest: float | None  # by how much the busiest survivor's load grows; None: from nothing
    all_red: Mapping[str, float]
    remark: str


def compare(sides: Sequence[str]) -> list[Comparison]:
    """Every policy against the loss of each of `sides` (Regions), with one check a side."""
    found = []
    for policy in POLICIES:
        routing = _routing(policy, sides)
        zone = next(iter(routing.zones.by_name.values()))
        view = View.of(routing, zone, zone.group(f"{ZONE}.", "A"))
        found += [_compare(policy, view, side) for side in sides if side in view.sides]
    return found


def _compare(policy: str, view: View, lost: str) -> Comparison:
    clients = [c for c in view.clients if "anywhere else" not in c.network] or list(view.clients)
    was, now = view.unhealthy(), view.unhealthy(view.watching(lost))
    before = mean([view.given(c, was).shares for c in clients])
    after = mean([view.given(c, now).shares for c in clients])
    survivors = [s for s in view.sides if s != lost and after.get(s)]
    cold = any(not before.get(s) for s in survivors)
    growth = max((after[s] / before[s] for s in survivors if before.get(s)), default=1.0)
    return Comparison(
        policy, lost, before.get(lost, 0.0), after, None if cold else round(growth, 2),
        all_red(view).shares, _remark(policy, lost, before, after),
    )  # fmt: skip


def _remark(policy: str, lost: str, before: Mapping[str, float], after: Mapping[str, float]) -> str:
    if after.get(NOBODY):
        return "some clients get no answer at all"
    if after.get(lost):
        return "its places and the default are in one Region: both red, so DNS fails open to it"
    if not before.get(lost):
        return "nobody notices: the standby is lost, and nothing tests it"
    return {
        "weighted": "every client is hit now and then; survivors share the load by weight",
        "latency": "the nearest clients are hit; all of them go to the next nearest",
        "geolocation": "the Region's places are hit; they fall to a larger area or to the default",
        "failover": "everybody is hit; the standby takes all of it from cold",
    }[policy]


def _routing(policy: str, sides: Sequence[str]) -> Routing:
    records = [
        {"Name": ZONE, "Type": "A", "SetIdentifier": side, "HealthCheckId": side,
         "TTL": 60, "ResourceRecords": [{"Value": f"192.0.2.{n + 1}"}], **member}
        for n, side in enumerate(sides)
        for member in _members(policy, sides, n)
    ]  # fmt: skip
    for n, record in enumerate(records):
        record["SetIdentifier"] = f"{record['SetIdentifier']} {n}"
    checks = [
        {
            "Id": side,
            "HealthCheckConfig": {"Type": "HTTPS", "FullyQualifiedDomainName": f"{n}.test"},
        }
        for n, side in enumerate(sides)
    ]
    return read({"ResourceRecordSets": records}, {"HealthChecks": checks}, place="comparison")


def _members(policy: str, sides: Sequence[str], n: int) -> list[dict[str, Any]]:
    """The member that makes record `n` follow the policy; the home Region has the default."""
    if policy == "weighted":
        return [{"Weight": 50}]
    if policy == "latency":
        return [{"Region": sides[n]}]
    if policy == "failover":
        return [{"Failover": "PRIMARY" if n == 0 else "SECONDARY"}] if n < 2 else []
    places = ["NA", "EU", "AS", "SA", "OC", "AF"]
    home = [{"GeoLocation": {"CountryCode": "*"}}] if n == 0 else []
    return [{"GeoLocation": {"ContinentCode": places[n % len(places)]}}, *home]
