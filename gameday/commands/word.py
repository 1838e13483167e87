"""Options that say by whose word a run may break something: of `gameday run` and `gameday plan`."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import click

from gameday import limits

OPTIONS = (
    click.option(
        "--confirm", metavar="ACCOUNT:REGION", multiple=True,
        help="On AWS: what will be hit, exactly; without it a dry run.",
    ),
    click.option("--approved-by", metavar="NAME", help="Who approved this run; it is recorded."),
    click.option(
        "--without-prerequisites", metavar="REASON",
        help="Lose a Region that was not evacuated before; the reason is recorded.",
    ),
    click.option("--unattended", is_flag=True, help="Nobody watches: stop at the least harm."),
)  # fmt: skip

NAMES = {
    "approved_by": "GAMEDAY_APPROVED_BY",
    "without_prerequisites": "GAMEDAY_WITHOUT_PREREQUISITES",
}


def word_options(command: Callable[..., None]) -> Callable[..., None]:
    """Give `command` the options."""
    for option in reversed(OPTIONS):
        command = option(command)
    return command


def said(options: Mapping[str, Any]) -> dict[str, str]:
    """The options that were given, as settings of the run.

    :raises TargetError: one of them is not of its form.
    """
    found = {name: str(options[option]) for option, name in NAMES.items() if options[option]}
    if options["confirm"]:
        found["GAMEDAY_CONFIRM"] = ",".join(options["confirm"])
    if options["unattended"]:
        found["GAMEDAY_UNATTENDED"] = "1"
    limits.limits(found)
    return found
