"""What `gameday run` was told to run, each experiment with its overrides, checked before it begins.

What no run could use is refused here, in one line, before a lab is started.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import click

from gameday import experiment, jobs
from gameday.commands.numbers import OBJECTIVE, POSITIVE, RATE
from gameday.commands.word import said
from gameday.controls import locustfile
from gameday.errors import UsageError
from gameday.load import profiles
from gameday.workload import workload

Order = tuple[Path, dict[str, str]]
"""An experiment's file, and the GAMEDAY_ settings of its run."""

TEXTS = {
    "GAMEDAY_CLIENTS": "--clients", "GAMEDAY_LOAD": "--load",
    "GAMEDAY_LOCUSTFILE": "--locustfile", "GAMEDAY_REGION": "--region",
}  # fmt: skip
"""Settings of a run that are text, and their options."""

NUMBERS = {
    "GAMEDAY_RATE_PER_S": ("--rate", RATE), "GAMEDAY_RTO_S": ("--rto", POSITIVE),
    "GAMEDAY_RPO_S": ("--rpo", OBJECTIVE),
}  # fmt: skip
"""Those that are numbers; a job's file and a variable give them as well as the options."""


def orders_of(file: Path, options: Mapping[str, Any], web_port: str | None) -> list[Order]:
    """Each experiment of FILE to run, in order; those of a job with the job's overrides.

    :raises UsageError: something of which no run could be made.
    """
    given = {"GAMEDAY_CLIENTS": options["clients"], "GAMEDAY_RATE_PER_S": options["rate"],
             "GAMEDAY_LOAD": options["load"], "GAMEDAY_REGION": options["region"],
             "GAMEDAY_RTO_S": options["rto"], "GAMEDAY_RPO_S": options["rpo"],
             "GAMEDAY_LOCUSTFILE": options["locustfile"], "GAMEDAY_WEB_PORT": web_port}  # fmt: skip
    extra = {name: str(value) for name, value in given.items() if value is not None}
    extra |= said(options)
    if jobs.is_job(file):
        orders = [(e.file, e.overrides() | extra) for e in jobs.load(file).experiments]
    else:
        orders = [(file, extra)]
    bodies = {one: experiment.read(one) for one, _ in orders}
    for one, overrides in orders:
        mix = experiment.mix(bodies[one])
        _check({"GAMEDAY_CLIENTS": mix, **overrides} if mix else overrides)
    if users := extra.get("GAMEDAY_LOCUSTFILE") or os.environ.get("GAMEDAY_LOCUSTFILE"):
        _try({users: "--locustfile "})
    elif not os.environ.get("GAMEDAY_LOAD_RUNNING"):
        loads = ((experiment.load_file(body), one) for one, body in bodies.items())
        _try({users: f"{one}: extensions[gameday].load.file: " for users, one in loads if users})
    return orders


def _check(overrides: Mapping[str, str]) -> None:
    """Refuse a mix of clients, a rate or an objective that makes no sense."""
    for name, option in TEXTS.items():
        if name in overrides and not overrides[name].strip():
            raise UsageError(f"{option} '': say what, or leave the option away")
    of_the_load = (*TEXTS, "GAMEDAY_RATE_PER_S")  # the objectives are the target's
    given = {**{n: os.environ[n] for n in of_the_load if os.environ.get(n)}, **overrides}
    if clients := given.get("GAMEDAY_CLIENTS"):
        profiles.parse_mix(clients)
    workload.parse(given.get("GAMEDAY_LOAD", ""))
    for name, (option, kind) in NUMBERS.items():
        try:
            if name in given:
                kind.convert(given[name], None, None)
        except click.BadParameter as e:
            raise UsageError(f"{option} {given[name]}: {e.message}") from e


def _try(files: Mapping[str, str]) -> None:
    """Refuse a locustfile of which no run could make a load.

    :param files: each with where it is named.
    :raises UsageError: it is not there, or does not import.
    """
    for name, place in files.items():
        if not Path(name).is_file():
            raise UsageError(f"{place}{name}: no such file in {Path.cwd()}")
        if reason := locustfile.unusable(Path(name)):
            raise UsageError(f"{place}{reason}")
