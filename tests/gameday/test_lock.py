"""Is a second run on the same target refused, and does a dead process hold nothing?"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from gameday import lock, settings
from gameday.errors import Refused

HOLD = (
    "import sys, time; from pathlib import Path; from gameday import lock, settings\n"
    "lock.hold(settings.current(), Path('runs/outage/2026-11-23T08-20-14Z'))\n"
    "print('held', flush=True); time.sleep(60)\n"
)


def test_is_the_second_run_refused_until_the_first_dies(tmp_path: Path) -> None:
    environ = {"GAMEDAY_LAB_DIR": str(tmp_path), "GAMEDAY_ADMIN": "http://127.0.0.1:1"}
    target = settings.current(environ)
    first = subprocess.Popen(
        [sys.executable, "-c", HOLD], env={**os.environ, **environ}, stdout=subprocess.PIPE
    )
    assert first.stdout is not None
    assert first.stdout.readline() == b"held\n"
    said = r"not running: another run .*outage/2026-11-23T08-20-14Z, process \d+.*gameday stop"
    with pytest.raises(Refused, match=said):
        lock.hold(target, tmp_path / "second")
    first.send_signal(signal.SIGKILL)
    first.communicate()
    lock.hold(target, tmp_path / "second")
    lock.release(target)
    lock.hold(target, tmp_path / "third")
    lock.release(target)


def test_do_targets_have_locks_of_their_own() -> None:
    def place(**names: str) -> Path:
        return lock.path_of(settings.current({"AWS_ENDPOINT_URL": "http://127.0.0.1:1", **names}))

    assert place(GAMEDAY_STACK="a") == place(GAMEDAY_STACK="a")
    assert place(GAMEDAY_STACK="a") != place(GAMEDAY_STACK="b")
    assert place(GAMEDAY_LAB_DIR="/one") != place(GAMEDAY_LAB_DIR="/two")
