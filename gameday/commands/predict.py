"""`gameday predict`: what losing a side of a name would look like. No lab and no account needed."""

from __future__ import annotations

import json
import sys
from dataclasses import fields
from pathlib import Path
from typing import Any

import click

from gameday.commands import routing_source
from gameday.commands.numbers import NOT_NEGATIVE, POSITIVE, SEED, Finite
from gameday.commands.routing_source import PATH, Source
from gameday.errors import UsageError
from gameday.load.behaviours import behaviours
from gameday.load.profiles import profile
from gameday.predict import text
from gameday.predict.behaviour import Behaviour
from gameday.predict.clients import Mode
from gameday.predict.crowd import Crowd
from gameday.predict.document import Question, document
from gameday.predict.kind import PERIOD_S, Kind

SHARE = Finite(0.01, 0.9999)
WITH_DEFAULT: dict[str, Any] = {"show_default": True}


@click.command()
@routing_source.options
@click.option("--rto", type=POSITIVE, help="Objective in s: say what meets it; exit 1 if missed.")
@click.option("--p", default=0.95, type=SHARE, help="Share of clients to meet it.", **WITH_DEFAULT)
@click.option(
    "--mode",
    default="errors",
    type=click.Choice(["errors", "black-hole"]),
    help="What a lost side does to requests.",
    **WITH_DEFAULT,
)
@click.option(
    "--clients",
    default=100_000,
    type=click.IntRange(1, 10**8),
    help="Clients of each kind.",
    **WITH_DEFAULT,
)
@click.option(
    "--resolvers",
    default=1_000,
    type=click.IntRange(1, 10**7),
    help="Resolver caches that they share.",
    **WITH_DEFAULT,
)
@click.option(
    "--connection-age",
    default=30.0,
    type=POSITIVE,
    help="Seconds after which pools drop a connection.",
    **WITH_DEFAULT,
)
@click.option(
    "--client",
    "more",
    multiple=True,
    metavar="PROFILE",
    help="A further kind of client, as `gameday run --clients` names it; repeatable.",
)
@click.option(
    "--propagation",
    default=0.0,
    type=NOT_NEGATIVE,
    help="Seconds from a red check to every name server (not documented by AWS).",
    **WITH_DEFAULT,
)
@click.option("--policies", is_flag=True, help="Compare the loss under four routing policies.")
@click.option("--seed", default=0, type=SEED, **WITH_DEFAULT)
@click.option("--json", "as_json", is_flag=True, help="Print the whole prediction as JSON.")
@click.option("--html", type=PATH, help="Write a page to pass on.")
def predict(**options: Any) -> None:
    """Who takes over and how long it takes, for each name with several answers.

    TEMPLATES are CloudFormation or SAM templates, or a stacks.yaml.
    """
    question = Question(
        rto_s=options["rto"], p=options["p"], mode=Mode(options["mode"]),
        crowd=Crowd(options["clients"], options["resolvers"]),
        connection_s=options["connection_age"], propagation_s=options["propagation"],
        policies=options["policies"], seed=options["seed"],
        more=tuple(kind_of(name) for name in dict.fromkeys(options["more"])),
    )  # fmt: skip
    source = Source(**{field.name: options[field.name] for field in fields(Source)})
    found = predicted(source, question)
    if options["html"]:
        write_page(options["html"], found)
    if options["as_json"]:
        click.echo(json.dumps(found, indent=2, allow_nan=False))
    else:
        for line in text.lines(found):
            click.echo(line)
    sys.exit(0 if question.rto_s is None or found["meets"] else 1)


def predicted(source: Source, question: Question) -> dict[str, Any]:
    """The prediction for what `source` says, as one document.

    :raises UsageError: the source cannot be read, or holds no name with several answers.
    """
    routing, name = source.routing()
    found = document(routing, question, name)
    if not found["names"]:
        raise UsageError(f"{name}: no name can be answered with more than one Region or endpoint")
    return found


def kind_of(name: str) -> Kind:
    """The kind of client that a load's profile of that name is.

    :raises UsageError: there is no such profile, or nobody can predict it.
    """
    how = Behaviour.of(name, behaviours([profile(name)])[name])
    reason = how.unpredictable(PERIOD_S, black_hole=False) if how else "unknown"
    if how is None or reason:
        raise UsageError(f"--client {name}: not predicted: {reason}")
    return Kind.of(name, how)


def write_page(path: Path, found: dict[str, Any]) -> None:
    """Write the prediction as a page.

    :raises UsageError: it cannot be written there.
    """
    from gameday.report.prediction import page

    try:
        path.write_text(page(found), encoding="utf-8")
    except OSError as e:
        raise UsageError(f"{path}: cannot write the page: {e.strerror}") from e
