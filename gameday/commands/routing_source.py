"""Where a zone comes from: exports, templates, the running lab, or an account (read-only).

An account is asked three List calls and nothing else, and only on request.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import click

from gameday.errors import AwsError, UsageError
from gameday.route53.exports import Routing, read, read_checks, read_json
from gameday.route53.zone import Zone, Zones
from gameday.route53.zone_json import parse_zones

PATH = click.Path(path_type=Path)


@dataclass(frozen=True, slots=True)
class Source:
    """Where routing is read from; exactly one of templates, zones, lab and account is named."""

    templates: tuple[Path, ...] = ()
    zones: tuple[Path, ...] = ()
    health_checks: Path | None = None
    lab: str | None = None
    account: bool = False
    profile: str | None = None

    def routing(self) -> tuple[Routing, str]:
        """What it says, and its name.

        What it holds that nobody here knows is said on stderr.

        :raises UsageError: not exactly one source, or one that cannot be read.
        """
        found, name = self._routing()
        for note in found.notes:
            click.echo(f"note: {note}", err=True)
        return found, name

    def _routing(self) -> tuple[Routing, str]:
        named = [bool(self.templates), bool(self.zones), self.lab is not None, self.account]
        if sum(named) != 1:
            hint = " (health checks alone say nothing)" if self.health_checks else ""
            raise UsageError(f"name one source: TEMPLATES, --zone, --lab or --account{hint}")
        if self.templates:
            return from_templates(self.templates), _names(self.templates)
        if self.lab is not None:
            return from_lab(self.lab), f"lab {self.lab}"
        if self.account:
            return from_account(self.profile), "AWS account"
        found = from_exports(self.zones, self.health_checks)
        if self.health_checks is None and any(r.health_check for r in found.record_sets()):
            raise UsageError(f"{self.zones[0]}: its records use health checks: give --health-checks"
                             f" FILE, what `aws route53 list-health-checks` printed")  # fmt: skip
        return found, _names(self.zones)


def options(command: Callable[..., Any]) -> Callable[..., Any]:
    """The options of a command that reads routing; they are the members of `Source`."""
    for option in reversed((
        click.argument("templates", nargs=-1, type=PATH),
        click.option("--zone", "zones", multiple=True, type=PATH, help="What `aws route53 "
                     "list-resource-record-sets` printed; may be repeated."),
        click.option("--health-checks", type=PATH,
                     help="What `aws route53 list-health-checks` printed."),
        click.option("--lab", metavar="NAME", help="Ask the running lab of that name."),
        click.option("--account", is_flag=True, help="Ask AWS, by three List calls."),
        click.option("--profile", help="With --account: the AWS profile."),
    )):  # fmt: skip
        command = option(command)
    return command


def _names(paths: Sequence[Path]) -> str:
    return ", ".join(path.name for path in paths)


def from_exports(zones: Sequence[Path], checks: Path | None) -> Routing:
    """The routing of one or more zone exports and the export of the health checks.

    :raises UsageError: one that cannot be read, or two of one zone.
    """
    found: dict[str, Zone] = {}
    said: dict[str, Path] = {}
    notes: list[str] = []
    for path in zones:
        one = read(read_json(path), place=str(path))
        for name, zone in one.zones.by_name.items():
            if name in said:
                raise UsageError(
                    f"{said[name]} and {path} are both of zone {name}: give one of them; of a "
                    f"public and a private zone, the one that the clients ask"
                )
            found[name], said[name] = zone, path
        notes += one.notes
    ids, callers = read_checks(read_json(checks), str(checks)) if checks else ({}, {})
    return Routing(Zones(found), ids, callers, tuple(notes))


def from_templates(paths: Sequence[Path]) -> Routing:
    """The routing that templates would make; exports among them are read as such."""
    from gameday.commands import resolved  # the translator's modules are slow to import

    place = ", ".join(map(str, paths))
    return resolved.routing([one for path in paths for one in resolved.deployed(path)], place)


def from_lab(name: str) -> Routing:
    """What the name server and the checkers of a lab that is up work with.

    :raises LabError: none is up, or it does not answer.
    """
    from gameday.lab import handle

    body = handle.zones(handle.environment(Path.cwd() / ".gameday" / name))
    return Routing(parse_zones(body), *read_checks({"HealthChecks": body["health_checks"]}))


def from_account(profile: str | None) -> Routing:
    """The zones and health checks of the account that the AWS configuration or `profile` names."""
    click.echo("asking AWS: ListHostedZones, ListResourceRecordSets, ListHealthChecks", err=True)
    return _listed(profile)


def _listed(profile: str | None) -> Routing:
    import boto3
    from botocore.config import Config
    from botocore.exceptions import BotoCoreError, ClientError

    slow_and_patient = Config(retries={"mode": "standard", "total_max_attempts": 8})
    try:
        session = boto3.session.Session(profile_name=profile)
        route53 = session.client("route53", region_name="us-east-1", config=slow_and_patient)
        zones: dict[str, Routing] = {}
        for zone in _all(route53, "list_hosted_zones", "HostedZones"):
            if zone.get("Config", {}).get("PrivateZone"):  # may bear the name of a public one
                continue
            if zone["Name"] in zones:
                raise UsageError(f"the account has two public zones {zone['Name']}: export the one "
                                 f"that is delegated to, and give it as --zone")  # fmt: skip
            records = _all(route53, "list_resource_record_sets", "ResourceRecordSets",
                           HostedZoneId=zone["Id"])  # fmt: skip
            zones[zone["Name"]] = read({"ResourceRecordSets": records}, place=zone["Name"])
        checks = _all(route53, "list_health_checks", "HealthChecks")
    except ClientError as e:
        raise AwsError(f"reading Route 53: {e.response['Error'].get('Code')}: {e}") from e
    except BotoCoreError as e:
        raise AwsError(f"reading Route 53: {e}") from e
    if not zones:
        raise UsageError("the account has no public hosted zone")
    held = {name: zone for one in zones.values() for name, zone in one.zones.by_name.items()}
    notes = tuple(note for one in zones.values() for note in one.notes)
    return Routing(Zones(held), *read_checks({"HealthChecks": checks}), notes)


def _all(client: Any, operation: str, member: str, **arguments: Any) -> list[dict[str, Any]]:
    pages = client.get_paginator(operation).paginate(**arguments)
    return [row for page in pages for row in page[member]]
