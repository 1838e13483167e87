"""Puts a run back when its runner dies: `python -m gameday.watchdog RUN_DIR PID MAX_WALL_S`.

A process in a session of its own. It waits until the run has ended (`ended` in its directory);
when process PID is gone before, or MAX_WALL_S have passed, it takes the run over, replays the
undo journal and writes what it did into `events/watchdog.jsonl`.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

from gameday import clock
from gameday.journal import EventLog
from gameday.undo import Result, UndoJournal, replay

POLL_WALL_S = 0.2
TRY_FOR_WALL_S = 600.0
MAX_WALL_S = 4 * 3600.0
ENDED = "ended"


def spawn(run_dir: Path, pid: int, max_wall_s: float = MAX_WALL_S) -> int:
    """Start the watchdog of a run; returns its process id.

    It must outlive whatever ends the runner, so it has a session of its own and ignores hang-ups.
    """
    command = [sys.executable, "-m", "gameday.watchdog", str(run_dir), str(pid), str(max_wall_s)]
    with (run_dir / "watchdog.log").open("wb") as log:
        return subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        ).pid


def dismiss(run_dir: Path) -> None:
    """Tell the watchdog that the run has ended and is put back; it exits soon after."""
    (run_dir / ENDED).touch()


def identity(pid: int) -> str | None:
    """What tells process `pid` from a later one of the same number; None when it is gone.

    A zombie is gone. Where there is no /proc the number has to do.
    """
    try:
        stat = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        if sys.platform == "linux":
            return None
        try:
            os.kill(pid, 0)
        except ProcessLookupError:
            return None
        return str(pid)
    return None if stat[0] in "ZX" else stat[19]  # field 22: start time since boot


def watch(run_dir: Path, pid: int, max_wall_s: float) -> Result | None:
    """Wait for the run's end; None when it ended well, else what was put back."""
    runner = identity(pid)
    deadline = clock.monotonic() + max_wall_s
    while True:
        if (run_dir / ENDED).exists():
            return None
        if runner is None or identity(pid) != runner:
            return _put_back(run_dir, f"the runner, process {pid}, died")
        if clock.monotonic() > deadline:
            return _put_back(run_dir, f"the run lasted longer than {max_wall_s:g} s")
        clock.sleep_wall(POLL_WALL_S)


def _put_back(run_dir: Path, why: str) -> Result:
    journal = UndoJournal(run_dir)
    journal.take(f"watchdog {os.getpid()}")
    log = EventLog(run_dir / "events" / "watchdog.jsonl")
    log.append("stop", reason=why)
    log.append("rollback.started", by="watchdog")
    result = replay(run_dir, try_for_wall_s=TRY_FOR_WALL_S)
    log.append(
        "put.back",
        settings=result.total,
        equal=result.equal,
        by="watchdog",
        foreign=list(result.foreign),
        failed=list(result.failed),
    )
    log.sync()
    log.close()
    return result


def main(arguments: list[str]) -> int:
    """Exit code 0 when nothing is left changed."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGHUP, signal.SIG_IGN)
    result = watch(Path(arguments[0]), int(arguments[1]), float(arguments[2]))
    if result is not None:
        print(result, flush=True)
    return 0 if result is None or result.complete else 3


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
