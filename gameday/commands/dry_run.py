"""Runs on AWS begin with a dry run: the plan and every guard, and nothing is changed."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from pathlib import Path

from gameday import runner, settings
from gameday.commands.survey import lines, survey
from gameday.commands.text import Narrator
from gameday.errors import Refused
from gameday.guard import prerequisites

Order = tuple[Path, dict[str, str]]  # an experiment, and what it overrides


def is_dry(orders: Sequence[Order], env: Mapping[str, str]) -> bool:
    """Whether the target is AWS and nothing was confirmed, by an option or in the environment."""
    given = [settings.current({**os.environ, **env, **extra}) for _, extra in orders]
    return any(target.is_aws and not target.limits.confirm for target in given)


def dry_run(orders: Sequence[Order], env: Mapping[str, str], say: Narrator) -> None:
    """Show the plan of each experiment and what every guard answers.

    :raises Refused: a guard other than the confirmation would refuse.
    """
    refused: dict[str, str] = {}
    earlier: set[str] = set()
    for file, extra in orders:
        with runner.environment({**os.environ, **env, **extra}):
            found = survey(file)
        for label, text in lines(found):
            say.say(label, text)
        say.say("dry run", found.guards["confirmation"].text)
        left = {k: v for k, v in found.refusals.items() if k != "confirmation"}
        if earlier >= set(prerequisites.needed(file.stem, stops_serving=True)):
            left.pop("prerequisites", None)  # the job itself runs them before this one
        refused |= {f"{file.stem}, {name}": why for name, why in left.items()}
        earlier.add(file.stem)
    if refused:
        count = f"{len(refused)} guard{'' if len(refused) == 1 else 's'}"
        raise Refused(f"{count} would refuse it: {_listed(refused)}")


def _listed(refused: Mapping[str, str]) -> str:
    return "; ".join(f"{name}: {why}" for name, why in refused.items())
