"""Sides: the Regions (or endpoints) that a name's answers lead to, and the checks that watch each.

A check watches the side that its own target leads to; where that cannot be told, the side of the
record that uses it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from gameday.route53.answer import External
from gameday.route53.check import HealthCheck
from gameday.route53.exports import Routing
from gameday.route53.zone import Group, RecordSet, Zone, canonical

REGION = re.compile(r"(?<![a-z0-9])((?:us-gov|us|eu|ap|sa|ca|af|me|il|mx|cn)-[a-z]+-\d)(?![0-9])")
"""A Region's name inside a longer one, as in `d-1.execute-api.us-east-1.amazonaws.com`."""

SHARED = "a name that follows failover"


def outside(name: str) -> External:
    """An alias target outside the zone has no address in an export: its name stands for it."""
    return External({"A": (name,), "AAAA": (name,)})


def named(record: RecordSet) -> str:
    """The side that a leaf record leads to: a Region where one is named, else the endpoint.

    What it answers says more than its label: a label can be wrong.
    """
    target = record.alias.name if record.alias else record.values[0] if record.values else ""
    for text in (target, record.region or "", record.set_identifier or ""):
        if found := REGION.search(text.lower()):
            return found[1]
    return record.set_identifier or target.rstrip(".")


def is_leaf(zone: Zone, record: RecordSet) -> bool:
    """Whether the record answers by itself, not through another record of the zone."""
    if record.alias:
        return not zone.contains(record.alias.name)
    if record.type != "CNAME" or not record.values:
        return True
    target = canonical(record.values[0])
    return not zone.contains(target) or zone.owner(target) is None


def leaves(zone: Zone, record: RecordSet, depth: int = 0) -> Iterator[RecordSet]:
    """The records that answer in the end when `record` is chosen."""
    if is_leaf(zone, record) or depth > 8:
        yield record
        return
    name = record.alias.name if record.alias else canonical(record.values[0])
    rtype = record.type if record.alias else "A"
    for below in zone.group(name, rtype) or zone.group(name, "CNAME"):
        yield from leaves(zone, below, depth + 1)


def sides(zone: Zone, group: Group) -> dict[str, tuple[RecordSet, ...]]:
    """The leaf records of a group by the side they lead to, in order."""
    found: dict[str, tuple[RecordSet, ...]] = {}
    for record in group:
        for leaf in leaves(zone, record):
            side = named(leaf)
            found[side] = (*found.get(side, ()), leaf)
    return found


def watched(routing: Routing, check: HealthCheck) -> str | None:
    """The side that an endpoint check probes; `SHARED` where its name follows failover itself.

    None where neither the target nor the zone says.
    """
    target = (check.fqdn or check.ip or "").lower()
    zone = routing.zones.find(canonical(target)) if check.fqdn and not check.ip else None
    if zone is not None:
        group = zone.group(canonical(target), "A") or zone.group(canonical(target), "CNAME")
        found = sides(zone, group)
        if len(found) > 1:
            return SHARED
        if found:
            return next(iter(found))
    for record in routing.record_sets():
        if check.ip and check.ip in record.values and record.policy != "simple":
            return named(record)
    return match[1] if (match := REGION.search(target)) else None


def watchers(
    routing: Routing, zone: Zone, group: Group, found: Mapping[str, tuple[RecordSet, ...]]
) -> dict[str, str]:
    """The side of every endpoint check that matters to the group, by check id."""
    used: dict[str, str] = {}
    for record in group:
        for leaf in leaves(zone, record):
            for holder in (record, leaf):
                if holder.health_check:
                    used.setdefault(holder.health_check, named(leaf))
    for check_id, side in list(used.items()):
        check = routing.checks.get(check_id)
        for child in check.children if check else ():
            used.setdefault(child, side)
    told = {}
    for check_id, side in used.items():
        check = routing.checks.get(check_id)
        if check is not None:
            where = watched(routing, check) if check.is_endpoint else None
            told[check_id] = where if where and (where in found or where == SHARED) else side
    return told
