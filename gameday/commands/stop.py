"""`gameday stop`: ends a run of this machine, or by the kill switch every run of a target."""

from __future__ import annotations

import getpass
import os
from pathlib import Path

import click

from gameday import clock, kill_switch, runner, settings
from gameday.commands.text import Narrator
from gameday.errors import AwsError, RunError, UsageError

STOPPED_WITHIN_S = 120.0


@click.command()
@click.argument("run_dir", metavar="[RUN]", required=False, type=click.Path(path_type=Path))
@click.option(
    "--target",
    type=click.Path(path_type=Path),
    help="Set the kill switch of this target: its runs end on whatever machine they are.",
)
@click.option("--reason", metavar="TEXT", help="Why; it stands in the kill switch and in the run.")
@click.option("--release", is_flag=True, help="Release the target's kill switch.")
def stop(run_dir: Path | None, target: Path | None, reason: str | None, release: bool) -> None:
    """Stop the run that is under way (or RUN's); everything it changed is put back.

    With --target from any machine: the kill switch is set in every Region of the target. Its runs
    end within seconds, and none begins until it is released.
    """
    if target is not None:
        if run_dir is not None:
            raise UsageError("name a run of this machine, or a target; not both")
        _switch(target, reason, release)
    elif release or reason:
        raise UsageError("--reason and --release belong to --target FILE")
    else:
        _stop_here(run_dir)


def _switch(file: Path, reason: str | None, release: bool) -> None:
    with runner.environment({**os.environ, **runner.target_environment(file)}):
        target = settings.current()
        value = f"{reason or 'stop'} ({getpass.getuser()}, {clock.utc(clock.now())[:16]}Z)"
        done, failed = kill_switch.write(target, kill_switch.OFF if release else value)
    name = kill_switch.name(target)
    say = Narrator()
    say.say("released" if release else "stopped", f"{name} in {', '.join(done)}")
    if not release:
        say.say("release", f"gameday stop --target {file} --release")
    if failed:
        raise AwsError(f"{name} is not {'released' if release else 'set'}: {'; '.join(failed)}")


def _stop_here(run_dir: Path | None) -> None:
    root = Path.cwd()
    active = runner.active_runs(root)
    wanted = [run_dir.resolve()] if run_dir else list(active)
    if not active or any(w not in active for w in wanted):
        raise UsageError("no such run is under way" if run_dir else "no run is under way")
    for one in wanted:
        runner.ask_to_stop(one, active[one])
    gone = clock.Clock().wait_for(
        lambda: not set(wanted) & set(runner.active_runs(root)), STOPPED_WITHIN_S
    )
    if not gone:
        raise RunError(f"{wanted[0]} did not end; `gameday rollback {wanted[0]}` puts it back")
    Narrator().say("stopped", ", ".join(str(w.relative_to(root)) for w in wanted))
