"""Append-only event logs: one JSON object a line, one file per writer, merged on reading.

An event is `{"at": <unix seconds>, "kind": "<noun.verb>", ...}`. The kinds and their members are
listed in docs/architecture.md.
"""

from __future__ import annotations

import errno
import heapq
import json
import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from gameday import clock, redact

Event = dict[str, Any]


_json = json.JSONEncoder(separators=(",", ":"), default=str).encode


class EventLog:
    """One writer's file. Each line is written whole and flushed, so a killed writer loses none.

    What is secret is hidden (gameday/redact.py).
    """

    def __init__(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self.path = path
        self._fd = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o644)
        self._hide = redact.hider()

    def append(self, kind: str, *, at: float | None = None, **members: Any) -> Event:
        """Write one event and return it; `at` is now unless given."""
        event: Event = {"at": clock.now() if at is None else at, "kind": kind, **members}
        self.append_raw(event)
        return event

    def append_raw(self, event: Mapping[str, Any]) -> None:
        """Write an event that already carries its time and kind.

        :raises OSError: there is no room for it; nothing of it is left, that the next be whole.
        """
        said = _json(event)
        if self._hide(said) != said:
            said = redact.dumps(event, separators=(",", ":"))
        line = said.encode() + b"\n"
        written = os.write(self._fd, line)
        if written < len(line):
            os.ftruncate(self._fd, os.fstat(self._fd).st_size - written)
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(self.path))

    def sync(self) -> None:
        """Force what was written onto the disk."""
        os.fsync(self._fd)

    def close(self) -> None:
        os.close(self._fd)


CHUNK_BYTES = 1 << 17
"""Many lines parsed at once take half the time of as many parsed one by one; what they become must
still fit into a processor's cache, or whoever reads them waits for each.
"""


def read_log(path: Path) -> Iterator[Event]:
    """The events of one file in the order written; a torn last line is left out."""
    rest = b""
    with path.open("rb") as file:
        while chunk := file.read(CHUNK_BYTES):
            whole, _, rest = (rest + chunk).rpartition(b"\n")
            yield from _events(whole)


def _events(lines: bytes) -> list[Event]:
    """What whole lines hold; within a line JSON has no line break."""
    found: list[Event] = json.loads(b"[" + lines.replace(b"\n", b",") + b"]")
    return found


class Tail:
    """Follows every log of a run while it grows. Each `new()` returns what was added since."""

    def __init__(self, run_dir: Path) -> None:
        self._folder = run_dir / "events"
        self._read: dict[Path, int] = {}

    def new(self) -> list[Event]:
        """Whole events written since the last call, in order of time; torn lines wait."""
        found: list[Event] = []
        for path in sorted(self._folder.glob("*.jsonl")):
            start = self._read.get(path, 0)
            with path.open("rb") as file:
                file.seek(start)
                chunk = file.read()
            whole, newline, _ = chunk.rpartition(b"\n")
            self._read[path] = start + len(whole) + len(newline)
            found += _events(whole)
        return sorted(found, key=_at)


def read_events(run_dir: Path) -> Iterator[Event]:
    """Every event of a run in order of time, from all writers' files in `run_dir/events`."""
    logs = (sorted(read_log(p), key=_at) for p in sorted((run_dir / "events").glob("*.jsonl")))
    return heapq.merge(*logs, key=_at)


def _at(event: Event) -> float:
    return float(event["at"])


def run_log(writer: str) -> EventLog | None:
    """The current run's log for `writer` (`events/<writer>.jsonl`), or None outside a run."""
    run_dir = os.environ.get("GAMEDAY_RUN_DIR")
    return EventLog(Path(run_dir) / "events" / f"{writer}.jsonl") if run_dir else None
