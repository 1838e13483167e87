"""Where `gameday dns answer` gets its records, health and clients: an export, or a running lab."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import click

from gameday.commands.routing_source import from_exports
from gameday.errors import UsageError
from gameday.lab import handle
from gameday.lab.alias_targets import AliasTargets
from gameday.lab.networks import default_networks, read_networks
from gameday.route53 import health
from gameday.route53.answer import External, Externals
from gameday.route53.check import HealthCheck, parse_check
from gameday.route53.zone import Zones
from gameday.route53.zone_json import parse_zones

Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Source:
    """Everything that an answer follows from, but the question and who asks."""

    zones: Zones
    health: Mapping[str, bool]
    checks: Mapping[str, HealthCheck]
    outside: Externals
    networks: list[Json]
    forced: Mapping[str, bool] = field(default_factory=dict)  # an operator's word, by check

    def with_unhealthy(self, check_ids: Iterable[str]) -> Source:
        """The same with these health checks red, and what is calculated from them.

        :raises UsageError: neither a record nor an export knows a check.
        """
        red = set(check_ids)
        used = {r.health_check for z in self.zones.by_name.values() for r in z.record_sets()}
        if unknown := sorted(red - used - self.checks.keys()):
            raise UsageError(f"--unhealthy: no record set uses health check {unknown[0]}")
        if not red:
            return self
        given = dict.fromkeys(red, False)
        leaves = {
            check_id: healthy
            for check_id, healthy in self.health.items()
            if check_id in self.checks and self.checks[check_id].type != "CALCULATED"
        }
        settled = health.statuses(self.checks, {}, leaves | given)
        return replace(self, health={**self.health, **given, **settled})


def from_export(zone: Path, checks: Path | None, networks: Path | None) -> Source:
    """An export: every check is healthy, and an alias target outside the zone is its own name."""
    found = from_exports([zone], checks)
    for note in found.notes:
        click.echo(f"note: {note}", err=True)
    regions = sorted({r.region for r in found.record_sets() if r.region})
    given = read_networks(networks) if networks else None
    start = health.statuses(found.checks, {})
    outside, clients = _own_names(found.zones), given or default_networks(regions)
    return Source(found.zones, start, found.checks, outside, clients)


def _own_names(zones: Zones) -> Externals:
    """An alias target outside the zones has no address in an export: its name stands for it."""
    targets = {r.alias.name for z in zones.by_name.values() for r in z.record_sets() if r.alias}

    def find(name: str) -> External | None:
        return External({"A": (name,), "AAAA": (name,)}) if name in targets else None

    return find


def from_lab(folder: Path) -> Source:
    """The lab that is up in `folder`, as its name server and its checkers see it at this moment.

    :raises LabError: none is up, or it does not answer.
    """
    env = handle.environment(folder)
    status, body = handle.call(env, "GET", "/status"), handle.zones(env)
    outside = AliasTargets({n: r["address"] for n, r in status["regions"].items()})
    outside.stand_in(status["resources"])
    seen = (status["processes"]["checkers"]["status"] or {}).get("checks", {})
    file = Path(env["GAMEDAY_NETWORKS_FILE"])
    return Source(
        parse_zones(body),
        {check: bool(found["healthy"]) for check, found in seen.items()},
        {c["Id"]: parse_check(c) for c in body["health_checks"]},
        outside,
        read_networks(file),
        status["forced"],
    )
