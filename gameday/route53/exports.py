"""Reads what `aws route53 list-resource-record-sets` and `list-health-checks` print, as values.

An export that is cut short, or that says what this version does not understand, is refused with
its place: half a zone would give a confident wrong answer.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from gameday.errors import UsageError
from gameday.route53.check import HealthCheck, parse_check
from gameday.route53.zone import POLICY_MEMBERS, Group, RecordSet, Zone, Zones, parse_zone

Json = Mapping[str, Any]

MEMBERS = frozenset(POLICY_MEMBERS) | {
    "Name", "Type", "SetIdentifier", "TTL", "ResourceRecords", "AliasTarget", "HealthCheckId",
    "TrafficPolicyInstanceId",
}  # fmt: skip
"""Every member of a ResourceRecordSet (Route 53 API Reference, ResourceRecordSet)."""


@dataclass(frozen=True, slots=True)
class Routing:
    """Who answers: zones, and the health checks by id. `callers`: each check's CallerReference."""

    zones: Zones
    checks: Mapping[str, HealthCheck] = field(default_factory=dict)
    callers: Mapping[str, str] = field(default_factory=dict)

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
    for item in items:
        _refuse_unknown(item, place)
    try:
        found = parse_zone("export", _apex(items), items)
    except UsageError as e:
        raise UsageError(f"{place}: {e}") from e
    return Routing(
        Zones({found.name: found}), *read_checks({"HealthChecks": []} if checks is None else checks)
    )


def read_checks(
    checks: Json, place: str = "health checks export"
) -> tuple[dict[str, HealthCheck], dict[str, str]]:
    """Health checks and their caller references, by id.

    :raises UsageError: cut short, foreign, or a check that is malformed.
    """
    items = rows(checks, "HealthChecks", place)
    return (
        {str(item.get("Id")): parse_check(item) for item in items},
        {str(item.get("Id")): str(item.get("CallerReference", "")) for item in items},
    )


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


def _refuse_unknown(item: Json, place: str) -> None:
    name = f"{item.get('Name', '?')} {item.get('Type', '?')}"
    if unknown := sorted(set(item) - MEMBERS):
        raise UsageError(f"{place}: record set {name}: unknown member or policy {unknown[0]}")
    given = [m for m in POLICY_MEMBERS if item.get(m) is not None and item[m] is not False]
    if item.get("SetIdentifier") and not given:
        raise UsageError(f"{place}: record set {name}: SetIdentifier without a routing policy")


def _apex(items: list[dict[str, Any]]) -> str:
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
