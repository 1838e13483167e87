"""`gameday status` and `rollback`: what is changed at this moment, and how it is put back."""

from __future__ import annotations

import json
import os
from pathlib import Path

import click

from gameday import clock, runner, settings, undo
from gameday.commands.text import Narrator
from gameday.errors import RunError, UsageError
from gameday.lab import handle
from gameday.undo import UndoJournal


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
            since, run = clock.utc(record.at), f"{file.parent.parent.name}/{file.parent.name}"
            say.say("changed", f"{record.setting} since {since} by {_who(file.parent)} in {run}")
    if not changed:
        say.say("changed", "nothing")


def _who(run_dir: Path) -> str:
    """Who began the run; a journal that came without its run says nothing of it."""
    try:
        return str(json.loads((run_dir / "run.json").read_text())["who"])
    except (OSError, ValueError, KeyError):
        return "somebody"


@click.command()
@click.argument("run_dir", metavar="[RUN]", required=False, type=click.Path(path_type=Path))
@click.option("--all", "every", is_flag=True, help="Every run that left something changed.")
@click.option("--force", is_flag=True, help="Also what somebody else has changed meanwhile.")
@click.option("--from-copy", is_flag=True, help="By the target's GAMEDAY_UNDO_COPY, from anywhere.")
@click.option("--target", type=click.Path(path_type=Path), help="The target's env file.")
@click.option("--lab", "name", default="default", help="The lab in which the run took place.")
def rollback(
    run_dir: Path | None, every: bool, force: bool, from_copy: bool, target: Path | None, name: str
) -> None:
    """Put back what RUN (a run directory; default: the latest) changed. Safe to repeat.

    With --from-copy RUN is EXPERIMENT/ID, and nothing of the run is needed but the copy.
    """
    say, root = Narrator(), Path.cwd()
    if not from_copy:
        wanted = _runs(root, run_dir, every)
    if target:
        os.environ.update(runner.target_environment(target))
    elif not os.environ.get("GAMEDAY_ADMIN"):
        os.environ.update(handle.environment(root / ".gameday" / name))
    if from_copy:
        wanted = _fetched(root / ".gameday" / "undo-copies", run_dir, every)
    results, unread = [], list[str]()
    for one in wanted:
        try:
            result = _put_back(one, force)
        except RunError as e:  # the others are put back all the same
            unread.append(str(e))
            continue
        results.append(result)
        say.say("put back", f"{one.parent.name}/{one.name}: {result}")
    if unread:
        raise RunError("; ".join(unread))
    if not all(r.complete for r in results):
        if any(r.foreign for r in results):
            raise RunError("somebody else changed settings meanwhile; --force puts them back, too")
        raise RunError("not everything is put back; run `gameday rollback` again, or see undo.sh")


def _put_back(run_dir: Path, force: bool) -> undo.Result:
    """Take the run over and put it back. A journal that cannot be read is not taken over."""
    journal = UndoJournal(run_dir)
    journal.records()
    journal.take(f"rollback {os.getpid()}")
    return undo.put_back(journal, by="rollback", force=force)


def _runs(root: Path, run_dir: Path | None, every: bool) -> list[Path]:
    if every:
        found = (p.parent for p in sorted(root.glob("reports/runs/*/*/undo.jsonl")))
        return [one for one in found if _holds_something(one)]
    one = run_dir or root / "reports" / "latest"
    if not (one / "undo.jsonl").exists():
        raise UsageError(f"{one}: no run with an undo journal; name one of reports/runs/")
    return [one.resolve()]


def _holds_something(run_dir: Path) -> bool:
    """Whether the run left something changed; one that cannot be read may have."""
    try:
        return any(r.state == "open" for r in UndoJournal(run_dir).records())
    except RunError:
        return True


def _fetched(folder: Path, run: Path | None, every: bool) -> list[Path]:
    place = settings.current().undo_copy
    if place is None:
        raise UsageError("this target has no GAMEDAY_UNDO_COPY; see deploy/targets/aws.env.example")
    known = undo.copies(place)
    if not known:
        raise UsageError("there is no copy of any run where GAMEDAY_UNDO_COPY says")
    wanted = known if every else [str(run)] if run else known[-1:]
    return [undo.fetch(place, one, folder) for one in wanted]
