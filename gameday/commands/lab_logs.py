"""`gameday lab logs`: what the lab's processes and its functions wrote, once or as it comes."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from pathlib import Path

import click

from gameday import clock
from gameday.errors import UsageError
from gameday.lab import handle
from gameday.lab.config import check_name

LOOK_EVERY_WALL_S = 0.2


@click.command()
@click.option("--lab", "name", default="default")
@click.option("--follow", "-f", is_flag=True, help="Go on until Ctrl-C, or until the lab ends.")
@click.argument("of", metavar="[PROCESS|FUNCTION]", required=False)
def logs(name: str, follow: bool, of: str | None) -> None:
    """Print the logs of a lab: all, or those of a process (cloud) or a function.

    A function is named as in Lambda or by its logical id; its log is that of every Region.
    """
    lab = Path.cwd() / ".gameday" / check_name(name)
    folder = lab / "logs"
    reader = Reader(folder, of)
    if of and not reader.found():
        reader = Reader(folder, of, *_physical(lab, of))
    if not reader.found():
        known = ", ".join(sorted({p.stem for p in folder.rglob("*.log")})) or "none"
        raise UsageError(f"no log of {of or 'this lab'} in {folder}; there are: {known}")
    if not follow:
        for path in reader.found():
            click.echo(f"==> {path.relative_to(folder)}")
            click.echo(path.read_text(errors="replace"), nl=False)
        return
    with contextlib.suppress(KeyboardInterrupt):
        for line in reader.follow(lambda: (lab / "lab.env").exists()):
            click.echo(line)


def _physical(lab: Path, logical_id: str) -> Iterator[str]:
    """What a lab that is up calls the resources of a logical id."""
    if handle.is_up(lab):
        for stack in handle.call(handle.environment(lab), "GET", "/status")["stacks"]:
            if logical_id in stack["resources"]:
                yield stack["resources"][logical_id]


class Reader:
    """The logs in `folder` of one process or function by any of its names, or all of them."""

    def __init__(self, folder: Path, *names: str | None) -> None:
        self._folder, self._names = folder, [name for name in names if name is not None]
        self._read: dict[Path, int] = {}

    def found(self) -> list[Path]:
        """The files, in order of their names."""
        every = sorted(self._folder.rglob("*.log"))
        if not self._names:
            return every
        exact = [p for p in every
                 if {p.stem, str(p.relative_to(self._folder))} & set(self._names)]  # fmt: skip
        made = [f"-{name}-" for name in self._names]  # as CloudFormation makes them
        return exact or [p for p in every if any(part in p.stem for part in made)]

    def follow(self, goes_on: Callable[[], bool]) -> Iterator[str]:
        """What is written from now on, line by line, with its file before it; files that begin
        meanwhile are read from their start. Ends when `goes_on()` is false and all is read."""
        self._read = {path: path.stat().st_size for path in self.found()}
        while True:
            last = not goes_on()
            yield from self._new()
            if last:
                return
            clock.sleep_wall(LOOK_EVERY_WALL_S)

    def _new(self) -> Iterator[str]:
        for path in self.found():
            with path.open("rb") as file:
                file.seek(self._read.get(path, 0))
                whole = file.read().rpartition(b"\n")[0]
            if whole:
                self._read[path] = self._read.get(path, 0) + len(whole) + 1
                place = path.relative_to(self._folder).with_suffix("")
                for line in whole.decode("utf-8", "replace").splitlines():
                    yield f"{place}  {line}"
