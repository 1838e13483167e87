"""`undo.jsonl` and `undo.sh` of a run: what was changed, how to put it back, that it was.

Lines are appended and forced onto the disk before anything is changed, and blocks are reserved
beforehand so that "put back" can be written on a full disk. Whoever appended the last lease line
may change things; a runner that wakes up after the watchdog has put everything back may not.

    {"schema", "lease", "holder", "at"}                 somebody takes over
    {"id", "at", "lease", "what", "region", "before", "after", "setting": {"kind", ...}, "commands"}
    {"id", "at", "state": "put back" | "foreign", "by", "value"}
"""

from __future__ import annotations

import ctypes
import fcntl
import json
import os
import shlex
import sys
import uuid
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from gameday import clock, settings
from gameday.errors import Refused, RunError
from gameday.journal import read_log
from gameday.undo.kinds import from_json, to_json
from gameday.undo.setting import Setting, Value

SCHEMA = 1
RESERVED_BYTES = 256 * 1024
_KEEP_SIZE = 1  # FALLOC_FL_KEEP_SIZE: reserve blocks, leave the length alone


@dataclass(frozen=True, slots=True)
class Record:
    """One change: the setting, what it was, what it was to become, and whether it is undone."""

    id: str
    at: float  # unix seconds
    setting: Setting
    before: Value
    after: Value
    state: str  # "open", "put back" or "foreign"


class UndoJournal:
    """The undo journal of one run directory, shared by the runner, the watchdog and rollback."""

    def __init__(self, run_dir: Path) -> None:
        self.path = run_dir / "undo.jsonl"
        self.script = run_dir / "undo.sh"
        self.lease = ""

    def take(self, holder: str) -> None:
        """Become the only one who may change things in this run."""
        self.path.parent.mkdir(parents=True, exist_ok=True)
        lease = uuid.uuid4().hex[:12]
        with self._appending() as append:
            append({"schema": SCHEMA, "lease": lease, "holder": holder, "at": clock.now()})
        self.lease = lease

    def holds(self) -> bool:
        """Whether nobody has taken over since `take`."""
        leases = [line for line in self._lines() if "holder" in line]
        return bool(leases) and leases[-1]["lease"] == self.lease

    def open(self, changes: Iterable[tuple[Setting, Value, Value]]) -> list[Record]:
        """Write down (setting, before, after) of each change about to be made, onto the disk.

        :raises Refused: somebody else has taken over, so nothing may be changed any more.
        :raises RunError: it cannot be written down, so nothing may be changed either.
        """
        now = clock.now()
        records = [Record(uuid.uuid4().hex[:12], now, s, b, a, "open") for s, b, a in changes]
        try:
            self._open(records)
        except OSError as e:
            raise RunError(f"nothing was changed: its undo cannot be written: {e}") from e
        return records

    def _open(self, records: list[Record]) -> None:
        with self._appending() as append:
            if not self.holds():
                raise Refused(f"{self.path.parent}: this run was put back by somebody else")
            for r in records:
                append(
                    {
                        "id": r.id,
                        "at": r.at,
                        "lease": self.lease,
                        "what": str(r.setting),
                        "region": r.setting.region,
                        "before": r.before,
                        "after": r.after,
                        "setting": to_json(r.setting),
                        "commands": r.setting.commands(r.before),
                    }
                )
            self._write_script()

    def close(self, ids: Iterable[str], state: str, value: Value) -> None:
        """Note that the changes `ids` are put back, or that somebody else set `value` meanwhile."""
        with self._appending() as append:
            for one in ids:
                line = {"id": one, "at": clock.now(), "state": state, "by": os.getpid()}
                append({**line, "value": value})

    def records(self) -> list[Record]:
        """Every change of the run in the order made.

        :raises RunError: the file is damaged, foreign, or of another version.
        """
        try:
            return self._records()
        except (KeyError, TypeError, ValueError) as e:
            raise RunError(
                f"{self._named()} is damaged or not ours ({_why(e)}){self._else()}"
            ) from e

    def _records(self) -> list[Record]:
        states: dict[str, str] = {}
        found: list[dict[str, Any]] = []
        for line in self._lines():
            if "setting" in line:
                found.append(line)
            elif "state" in line:
                states[line["id"]] = line["state"]
            elif line.get("schema", SCHEMA) != SCHEMA:
                version = f"another version (schema {line['schema']}, this one reads {SCHEMA})"
                raise RunError(f"{self._named()} was written by {version}{self._else()}")
            elif "lease" not in line:
                raise ValueError("a line that is no change, lease or state")
        return [
            Record(
                r["id"],
                r["at"],
                from_json(r["setting"]),
                r["before"],
                r["after"],
                states.get(r["id"], "open"),
            )
            for r in found
        ]

    def _named(self) -> str:
        return f"{self.path.parent.name}/{self.path.name}"

    def _else(self) -> str:
        """What else there is to put it back with."""
        if self.script.exists():
            return f"; its plain commands are in {self.script}"
        return "; no undo.sh is beside it: nothing was changed, or the directory is not whole"

    def _lines(self) -> Iterator[dict[str, Any]]:
        """The whole lines; a line that is no JSON, but the last, means that the file is damaged."""
        try:
            yield from read_log(self.path) if self.path.exists() else ()
        except ValueError as e:
            raise RunError(f"{self._named()} is damaged ({e}){self._else()}") from e

    @contextmanager
    def _appending(self) -> Iterator[Any]:
        """An append function, one process at a time; what it wrote is on the disk afterwards."""
        fd = os.open(self.path, os.O_RDWR | os.O_CREAT | os.O_APPEND, 0o600)
        try:
            fcntl.flock(fd, fcntl.LOCK_EX)
            _drop_torn(fd)
            _reserve(fd)
            yield lambda line: os.write(fd, json.dumps(line).encode() + b"\n")
            os.fsync(fd)
        finally:
            os.close(fd)

    def _write_script(self) -> None:
        lines = [
            "#!/bin/sh",
            "# Puts back what this run changed, the last change first. It may be run twice.",
            *_environment(settings.current()),
        ]
        for record in reversed(self.records()):
            lines += [f"# {record.setting}", *record.setting.commands(record.before)]
        new = self.script.with_suffix(".sh.new")
        new.write_text("\n".join(lines) + "\n", encoding="utf-8")
        new.chmod(0o700)
        new.replace(self.script)


