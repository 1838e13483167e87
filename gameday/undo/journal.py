"""`undo.jsonl` and `undo.sh` of a run: what was changed, how to put it back, that it was.

Lines are appended and forced onto the disk before anything is changed, and blocks are reserved
beforehand so that "put back" can be written on a full disk. Whoever appended the last lease line
may change things; a runner that wakes up after the watchdog has put everything back may not.

    {"schema", "lease", "holder", "at"}                 somebody takes over
    {"id", "at", "lease", "what", "region", "before", "after", "setting": {"kind", ...}, "commands"}
    {"id", "at", "state": "put back" | "foreign", "by", "value"}
"""

from __future__ import annotations

import json
import os
import uuid
from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from gameday import clock, settings
from gameday.errors import GamedayError, Refused, RunError
from gameday.journal import read_log
from gameday.undo import disk, script
from gameday.undo.copy import Copy, Taken, copy_of
from gameday.undo.kinds import from_json, to_json
from gameday.undo.setting import Setting, Value

SCHEMA = 1
COPY_ATTEMPTS = 3


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
        self._copy: Copy | None = None

    def begin(self, holder: str) -> None:
        """Become the first who may change things in this run.

        :raises RunError: the journal cannot be written, or not be copied where the target says.
        :raises Refused: that is in the Region under test, and would be lost with it.
        """
        target = settings.current()
        if target.undo_copy and target.undo_copy.region == target.region:
            raise Refused(f"the undo copy is in {target.region}, the Region under test")
        self._copy = copy_of(self.path.parent)
        self.path.parent.mkdir(parents=True, exist_ok=True)
        try:
            line = self._append_lease(holder)
            disk.sync_folders(self.path)
            self._copy_strictly([line])
        except OSError as e:
            raise RunError(f"nothing was changed: its undo cannot be written: {e}") from e

    def take(self, holder: str) -> None:
        """Become the only one who may change things in this run, in order to put it back.

        Putting back is never given up because it cannot be written down: what is in the way of
        that (a full disk, a copy that does not answer) is left to whoever looks next.
        """
        with suppress(GamedayError):
            self._copy = copy_of(self.path.parent)
        with suppress(OSError):
            self._copy_if_possible([self._append_lease(holder)])

    def _append_lease(self, holder: str) -> str:
        lease = uuid.uuid4().hex[:12]
        line = _line({"schema": SCHEMA, "lease": lease, "holder": holder, "at": clock.now()})
        with disk.appending(self.path) as append:
            append([line])
        self.lease = lease
        return line

    def holds(self) -> bool:
        """Whether nobody has taken over since `begin` or `take`."""
        leases = [line for line in self._lines() if "holder" in line]
        return bool(leases) and leases[-1]["lease"] == self.lease

    def refuse_fenced(self) -> None:
        """Return while this run is ours.

        :raises Refused: the watchdog or `gameday rollback` has taken it over.
        """
        if not self.holds():
            raise Refused(f"{self.path.parent.name}: this run was put back by somebody else")

    def open(self, changes: Iterable[tuple[Setting, Value, Value]]) -> list[Record]:
        """Write down (setting, before, after) of each change about to be made, onto the disk.

        :raises Refused: somebody else has taken over, so nothing may be changed any more.
        :raises RunError: it cannot be written down, so nothing may be changed either.
        """
        now = clock.now()
        records = [Record(uuid.uuid4().hex[:12], now, s, b, a, "open") for s, b, a in changes]
        lines = [_line(_held(r, self.lease)) for r in records]
        try:
            with disk.appending(self.path) as append:
                self.refuse_fenced()
                append(lines)
                script.write(self.script, [(r.setting, r.before) for r in self.records()])
        except OSError as e:
            raise RunError(f"nothing was changed: its undo cannot be written: {e}") from e
        self._copy_strictly(lines)
        return records

    def close(self, ids: Iterable[str], state: str, value: Value) -> None:
        """Note that the changes `ids` are put back, or that somebody else set `value` meanwhile.

        What cannot be noted is found as it is by whoever looks next.
        """
        told = {"at": clock.now(), "state": state, "by": os.getpid(), "value": value}
        lines = [_line({"id": one, **told}) for one in ids]
        with suppress(OSError), disk.appending(self.path) as append:
            append(lines)
        self._copy_if_possible(lines)

    def forget_copy(self) -> None:
        """Remove the copy if everything is put back; for who knows that no runner acts any more."""
        with suppress(GamedayError):
            if self._copy is not None and all(r.state == "put back" for r in self.records()):
                self._copy.forget()

    def _copy_strictly(self, lines: list[str]) -> None:
        if self._copy is None:
            return
        try:
            self._copy.append(lines)
        except Taken:
            raise Refused(f"{self._copy}: this run was put back from another machine") from None
        except GamedayError as e:
            raise RunError(f"nothing was changed: its undo cannot be copied: {e}") from e

    def _copy_if_possible(self, lines: list[str]) -> None:
        """Copy, and give up for good at the first failure: it would hold up what matters."""
        if self._copy is None:
            return
        for _ in range(COPY_ATTEMPTS):
            try:
                self._copy.append(lines)
                return
            except Taken:
                continue
            except GamedayError:
                break
        self._copy = None

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
        except OSError as e:
            raise RunError(f"{self._named()} cannot be read ({e.strerror}){self._else()}") from e


def _held(record: Record, lease: str) -> dict[str, Any]:
    return {
        "id": record.id,
        "at": record.at,
        "lease": lease,
        "what": str(record.setting),
        "region": record.setting.region,
        "before": record.before,
        "after": record.after,
        "setting": to_json(record.setting),
        "commands": record.setting.commands(record.before),
    }


def _line(held: dict[str, Any]) -> str:
    return json.dumps(held)


def _why(error: Exception) -> str:
    return f"no {error}" if isinstance(error, KeyError) else str(error)
