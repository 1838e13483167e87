"""`gameday init`: what a repository of one's own needs to rehearse losing a Region."""

from __future__ import annotations

from pathlib import Path

import click

from gameday import init as scaffold
from gameday.commands.text import Narrator
from gameday.errors import UsageError

FILL_IN = "FILL-IN"


@click.command()
@click.option(
    "--template", type=click.Path(path_type=Path), help="Your SAM or CloudFormation file."
)
@click.option("--region", "regions", multiple=True, help="A Region it runs in; give two or more.")
@click.option("--reference", is_flag=True, help="Write the reference backend, too.")
def init(template: Path | None, regions: tuple[str, ...], reference: bool) -> None:
    """Write stacks.yaml, a target, an experiment, its runbook, a locustfile and a CI workflow.

    Nothing that is there is overwritten. Says what was recognised in the template and what not.
    """
    if not regions and reference:
        regions = ("us-east-1", "eu-west-1")
    if len(set(regions)) < 2:
        raise UsageError("name two Regions or more: --region us-east-1 --region eu-west-1")
    root, say = Path.cwd(), Narrator()
    plan = scaffold.plan(root, template, list(regions), reference)
    done = scaffold.write(plan, root)
    for label, lines in (
        ("wrote", done.written),
        ("kept", done.kept),
        ("found", plan.recognised),
        ("not found", plan.not_recognised),
    ):
        for line in lines:
            say.say(label, str(line))
    if open_files := [str(f.path) for f in plan.files if FILL_IN in f.text]:
        say.say("next", f"replace {FILL_IN} in {', '.join(open_files)}, then:")
    say.say("next", "gameday run experiments/region-outage.yaml")
