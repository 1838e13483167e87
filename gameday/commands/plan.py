"""`gameday plan`: what an experiment would change and put at stake; or the IAM policy it needs."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import click

from gameday import runner
from gameday.commands.lab import lab_options
from gameday.commands.run import check_region, target_of
from gameday.commands.survey import as_json as as_object
from gameday.commands.survey import lines, survey
from gameday.commands.text import Narrator
from gameday.commands.word import said, word_options
from gameday.errors import UsageError


@click.command()
@click.argument("file", type=click.Path(path_type=Path))
@lab_options
@word_options
@click.option("--region", help="The Region to lose (default: the home Region).")
@click.option("--target", type=click.Path(path_type=Path), help="A target's env file.")
@click.option("--iam", is_flag=True, help="Print the least IAM policy it needs, as JSON.")
@click.option("--json", "as_json", is_flag=True, help="Print the plan as JSON.")
def plan(file: Path, iam: bool, as_json: bool, **options: Any) -> None:
    """Say what FILE would change, with its undo, what is at stake, and what each guard answers.

    Nothing is changed.
    """
    if not file.exists():
        raise UsageError(f"{file}: no such file; shipped experiments are in experiments/")
    with target_of(options, Narrator(err=True)) as env:
        region = options["region"] or env.get("GAMEDAY_REGION")
        check_region(region, env)
        words = {**os.environ, **env, **said(options), "GAMEDAY_REGION": str(region)}
        with runner.environment(words):
            found = survey(file)
    if iam:
        click.echo(json.dumps(found.policy, indent=2))
    elif as_json:
        click.echo(json.dumps(as_object(found), indent=2))
    else:
        for label, text in lines(found):
            click.echo(f"  {label:<11} {text}".rstrip())
