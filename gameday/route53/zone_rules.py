"""What Route 53 refuses among the record sets of one zone: the same place twice, mixed policies.

The validator asks it of a zone after a change batch, `exports` of a zone that somebody hands in.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from graphlib import CycleError, TopologicalSorter
from typing import Any

from gameday.route53.zone import Zone, canonical
from gameday.route53.zone_json import policies_of

Json = Mapping[str, Any]

GROUP_MAX = {"Weight": 100, "GeoProximityLocation": 30}
UNIQUE = ("Region", "Failover", "GeoLocation", "CidrRoutingConfig")
"""Policies under which two record sets of a name and type may not have the same value."""


def zone_problem(zone: Zone, items: Iterable[Json]) -> str | None:
    """Why Route 53 would hold no zone with these record sets; None when it would.

    `zone` is what `items` were parsed to. Of a zone without its SOA the apex is a guess, so
    nothing here depends on it.
    """
    groups: dict[tuple[str, str], list[Json]] = {}
    types: dict[str, set[str]] = {}
    for item in items:
        name, rtype = canonical(item["Name"]), item["Type"].upper()
        groups.setdefault((name, rtype), []).append(item)
        types.setdefault(name, set()).add(rtype)
    for (name, rtype), group in groups.items():
        identifiers = [item.get("SetIdentifier") or "" for item in group]
        if again := [i for i, count in Counter(identifiers).items() if count > 1]:
            label = f" ({again[0]})" if again[0] else ""
            return f"record set {name} {rtype}{label} is there twice"
        for item in group:
            if found := next(group_problems(name, rtype, item, group), None):
                return found
    for name, held in types.items():
        if "CNAME" in held and len(held) > 1:
            others = ", ".join(sorted(held - {"CNAME"}))
            return f"record sets {name}: a CNAME stands beside {others} of the same name"
    if loop := alias_loop(zone):
        return f"alias targets form a loop, so none of them has an answer: {' -> '.join(loop)}"
    return None


def group_problems(name: str, rtype: str, record: Json, group: Sequence[Json]) -> Iterator[str]:
    """What is wrong with a record set among all of its name and type, itself among them.

    They follow one policy, with one record set per place.
    """
    identifier = record.get("SetIdentifier") or "null"
    words = f"RRSet with DNS name {name}, type {rtype}, SetIdentifier {identifier}"
    kinds = {tuple(policies_of(r)) for r in group}
    if len(kinds) > 1:
        other = "multivalue answer " if ("MultiValueAnswer",) in kinds else ""
        yield (
            f"{words} cannot be created because a non {other}rrset exists with the same name and "
            "type."
            if other and policies_of(record)
            else f"{words} cannot be created as other RRSets exist with the same name and type."
        )
        return
    for member in policies_of(record):
        most = GROUP_MAX.get(member)
        if most and len(group) > most:
            yield f"{words} cannot be created: at most {most} with {member} are allowed."
        if member in UNIQUE and sum(r[member] == record[member] for r in group) > 1:
            yield (
                f"{words} cannot be created as an RRSet with the same name, type and {member} "
                "already exists."
            )
    collections = {
        r["CidrRoutingConfig"]["CollectionId"] for r in group if r.get("CidrRoutingConfig")
    }
    if len(collections) > 1:
        yield f"{words} must use the same CIDR collection as the others of its name and type."


def alias_loop(zone: Zone) -> list[str]:
    """The names of a circle of aliases of one type, the first again at the end; else empty."""
    graph: TopologicalSorter[tuple[str, str]] = TopologicalSorter()
    for record in zone.record_sets():
        if record.alias and zone.contains(record.alias.name):
            graph.add((record.alias.name, record.type), (record.name, record.type))
    try:
        graph.prepare()
    except CycleError as e:
        return [name for name, _ in e.args[1]]
    return []
