"""`gameday predict`: what losing a side of a name would look like. No lab and no account needed."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import click

from gameday.commands import routing_source
from gameday.errors import UsageError
from gameday.predict import text
from gameday.predict.clients import Mode
from gameday.predict.crowd import Crowd
from gameday.predict.document import Question, document
from gameday.route53.exports import Routing
from gameday.route53.exports import read_json as read_export

__all__ = ["predict", "read_export"]

PATH = click.Path(path_type=Path)
POSITIVE = click.FloatRange(min=0, min_open=True)


@click.command()
@click.argument("templates", nargs=-1, type=PATH)
@click.option(
    "--zone",
    multiple=True,
    type=PATH,
    help="What `aws route53 list-resource-record-sets` printed; may be repeated.",
)
@click.option("--health-checks", type=PATH, help="What `aws route53 list-health-checks` printed.")
@click.option("--lab", metavar="NAME", help="Ask the running lab of that name.")
@click.option("--account", is_flag=True, help="Ask AWS, by three List calls.")
@click.option("--profile", help="With --account: the AWS profile.")
@click.option(
    "--rto", type=POSITIVE, help="Objective in seconds: say what meets it; exit 1 if missed."
)
@click.option(
    "--p",
    default=0.95,
    show_default=True,
    type=click.FloatRange(0.01, 0.9999),
    help="The share of clients that must meet the objective.",
)
@click.option(
    "--mode",
    default="errors",
    show_default=True,
    type=click.Choice(["errors", "black-hole"]),
    help="What a lost side does to requests.",
)
@click.option(
    "--clients",
    default=100_000,
    show_default=True,
    type=click.IntRange(1, 10**8),
    help="Clients of each kind.",
)
@click.option(
    "--resolvers",
    default=1_000,
    show_default=True,
    type=click.IntRange(1, 10**7),
    help="Resolver caches that they share.",
)
@click.option(
    "--connection-age",
    default=30.0,
    show_default=True,
    type=POSITIVE,
    help="Seconds after which pools drop a connection.",
)
@click.option(
    "--propagation",
    default=0.0,
    show_default=True,
    type=click.FloatRange(min=0),
    help="Seconds from a red check to every name server (not documented by AWS).",
)
@click.option("--policies", is_flag=True, help="Compare the loss under four routing policies.")
@click.option("--seed", default=0, show_default=True)
@click.option("--json", "as_json", is_flag=True, help="Print the whole prediction as JSON.")
@click.option("--html", type=PATH, help="Write a page to pass on.")
def predict(templates: tuple[Path, ...], **options: Any) -> None:
    """Who takes over and how long it takes, for each name with several answers.

    TEMPLATES are CloudFormation or SAM templates, or a stacks.yaml.
    """
    routing, source = _routing(templates, options)
    question = Question(
        rto_s=options["rto"], p=options["p"], mode=Mode(options["mode"]),
        crowd=Crowd(options["clients"], options["resolvers"]),
        connection_s=options["connection_age"], propagation_s=options["propagation"],
        policies=options["policies"], seed=options["seed"],
    )  # fmt: skip
    found = document(routing, question, source)
    if not found["names"]:
        raise UsageError(f"{source}: no name can be answered with more than one Region or endpoint")
    if options["html"]:
        _write_page(options["html"], found)
    if options["as_json"]:
        click.echo(json.dumps(found, indent=2, allow_nan=False))
    else:
        for line in text.lines(found):
            click.echo(line)
    sys.exit(1 if found["meets"] is False else 0)


def _write_page(path: Path, found: dict[str, Any]) -> None:
    from gameday.report.prediction import page

    try:
        path.write_text(page(found), encoding="utf-8")
    except OSError as e:
        raise UsageError(f"{path}: cannot write the page: {e.strerror}") from e


def _routing(templates: tuple[Path, ...], options: dict[str, Any]) -> tuple[Routing, str]:
    """The one source that was named, and its name."""
    named = [
        bool(templates), bool(options["zone"]), options["lab"] is not None, options["account"]
    ]  # fmt: skip
    if sum(named) != 1:
        hint = " (health checks alone say nothing)" if options["health_checks"] else ""
        raise UsageError(f"name one source: TEMPLATES, --zone, --lab or --account{hint}")
    if templates:
        return routing_source.from_templates(templates), ", ".join(p.name for p in templates)
    if options["lab"] is not None:
        return routing_source.from_lab(options["lab"]), f"lab {options['lab']}"
    if options["account"]:
        return routing_source.from_account(options["profile"]), "AWS account"
    zones: tuple[Path, ...] = options["zone"]
    found = routing_source.from_exports(zones, options["health_checks"])
    if options["health_checks"] is None and any(r.health_check for r in found.record_sets()):
        raise UsageError(f"{zones[0]}: its records use health checks: give --health-checks FILE, "
                         f"what `aws route53 list-health-checks` printed")  # fmt: skip
    return found, ", ".join(p.name for p in zones)
