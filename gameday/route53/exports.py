"""Reads what `aws route53 list-resource-record-sets` and `list-health-checks` print, as values.

An export that is cut short, or that says what this version does not understand, is refused with
its place: half a zone would give a confident wrong answer.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from gameday.errors import UsageError
from gameday.route53 import members
from gameday.route53.check import HealthCheck, parse_check
from gameday.route53.client import REGION_COORDINATES
from gameday.route53.geography import COUNTRIES, REGION_NAME, REGIONS
from gameday.route53.record_data import value_problem
from gameday.route53.validate_shape import TYPES
from gameday.route53.zone import POLICY_MEMBERS, Group, RecordSet, Zone, Zones, canonical
from gameday.route53.zone_json import parse_zone, policies_of
from gameday.route53.zone_rules import zone_problem

Json = Mapping[str, Any]

MEMBERS = frozenset(POLICY_MEMBERS) | {
    "Name", "Type", "SetIdentifier", "TTL", "ResourceRecords", "AliasTarget", "HealthCheckId",
    "TrafficPolicyInstanceId",
}  # fmt: skip
"""Every member of a ResourceRecordSet (Route 53 API Reference, ResourceRecordSet)."""


@dataclass(frozen=True, slots=True)
class Routing:
    """Who answers: zones, and the health checks by id. `callers`: each check's CallerReference.

    `notes` are sentences on what this version does not know, for whoever reads an answer.
    """

    zones: Zones
    checks: Mapping[str, HealthCheck] = field(default_factory=dict)
    callers: Mapping[str, str] = field(default_factory=dict)
    notes: tuple[str, ...] = ()

    def groups(self) -> Iterator[tuple[Zone, Group]]:
        """Every group of record sets that share a name and a type, with its zone."""
        for zone in self.zones.by_name.values():
            for types in zone.groups.values():
                for group in types.values():
                    yield zone, group

    def record_sets(self) -> Iterator[RecordSet]:
        """Every record set of every zone."""
        for zone in self.zones.by_name.values():
            yield from zone.record_sets()


def read_json(path: Path) -> dict[str, Any]:
    """The JSON object in `path`; UTF-8 with or without a mark, or UTF-16 as PowerShell writes it.

    :raises UsageError: unreadable, or not a JSON object; names the file and the place.
    """
    try:
        raw = path.read_bytes()
        wide = raw.startswith((b"\xff\xfe", b"\xfe\xff"))
        found = json.loads(raw.decode("utf-16" if wide else "utf-8-sig"))
    except OSError as e:
        raise UsageError(f"{path}: cannot read the export: {e.strerror}") from e
    except json.JSONDecodeError as e:
        where = f"{path}:{e.lineno}:{e.colno}"
        raise UsageError(f"{where}: not JSON, or cut short: {e.msg}; export it again") from e
    except UnicodeDecodeError as e:
        raise UsageError(f"{path}: not text: byte {e.start} is neither UTF-8 nor UTF-16") from e
    except RecursionError as e:
        raise UsageError(f"{path}: not what the aws CLI prints: nested too deep") from e
    if not isinstance(found, dict):
        raise UsageError(f"{path}: not what the aws CLI prints: the JSON is no object")
    return found


def read(zone: Json, checks: Json | None = None, *, place: str = "zone export") -> Routing:
    """The routing in one zone's export and, where given, the export of the health checks.

    :raises UsageError: cut short, foreign, or a record set or check that is malformed.
    """
    items = rows(zone, "ResourceRecordSets", place)
    own = [item for item in items if not is_policy_record(item)]
    found = parse(own, place)
    checked = read_checks({"HealthChecks": []} if checks is None else checks)
    try:
        return Routing(Zones({found.name: found}), *checked, tuple(notes(items, found)))
    except UsageError as e:
        raise UsageError(f"{place}: {e}") from e


def parse(items: Sequence[Json], place: str, zone_id: str = "export") -> Zone:
    """The zone that these record sets make.

    :raises UsageError: a record set is malformed, or Route 53 would not hold them side by side.
    """
    try:
        for item in items:
            _refuse_unknown(item)
        apex = _apex(items)
        if canonical(apex) == ".":
            raise UsageError("no record sets of one zone in it: export the whole zone")
        found = parse_zone(zone_id, apex, items)
        if problem := zone_problem(found, items):
            raise UsageError(f"Route 53 holds no such zone: {problem}")
    except UsageError as e:
        raise UsageError(f"{place}: {e}") from e
    return found


def notes(items: Iterable[Json], zone: Zone) -> Iterator[str]:
    """What an export holds that this version cannot answer for, or does not know.

    :raises UsageError: a Region that none can be called.
    """
    for item in filter(is_policy_record, items):
        name = members.shown(item.get("Name"))
        yield f"{name} is answered by a traffic policy, which no export holds: left out"
    for record in zone.record_sets():
        near = record.proximity.region if record.proximity else None
        place = (near or "").removeprefix("aws:route53:")
        for region in filter(None, (record.region, place)):
            if not REGION_NAME.fullmatch(region):
                raise UsageError(f"record set {record.label}: {region} is not a Region")
        if record.region and record.region not in REGIONS:
            yield f"{record.label}: Region {record.region} is not known: new, or mistyped?"
        if place and place not in REGION_COORDINATES:
            yield f"{record.label}: nobody knows here where {place} is: it counts as farthest"
        if record.type not in TYPES:
            yield f"{record.label}: type {record.type} is not known: new, or mistyped?"
        country = record.location.country if record.location else None
        if country and country not in COUNTRIES:
            yield f"{record.label}: country {country} is not known: new, or mistyped?"
        yield from _unanswerable(zone, record)


def _unanswerable(zone: Zone, record: RecordSet) -> Iterator[str]:
    """What of a record set nobody will see in an answer."""
    alias = record.alias
    if alias and zone.contains(alias.name) and not zone.group(alias.name, record.type):
        yield f"{record.label}: nothing to answer: {alias.name} {record.type} is not in the zone"
    for value in record.values:
        problem = value_problem(record.type, value) if record.type in TYPES else None
        if problem:
            yield f"{record.label}: Route 53 holds no such value: {problem}"


def is_policy_record(record: Json) -> bool:
    """Whether it stands for a traffic policy instance, whose tree no export holds."""
    return bool(record.get("TrafficPolicyInstanceId")) and not (
        record.get("AliasTarget") or record.get("ResourceRecords")
    )


def read_checks(
    checks: Json, place: str = "health checks export"
) -> tuple[dict[str, HealthCheck], dict[str, str]]:
    """Health checks and their caller references, by id.

    :raises UsageError: cut short, foreign, a check that is malformed, or two of one id that differ.
    """
    found: dict[str, HealthCheck] = {}
    callers: dict[str, str] = {}
    for item in rows(checks, "HealthChecks", place):
        try:
            check = parse_check(item)
        except UsageError as e:
            raise UsageError(f"{place}: {e}") from e
        if found.setdefault(check.id, check) != check:
            raise UsageError(f"{place}: health check {check.id} is there twice, and they differ")
        callers[check.id] = str(item.get("CallerReference") or "")
    return found, callers


def rows(export: Json, member: str, place: str) -> list[dict[str, Any]]:
    """The list `member` of an export, whole.

    :raises UsageError: no such list, something else than objects in it, or more pages exist.
    """
    found = export.get(member)
    if not isinstance(found, list) or not all(isinstance(row, dict) for row in found):
        holds = ", ".join(map(str, list(export)[:3])) or "nothing"
        raise UsageError(
            f"{place}: no {member} in the export (it holds {holds}): give what the aws CLI printed"
        )
    if export.get("IsTruncated") in (True, "true") or export.get("NextToken"):
        raise UsageError(
            f"{place}: the export of {member} is cut short (IsTruncated or NextToken): export "
            f"every page, without --max-items"
        )
    return found


def _refuse_unknown(item: Json) -> None:
    name = f"{members.shown(item.get('Name', '?'))} {members.shown(item.get('Type', '?'))}"
    if unknown := sorted(set(item) - MEMBERS):
        raise UsageError(f"record set {name}: unknown member or policy {members.shown(unknown[0])}")
    if item.get("SetIdentifier") and not policies_of(item):
        raise UsageError(f"record set {name}: SetIdentifier without a routing policy")


def _apex(items: Sequence[Json]) -> str:
    """The zone's name: that of its SOA record, else the labels that all names end with."""
    for item in items:
        if item.get("Type") == "SOA":
            return str(item.get("Name"))
    names = [str(i.get("Name", "")).rstrip(".").lower().split(".")[::-1] for i in items]
    common: list[str] = []
    for labels in zip(*names, strict=False):
        if len(set(labels)) > 1:
            break
        common.insert(0, labels[0])
    return ".".join(common) or "."
