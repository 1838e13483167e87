"""`gameday status` and `rollback`: what is changed at this moment, and how it is put back."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from pathlib import Path

import click

from gameday import clock, runner, settings, undo
from gameday.commands.text import Narrator
from gameday.errors import RunError, UsageError
from gameday.lab import handle
from gameday.undo import UndoJournal

COPIES = Path(".gameday", "undo-copies")
"""Where undo journals are brought that were copied elsewhere."""


@click.command()
@click.option("--target", type=click.Path(path_type=Path), help="Also what its undo copies say.")
def status(target: Path | None) -> None:
    """Labs that are up, runs under way, and what is changed at this moment: by whom, since when."""
    say, root = Narrator(), Path.cwd()
    for name in handle.names(root):
        say.say("lab", f"{name} is up")
    for run_dir, pids in runner.active_runs(root).items():
        say.say("run", f"{run_dir.relative_to(root)} is under way, process {pids['pid']}")
    run_dirs = [p.parent for p in sorted(root.glob("reports/runs/*/*/undo.jsonl"))]
    if target:
        with runner.environment(runner.target_environment(target)):
            copies = _fetched(root / COPIES, None, every=True, or_none=True)
        here = {_name(d) for d in run_dirs}
        run_dirs += [d for d in copies if _name(d) not in here]
    said = [line for run_dir in run_dirs for line in _changed(run_dir)]
    for label, text in said or [("changed", "nothing")]:
        say.say(label, text)


def _changed(run_dir: Path) -> Iterator[tuple[str, str]]:
    """What a run has changed and not put back, a label and a text each."""
    try:
        records = UndoJournal(run_dir).records()
    except RunError as e:
        yield "unknown", str(e)
        return
    for record in records:
        if record.state == "open":
            since = clock.utc(record.at)
            yield (
                "changed",
                f"{record.setting} since {since} by {_who(run_dir)} in {_name(run_dir)}",
            )


def _name(run_dir: Path) -> str:
    return f"{run_dir.parent.name}/{run_dir.name}"


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
        wanted = _fetched(root / COPIES, run_dir, every)
    results, unread = [], list[str]()
    for one in wanted:
        try:
            result = _put_back(one, force)
        except RunError as e:  # the others are put back all the same
            unread.append(str(e))
            continue
        results.append(result)
        say.say("put back", f"{_name(one)}: {result}")
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


def _fetched(folder: Path, run: Path | None, every: bool, or_none: bool = False) -> list[Path]:
    """The copies of undo journals, brought here; their run directories.

    :raises UsageError: there are none, and `or_none` does not allow for that.
    """
    place = settings.current().undo_copy
    if place is None:
        if or_none:
            return []
        raise UsageError("this target has no GAMEDAY_UNDO_COPY; see deploy/targets/aws.env.example")
    known = undo.copies(place)
    if not known and not or_none:
        raise UsageError("there is no copy of any run where GAMEDAY_UNDO_COPY says")
    wanted = known if every else [str(run)] if run else known[-1:]
    return [undo.fetch(place, one, folder) for one in wanted]
