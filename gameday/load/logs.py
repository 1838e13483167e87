"""Where a load process writes its lines: a file of the run, or by way of the master into one.

A worker on another machine has no run directory; its lines travel over Locust's own connection
and the master appends them to that worker's files, so that a run is whole in one place.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Protocol

from gameday import clock
from gameday.journal import Event, EventLog

EVENTS, WRITES = "events", "writes"

SENT_LINES_MAX = 2_000
"""More lines than this are not held back until the next tick."""


class Log(Protocol):
    """What `EventLog` and `SentLog` have in common."""

    def append(self, kind: str, *, at: float | None = None, **members: Any) -> Event: ...
    def append_raw(self, event: Mapping[str, Any]) -> None: ...
    def sync(self) -> None: ...
    def close(self) -> None: ...


Send = Callable[[str, str], None]
"""Hands the master some whole lines for one of the logs, `events` or `writes`."""


class SentLog:
    """A log whose lines are handed to the master by `sync`, and at the latest by `close`."""

    def __init__(self, name: str, send: Send) -> None:
        self._name, self._send = name, send
        self._lines: list[str] = []

    def append(self, kind: str, *, at: float | None = None, **members: Any) -> Event:
        """Add one event and return it; `at` is now unless given."""
        event: Event = {"at": clock.now() if at is None else at, "kind": kind, **members}
        self.append_raw(event)
        return event

    def append_raw(self, event: Mapping[str, Any]) -> None:
        """Add an event that already carries its time and kind."""
        self._lines.append(json.dumps(event, separators=(",", ":"), default=str) + "\n")
        if len(self._lines) >= SENT_LINES_MAX:
            self.sync()

    def sync(self) -> None:
        """Hand over what has come together."""
        lines, self._lines = self._lines, []
        if lines:
            self._send(self._name, "".join(lines))

    def close(self) -> None:
        self.sync()


def path_of(run_dir: Path, name: str, process: int) -> Path:
    """The file of a log of load process `process`."""
    if name == WRITES:
        return run_dir / "ledger" / f"writes-{process}.jsonl"
    return run_dir / "events" / f"load-{process}.jsonl"


def open_log(run_dir: Path | None, name: str, process: int, send: Send | None) -> Log | None:
    """The log of a load process: its file in the run, else the master's, else none."""
    if run_dir is not None:
        return EventLog(path_of(run_dir, name, process))
    return SentLog(name, send) if send else None


def append_lines(path: Path, lines: str) -> None:
    """Append whole lines to a file at once."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("a", encoding="utf-8") as file:
        file.write(lines)


def has_ended(path: Path) -> bool:
    """Whether the load process whose events these are has written its last line."""
    try:
        with path.open("rb") as file:
            file.seek(0, os.SEEK_END)
            file.seek(max(0, file.tell() - 4096))
            last = file.read().splitlines()[-1:]
    except OSError:
        return False
    return bool(last) and b'"kind":"load.ended"' in last[0]


def fault_began(run_dir: Path | None) -> bool:
    """Whether the run's fault has begun, as its action wrote before its first change."""
    path = run_dir / "events" / "chaos.jsonl" if run_dir else None
    return path is not None and path.exists() and b'"kind":"fault.started"' in path.read_bytes()