def _environment(target: settings.Target) -> list[str]:
    """Lines that make `aws` speak to the run's target: a lab's must never reach Amazon."""
    if not target.is_lab or target.aws_endpoint is None:
        return ["# Needs credentials of the account and the Regions named below."]
    return [
        f"export AWS_ENDPOINT_URL={shlex.quote(target.aws_endpoint)}",
        "export AWS_ACCESS_KEY_ID=gameday AWS_SECRET_ACCESS_KEY=gameday",
        "unset AWS_PROFILE AWS_SESSION_TOKEN",
    ]


def _why(error: Exception) -> str:
    return f"no {error}" if isinstance(error, KeyError) else str(error)


def _drop_torn(fd: int) -> None:
    """Drop a last line without end, as a power cut leaves it.

    Nothing was changed for it: a change begins when its whole line has been forced onto the disk.
    """
    size = os.fstat(fd).st_size
    start = max(0, size - RESERVED_BYTES)
    tail = os.pread(fd, size - start, start)
    if tail and not tail.endswith(b"\n"):
        os.ftruncate(fd, start + tail.rfind(b"\n") + 1)


def _reserve(fd: int) -> None:
    """Reserve room after the end of the file where the system can; best effort elsewhere."""
    if sys.platform == "linux":
        libc = ctypes.CDLL(None, use_errno=True)
        length = ctypes.c_int64(os.fstat(fd).st_size + RESERVED_BYTES)
        libc.fallocate(fd, _KEEP_SIZE, ctypes.c_int64(0), length)
