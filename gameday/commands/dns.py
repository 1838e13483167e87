"""`gameday dns`: what Route 53 would answer and why, and each change of the live answer."""

from __future__ import annotations

import json
import random
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

import click
from dns import rdatatype
from dns.exception import DNSException

from gameday import clock, resolver, settings
from gameday.commands import dns_source
from gameday.commands.numbers import POSITIVE, SEED
from gameday.errors import UsageError
from gameday.lab import handle
from gameday.lab.networks import Networks
from gameday.route53.answer import Answer
from gameday.route53.client import Client
from gameday.route53.routing import answer as route

POLL_WALL_S = 0.1


@click.group()
def dns() -> None:
    """Answers of Route 53's rules: from an export, or live from the lab."""


@dns.command()
@click.argument("name")
@click.argument("rtype", default="A")
@click.option("--zone", type=click.Path(path_type=Path), help="An export (default: the lab).")
@click.option("--health-checks", type=click.Path(path_type=Path), help="Its health checks.")
@click.option("--lab", "lab_name", default="default", help="The lab that is asked without --zone.")
@click.option("--networks", type=click.Path(path_type=Path, exists=True), help="Where clients are.")
@click.option("--from", "network", help="The network that asks (default: the first).")
@click.option("--unhealthy", default="", help="Health check ids that are red, comma-separated.")
@click.option("--seed", default=0, type=SEED, show_default=True, help="For weighted choices.")
@click.option("--json", "as_json", is_flag=True)
def answer(name: str, rtype: str, zone: Path | None, as_json: bool, **options: Any) -> None:
    """The answer to NAME TYPE and the path through the records that led to it."""
    rtype = _type(rtype)
    if zone is None:
        source = dns_source.from_lab(Path.cwd() / ".gameday" / options["lab_name"])
    else:
        source = dns_source.from_export(zone, options["health_checks"], options["networks"])
    source = source.with_unhealthy(filter(None, options["unhealthy"].split(",")))
    client = _client(source.networks, options["network"])
    rng = random.Random(options["seed"])
    given = route(source.zones, name, rtype, client, source.health, rng, source.outside)
    if as_json:
        click.echo(json.dumps(asdict(given) | {"forced": dict(source.forced)}, indent=2))
    else:
        for line in answer_lines(given, client, source.forced):
            click.echo(line)


def _type(given: str) -> str:
    """A type's name in capitals; `TYPE65` is HTTPS."""
    try:
        return str(rdatatype.to_text(rdatatype.from_text(given)))
    except (DNSException, ValueError):
        raise UsageError(
            f"{given}: not a type of DNS records; A, AAAA and CNAME are, for example"
        ) from None


def _client(items: list[dict[str, Any]], network: str | None) -> Client:
    clients = {c.network: c for c in Networks(items).clients}
    if network is None:
        return next(iter(clients.values()), Client())
    if network not in clients:
        raise UsageError(f"--from {network}: known networks are {', '.join(clients) or 'none'}")
    return clients[network]


def answer_lines(given: Answer, client: Client, forced: Mapping[str, bool]) -> list[str]:
    """The answer, each record that was considered, and the checks that an operator has forced."""
    text = [f"{given.rcode}, asked from {client.network}"]
    text += [f"  {r.name}  {r.ttl_s}  {r.type}  {v}" for r in given.records for v in r.values]
    text.append("path:")
    for step in given.path:
        mark = "chosen " if step.chosen else "passed "
        health = "healthy" if step.healthy else "UNHEALTHY"
        label = f" [{step.set_identifier}]" if step.set_identifier else ""
        text.append(f"  {mark} {step.name} {step.type}{label}  {health}: {step.why}")
    text += [
        f"forced by an operator: health check {check} {'healthy' if healthy else 'UNHEALTHY'}"
        for check, healthy in forced.items()
    ]
    return text


@dns.command()
@click.argument("name", required=False)
@click.option("--lab", "lab_name", default="default")
@click.option("--for", "for_s", type=POSITIVE, help="Stop after so many seconds of wall time.")
def watch(name: str | None, lab_name: str, for_s: float | None) -> None:
    """Print each change of the live answer to NAME (default: the endpoint), with its time."""
    env = handle.environment(Path.cwd() / ".gameday" / lab_name)
    target = settings.current(env)
    wanted = name or target.endpoint
    if wanted is None or target.dns is None:
        raise UsageError("name what to watch: `gameday dns watch NAME`")
    networks = resolver.read_networks(target.networks_file)
    last: dict[str, str] = {}
    end = clock.monotonic() + for_s if for_s else float("inf")
    while clock.monotonic() < end:
        for network in networks:
            found = resolver.query(target.dns, wanted, network.cidr)
            if last.get(network.id) != said(found):
                last[network.id] = said(found)
                click.echo(f"{clock.utc(found.at)} {network.id}: {wanted} {said(found)}")
        clock.sleep_wall(POLL_WALL_S)


def said(found: resolver.Answer) -> str:
    """What an answer says: its addresses, whose turns are no change; else a CNAME or the rcode."""
    if found.leads_to and found.rcode == "NOERROR":
        return f"CNAME {found.leads_to}"
    return " ".join(sorted(found.addresses)) or found.rcode
