"""The `gameday` command. Each verb's module is imported only when that verb is used."""

from __future__ import annotations

import importlib
import sys
from typing import Any

import click

from gameday import __version__, redact
from gameday.errors import GamedayError

COMMANDS = {
    "init": ("gameday.commands.init", "Write what a project needs to rehearse losing a Region."),
    "lab": ("gameday.commands.lab", "Bring the lab up or down, look into it, run a command in it."),
    "plan": ("gameday.commands.plan", "What an experiment would change, on what; changes nothing."),
    "run": ("gameday.commands.run", "Run an experiment, or a job file, and give a verdict."),
    "stop": ("gameday.commands.stop", "Stop a run, here or anywhere; everything is put back."),
    "status": ("gameday.commands.control", "What is broken at this moment, by which run."),
    "rollback": ("gameday.commands.control", "Put back what a run changed."),
    "predict": ("gameday.commands.predict", "Recovery time from a zone's settings; no lab needed."),
    "review": ("gameday.commands.review", "What in your files will not survive losing a Region."),
    "dns": ("gameday.commands.dns", "What the lab's DNS answers, and to whom."),
    "report": ("gameday.commands.report", "Compute a run's findings again and render them."),
}


class Verbs(click.Group):
    """The verbs above, loaded on use, so that `--help` stays instant."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, name: str) -> click.Command | None:
        if name not in COMMANDS:
            return None
        command: click.Command = getattr(importlib.import_module(COMMANDS[name][0]), name)
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl([(name, text) for name, (_, text) in COMMANDS.items()])

    def invoke(self, ctx: click.Context) -> Any:
        """Errors meant for people become one line and their own exit code."""
        try:
            return super().invoke(ctx)
        except GamedayError as error:
            click.echo(redact.text(f"gameday: {error}"), err=True)
            sys.exit(error.exit_code)
        except click.MissingParameter:
            raise  # with the usage, for somebody who does not know yet what there is to say
        except click.BadParameter as error:
            click.echo(f"gameday: {error.format_message()}", err=True)
            sys.exit(error.exit_code)
        except (KeyboardInterrupt, click.Abort):
            click.echo("gameday: stopped", err=True)
            sys.exit(4)


@click.command(cls=Verbs, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="gameday")
def main() -> None:
    """Rehearse losing an AWS Region: in a lab on this machine, then on AWS.

    Exit codes: 0 PASSED, 1 FAILED, 2 wrong usage, 3 ERROR, 4 STOPPED.
    """
