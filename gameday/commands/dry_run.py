"""Runs on AWS begin with a dry run: the plan and every guard, and nothing is changed."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from pathlib import Path

from gameday import runner, settings
from gameday.commands.survey import lines, survey
from gameday.commands.text import Narrator
from gameday.errors import Refused

Order = tuple[Path, dict[str, str]]  # an experiment, and what it overrides


def is_dry(orders: Sequence[Order], env: Mapping[str, str]) -> bool:
    """Whether the target is AWS and nothing was confirmed."""
    given = [settings.current({**env, **extra}) for _, extra in orders]
    return any(target.is_aws and not target.limits.confirm for target in given)


def dry_run(orders: Sequence[Order], env: Mapping[str, str], say: Narrator) -> None:
    """Show the plan of each experiment and what every guard answers.

    :raises Refused: a guard other than the confirmation would refuse.
    """
    refused: dict[str, str] = {}
    for file, extra in orders:
        with runner.environment({**os.environ, **env, **extra}):
            found = survey(file)
        for label, text in lines(found):
            say.say(label, text)
        words = found.guards["confirmation"].text
        refused |= {k: v for k, v in found.refusals.items() if k != "confirmation"}
        say.say("dry run", words)
    if refused:
        count = f"{len(refused)} guard{'' if len(refused) == 1 else 's'}"
        raise Refused(f"{count} would refuse it: {'; '.join(refused.values())}")
