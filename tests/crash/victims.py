"""Finds the processes of a run and of a lab, and does to them what a kill says."""

from __future__ import annotations

import contextlib
import json
import os
import random
import signal
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from gameday.clock import Clock
from gameday.undo import UndoJournal

WALL = Clock()


def processes(run_dir: Path) -> dict[str, list[int]]:
    """The processes of a run by their part; zombies are gone."""
    found: dict[str, list[int]] = {}
    named = f"GAMEDAY_RUN_DIR={run_dir}".encode()
    for pid in alive():
        with contextlib.suppress(OSError):
            line = Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")
            environ = Path(f"/proc/{pid}/environ").read_bytes().split(b"\0")
            if b"gameday.watchdog" in line and str(run_dir).encode() in line:
                found.setdefault("watchdog", []).append(pid)
            elif b"locust" in line and named in environ:
                found.setdefault("locust", []).append(pid)
            elif named in environ:
                found.setdefault("other", []).append(pid)
    with contextlib.suppress(OSError, ValueError):
        runner = json.loads((run_dir / "runner.json").read_text())
        for name, member in (("runner", "pid"), ("chaos", "chaos_pid")):
            if is_alive(runner[member]):
                found[name] = [runner[member]]
    return found


def alive() -> Iterator[int]:
    for entry in Path("/proc").glob("[0-9]*"):
        if is_alive(int(entry.name)):
            yield int(entry.name)


def is_alive(pid: int) -> bool:
    """Whether it runs or is stopped; a zombie does not."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] not in "ZX"
    except OSError:
        return False


def works_in(pid: int, folder: Path) -> bool:
    """Whether the process was started in `folder` or names it."""
    try:
        cwd, line = os.readlink(f"/proc/{pid}/cwd"), Path(f"/proc/{pid}/cmdline").read_bytes()
    except OSError:
        return False
    return cwd.startswith(str(folder)) or str(folder).encode() in line


def send(pid: int, number: signal.Signals) -> bool:
    """Whether there was somebody to get it."""
    try:
        os.kill(pid, number)
    except ProcessLookupError:
        return False
    return True


def events(run_dir: Path) -> list[dict[str, Any]]:
    """The whole events of a run so far, in no order."""
    lines = (
        line
        for path in (run_dir / "events").glob("*.jsonl")
        for line in path.read_bytes().split(b"\n")[:-1]
    )
    return [json.loads(line) for line in lines if line.endswith(b"}")]


class FullDisk:
    """Fills the file system that holds the runs, a small one made for this."""

    def __init__(self, folder: Path) -> None:
        self._file = folder / "filler"

    def fill(self) -> None:
        """Leave not a block free."""
        with self._file.open("wb", buffering=0) as file:
            for size in (1 << 20, 4096, 1):
                with contextlib.suppress(OSError):
                    while True:
                        file.write(b"\0" * size)

    def empty(self) -> None:
        self._file.unlink(missing_ok=True)


def cut_power(run_dir: Path, runner: subprocess.Popen[bytes], rng: random.Random) -> bool:
    """End the runner and `chaos` at once and tear the journal's end; then the watchdog goes on.

    What a power cut can do to a file that is forced onto the disk before each change: the end of
    what was being appended is missing or full of zeros, and of what was closed since nothing need
    be there. False when the run was over already.
    """
    found = processes(run_dir)
    watchdogs, chaos = found.get("watchdog", []), found.get("chaos", [])
    if not watchdogs or not chaos:
        return False
    for pid in watchdogs:
        send(pid, signal.SIGSTOP)
    for pid in (runner.pid, *chaos):
        send(pid, signal.SIGKILL)
    WALL.wait_for(lambda: not is_alive(chaos[0]), 10, every_s=0.01)
    tear(run_dir / "undo.jsonl", rng)
    for pid in watchdogs:
        send(pid, signal.SIGCONT)
    return True


def tear(path: Path, rng: random.Random) -> None:
    """Cut off what was closed lately, and leave part of a line, or zeros, at the end."""
    if not path.exists():
        return
    lines = path.read_bytes().splitlines(keepends=True)
    kept = len(lines)
    while kept and b'"state"' in lines[kept - 1]:
        kept -= 1
    data = b"".join(lines[: rng.randint(kept, len(lines))])
    torn = b"".join(line for line in lines if b'"setting"' in line)[:-1] or b'{"id": "1'
    data += rng.choice((b"", torn[: rng.randrange(1, 200)].split(b"\n")[0], b"\0" * 4096))
    path.write_bytes(data)


def still_open(run_dir: Path) -> list[str]:
    """What the undo journal says is not put back."""
    return [str(r.setting) for r in UndoJournal(run_dir).records() if r.state == "open"]
