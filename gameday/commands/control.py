"""`gameday stop`, `status` and `rollback`: what goes on, and how it ends, from any terminal."""

from __future__ import annotations

import os
from pathlib import Path

import click

from gameday import clock, runner, undo
from gameday.commands.text import Narrator
from gameday.errors import RunError, UsageError
from gameday.lab import handle
from gameday.undo import UndoJournal

STOPPED_WITHIN_S = 120.0


@click.command()
@click.argument("run_dir", required=False, type=click.Path(path_type=Path))
def stop(run_dir: Path | None) -> None:
    """Stop the run that is under way (or RUN_DIR's); everything it changed is put back."""
    active = runner.active_runs(Path.cwd())
    wanted = [run_dir.resolve()] if run_dir else list(active)
    if not active or any(w not in active for w in wanted):
        raise UsageError("no such run is under way" if run_dir else "no run is under way")
    for one in wanted:
        runner.ask_to_stop(one, active[one])
    gone = clock.Clock().wait_for(
        lambda: not set(wanted) & set(runner.active_runs(Path.cwd())), STOPPED_WITHIN_S
    )
    if not gone:
        raise RunError(f"{wanted[0]} did not end; `gameday rollback {wanted[0]}` puts it back")
    Narrator().say("stopped", ", ".join(str(w.relative_to(Path.cwd())) for w in wanted))


@click.command()
def status() -> None:
    """Labs that are up, runs under way, and what is changed at this moment."""
    say, root = Narrator(), Path.cwd()
    for name in handle.names(root):
        say.say("lab", f"{name} is up")
    active = runner.active_runs(root)
    for run_dir, pids in active.items():
        say.say("run", f"{run_dir.relative_to(root)} is under way, process {pids['pid']}")
    changed = 0
    for file in sorted(root.glob("reports/runs/*/*/undo.jsonl")):
        try:
            records = [r for r in UndoJournal(file.parent).records() if r.state == "open"]
        except RunError as e:
            changed += 1
            say.say("unknown", str(e))
            continue
        for record in records:
            changed += 1
            since = clock.utc(record.at)
            say.say("changed", f"{record.setting} since {since} by {file.parent.name}")
    if not changed:
        say.say("changed", "nothing")


@click.command()
@click.argument("run_dir", required=False, type=click.Path(path_type=Path))
@click.option("--all", "every", is_flag=True, help="Every run that left something changed.")
@click.option("--force", is_flag=True, help="Also what somebody else has changed meanwhile.")
@click.option("--target", type=click.Path(path_type=Path), help="The target's env file.")
@click.option("--lab", "name", default="default", help="The lab in which the run took place.")
def rollback(
    run_dir: Path | None, every: bool, force: bool, target: Path | None, name: str
) -> None:
    """Put back what RUN_DIR (default: the latest run) changed. Safe to repeat."""
    say, root = Narrator(), Path.cwd()
    wanted = _runs(root, run_dir, every)
    if target:
        os.environ.update(runner.target_environment(target))
    elif not os.environ.get("GAMEDAY_ADMIN"):
        os.environ.update(handle.environment(root / ".gameday" / name))
    results, unread = [], list[str]()
    for one in wanted:
        try:
            result = undo.replay(one, force=force)
        except RunError as e:  # the others are put back all the same
            unread.append(str(e))
            continue
        results.append(result)
        say.say("put back", f"{one.name}: {result}")
    if unread:
        raise RunError("; ".join(unread))
    if not all(r.complete for r in results):
        if any(r.foreign for r in results):
            raise RunError("somebody else changed settings meanwhile; --force puts them back, too")
        raise RunError("not everything is put back; run `gameday rollback` again, or see undo.sh")


def _runs(root: Path, run_dir: Path | None, every: bool) -> list[Path]:
    if every:
        return [p.parent for p in sorted(root.glob("reports/runs/*/*/undo.jsonl"))]
    one = run_dir or root / "reports" / "latest"
    if not (one / "undo.jsonl").exists():
        raise UsageError(f"{one}: no run with an undo journal; name one of reports/runs/")
    return [one.resolve()]
