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
from gameday.route53.check import parse_check
from gameday.route53.zone import Zone, canonical, parse_zone

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
    left_out: tuple[str, ...] = ()  # names that a traffic policy answers for

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
    record_sets = [r for r in rows if not is_policy_record(r)]
    checks: list[Json] = []
    if health_checks:
        place = str(health_checks)
        checks = exports.rows(exports.read_json(health_checks), "HealthChecks", place)
    name = next((str(r.get("Name")) for r in record_sets if r.get("Type") == "SOA"), None)
    if name is None:
        raise UsageError(f"{zone}: no SOA record: export the whole zone")
    try:
        left_out = tuple(str(r.get("Name")) for r in rows if is_policy_record(r))
        apex = canonical(name)
        export = ZoneExport(_id(apex, record_sets), apex, record_sets, checks, left_out)
        used = {r.health_check for r in export.parsed().record_sets()}
    except UsageError as e:
        raise UsageError(f"{zone}: {e}") from e
    try:
        for check in checks:
            parse_check(check)
    except UsageError as e:
        raise UsageError(f"{health_checks}: {e}") from e
    missing = sorted(filter(None, used - {c["Id"] for c in checks}))
    if health_checks and missing:
        raise UsageError(f"{zone}: health check {missing[0]} is not in {health_checks}")
    return export


def is_policy_record(record: Mapping[str, Any]) -> bool:
    """Whether it stands for a traffic policy instance, whose tree no export holds."""
    return "TrafficPolicyInstanceId" in record and not (
        record.get("AliasTarget") or record.get("ResourceRecords")
    )


def _id(name: str, record_sets: Iterable[Json]) -> str:
    for record in record_sets:
        alias = record.get("AliasTarget") or {}
        target = canonical(str(alias.get("DNSName", "")))
        if target == name or target.endswith("." + name):
            return str(alias.get("HostedZoneId", UNKNOWN_ID)).rpartition("/")[2]
    return UNKNOWN_ID


def warnings(export: ZoneExport, regions: Mapping[str, Mapping[str, Any]]) -> list[str]:
    """What aliases point at that neither a record nor a Region of the lab stands behind."""
    zone = export.parsed()
    known = AliasTargets({name: region["address"] for name, region in regions.items()})
    names = sorted({r.alias.name for r in zone.record_sets() if r.alias})
    policies = [
        f"{name} is answered by a traffic policy, which the export does not hold: create it here"
        for name in export.left_out
    ]
    return policies + [
        f"nothing stands behind alias target {name}: PUT /resources/{name} gives it an address"
        for name in names
        if not zone.contains(name) and known(name) is None
    ]
