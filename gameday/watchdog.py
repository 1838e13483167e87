"""Puts a run back when its runner does not: `python -m gameday.watchdog RUN_DIR PID MAX_WALL_S`.

A process in a session of its own. Its standard input is the runner's lease on life: a byte a
second while process PID lives, another when the run has ended. What comes in decides:

    in                              then
    END                             the run ended well: nothing to do
    end of file                     the runner died: put back
    nothing for LEASE_WALL_S        the runner is stopped (SIGSTOP): put back, and have it end
    bytes for MAX_WALL_S            the run is overdue: the same

A runner that lives on is fenced (it does not hold the undo journal any more). What it was about to
change in that instant it puts back itself; the watchdog stays until it is gone, and looks again.
"""

from __future__ import annotations

import math
import os
import select
import signal
import sys
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

from gameday import clock
from gameday.errors import GamedayError
from gameday.journal import EventLog
from gameday.undo import Result, UndoJournal, put_back

BEAT, END = b".", b"!"
BEAT_WALL_S = 1.0
LEASE_WALL_S = 10.0
TRY_FOR_WALL_S = 600.0
DIED = "its runner died"

Beats = Callable[[float], bytes | None]
"""What the runner sends within so many seconds of wall time: b"" at its end, None for nothing."""


def why_to_act(beats: Beats, max_wall_s: float, lease_wall_s: float = LEASE_WALL_S) -> str | None:
    """Wait until the run ends; None when it ended well, else why it must be put back."""
    began = clock.monotonic()
    while True:
        left = began + max_wall_s - clock.monotonic()
        if left <= 0:
            return f"the run lasted longer than {max_wall_s:g} s"
        came = beats(min(left, lease_wall_s))
        if came == b"":
            return DIED
        if came is not None and END in came:
            return None
        if came is None and left > lease_wall_s:
            return f"its runner gave no sign of life for {lease_wall_s:g} s"


def take_over(journal: UndoJournal, why: str) -> Result | None:
    """Fence the runner and put everything back; None when the undo journal cannot be read."""
    run_dir = journal.path.parent
    journal.take(f"watchdog {os.getpid()}")
    _tell(run_dir, "stop", reason=why)
    _tell(run_dir, "rollback.started", by="watchdog")
    try:
        return put_back(journal, by="watchdog", try_for_wall_s=TRY_FOR_WALL_S)
    except GamedayError as e:
        _tell(run_dir, "control.failed", reason=str(e))
        return None


def main(arguments: list[str]) -> int:
    """Exit code 0 when nothing is left changed."""
    for number in (signal.SIGINT, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
    run_dir, runner, max_wall_s = Path(arguments[0]), int(arguments[1]), float(arguments[2])
    why = why_to_act(_beats, max_wall_s)
    if why is None:
        return 0
    signal.signal(signal.SIGTERM, signal.SIG_IGN)  # what is begun to be put back is put back
    journal = UndoJournal(run_dir)
    result = take_over(journal, why)
    if why != DIED:
        with suppress(ProcessLookupError, PermissionError):
            os.kill(runner, signal.SIGTERM)  # a stopped one gets it when it wakes
        if why_to_act(_beats, math.inf, math.inf) is not None:
            result = take_over(journal, DIED)
    journal.forget_copy()
    with suppress(OSError):
        print(result, flush=True)
    return 0 if result is not None and result.complete else 3


def _beats(within_s: float) -> bytes | None:
    wait = None if within_s == math.inf else within_s
    ready, _, _ = select.select([sys.stdin.fileno()], [], [], wait)
    return os.read(sys.stdin.fileno(), 4096) if ready else None


def _tell(run_dir: Path, kind: str, **members: Any) -> None:
    """Write down what is done, where there is room for it: a full disk keeps nobody from acting."""
    with suppress(OSError):
        log = EventLog(run_dir / "events" / "watchdog.jsonl")
        log.append(kind, **members)
        log.close()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
