"""`gameday lab logs`: what the lab's processes and its functions wrote, once or as it comes."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from pathlib import Path

import click

from gameday import clock
from gameday.errors import UsageError
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


class Reader:
    """The logs in `folder` of one process or function, or all of them."""

    def __init__(self, folder: Path, of: str | None) -> None:
        self._folder, self._of = folder, of
        self._read: dict[Path, int] = {}

    def found(self) -> list[Path]:
        """The files, in order of their names."""
        every = sorted(self._folder.rglob("*.log"))
        if self._of is None:
            return every
        exact = [p for p in every if self._of in (p.stem, str(p.relative_to(self._folder)))]
        return exact or [p for p in every if f"-{self._of}-" in p.stem]  # CloudFormation's names

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
