"""An exported zone as the lab takes it over: two files that the `aws` CLI printed.

`aws route53 list-resource-record-sets` does not name the zone: its name is that of the SOA record,
its id that of an alias that points back into it, where there is one.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from gameday.errors import UsageError
from gameday.lab.alias_targets import AliasTargets
from gameday.route53 import exports
from gameday.route53.record_data import name_problem, value_problem
from gameday.route53.zone import RecordSet, Zone, canonical
from gameday.route53.zone_json import parse_zone

Json = dict[str, Any]

UNKNOWN_ID = "ZEXPORTEDZONE"
REGION = re.compile(r"[a-z]{2}(?:-[a-z]+)+-\d")
DEFAULT_REGION = "us-east-1"


@dataclass(frozen=True, slots=True)
class ZoneExport:
    """A zone and its health checks, as AWS's JSON that has been found to be well-formed."""

    id: str
    name: str
    record_sets: list[Json]
    health_checks: list[Json]
    notes: tuple[str, ...] = ()  # what it holds that nobody here knows

    @property
    def regions(self) -> tuple[str, ...]:
        """The Regions that records name: by latency, else in their alias targets."""
        named = [r["Region"] for r in self.record_sets if r.get("Region")]
        targets = [r["AliasTarget"]["DNSName"] for r in self.record_sets if "AliasTarget" in r]
        for target in targets:
            named += [part for part in target.split(".") if REGION.fullmatch(part)]
        return tuple(dict.fromkeys(named)) or (DEFAULT_REGION,)

    def parsed(self) -> Zone:
        """The zone as routing takes it."""
        return parse_zone(self.id, self.name, self.record_sets)


def read_zone(zone: Path, health_checks: Path | None = None) -> ZoneExport:
    """The zone in the two files.

    :raises UsageError: one line with the file, the record set or the check, and what is wrong.
    """
    rows = exports.rows(exports.read_json(zone), "ResourceRecordSets", str(zone))
    record_sets = [r for r in rows if not exports.is_policy_record(r)]
    parsed = exports.parse(record_sets, str(zone))
    if not parsed.group(parsed.name, "SOA"):
        raise UsageError(f"{zone}: no SOA record: export the whole zone")
    try:
        for record in parsed.record_sets():
            _refuse_unanswerable(record)
        notes = tuple(exports.notes(rows, parsed))
    except UsageError as e:
        raise UsageError(f"{zone}: {e}") from e
    checks: list[Json] = []
    if health_checks:
        body = exports.read_json(health_checks)
        known, _ = exports.read_checks(body, str(health_checks))
        checks = exports.rows(body, "HealthChecks", str(health_checks))
        used = {r.health_check for r in parsed.record_sets() if r.health_check}
        if missing := sorted(used - known.keys()):
            raise UsageError(f"{zone}: health check {missing[0]} is not in {health_checks}")
    return ZoneExport(_id(parsed.name, record_sets), parsed.name, record_sets, checks, notes)


def _refuse_unanswerable(record: RecordSet) -> None:
    """A name or an address that cannot be put into an answer."""
    problems = [name_problem(record.name)]
    if record.type in ("A", "AAAA"):
        problems += [value_problem(record.type, value) for value in record.values]
    if found := next(filter(None, problems), None):
        raise UsageError(f"record set {record.label}: {found}")


def _id(name: str, record_sets: Iterable[Json]) -> str:
    for record in record_sets:
        alias = record.get("AliasTarget") or {}
        target = canonical(str(alias.get("DNSName", "")))
        if target == name or target.endswith("." + name):
            return str(alias.get("HostedZoneId", UNKNOWN_ID)).rpartition("/")[2]
    return UNKNOWN_ID


def warnings(export: ZoneExport, regions: Mapping[str, Mapping[str, Any]]) -> list[str]:
    """What nobody here knows, and alias targets that neither a record nor a Region is behind."""
    zone = export.parsed()
    known = AliasTargets({name: region["address"] for name, region in regions.items()})
    names = sorted({r.alias.name for r in zone.record_sets() if r.alias})
    return [*export.notes] + [
        f"nothing stands behind alias target {name}: PUT /resources/{name} gives it an address"
        for name in names
        if not zone.contains(name) and known(name) is None
    ]
