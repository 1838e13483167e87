"""When does the watchdog act, and does it notice what becomes of its runner?"""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from gameday import settings, watchdog
from gameday.clock import Clock
from gameday.controls.gate import Gate
from gameday.controls.heartbeat import Heartbeat
from gameday.experiment import Extension
from gameday.journal import read_log
from gameday.undo import UndoJournal
from gameday.watchdog import BEAT, DIED, END, why_to_act

WALL = Clock()


@pytest.mark.parametrize(
    ("came", "why"),
    [
        ([BEAT, BEAT, END], None),
        ([BEAT + END], None),
        ([END], None),
        ([BEAT, b""], DIED),
        ([b""], DIED),
        ([BEAT, None], "its runner gave no sign of life for 10 s"),
    ],
)
def test_why_does_it_act(came: list[bytes | None], why: str | None) -> None:
    waiting = iter(came)
    assert why_to_act(lambda within_s: next(waiting), max_wall_s=60) == why


def test_is_a_run_that_goes_on_and_on_overdue() -> None:
    assert why_to_act(lambda within_s: BEAT, max_wall_s=0) == "the run lasted longer than 0 s"


def may_last_s(extension: Extension, *probes: dict[str, Any]) -> float:
    target = settings.current({"GAMEDAY_SPEED": "10"})
    return Gate({"method": list(probes)}, {}, extension, target, None, "outage").max_wall_s()


def test_how_long_may_a_run_last() -> None:
    long = {"type": "probe", "provider": {"type": "python", "arguments": {"within_s": 36000}}}
    assert may_last_s(Extension(max_duration_s=300)) == 30
    assert may_last_s(Extension()) == 360 + 600  # an hour, and time for the work
    assert may_last_s(Extension(), long) > 3600 + 600  # as long as its steps may take


def test_does_it_wait_no_longer_than_the_run_may_last() -> None:
    waits: list[float] = []

    def silent(within_s: float) -> bytes | None:
        waits.append(within_s)
        WALL.sleep(within_s)
        return None

    assert why_to_act(silent, max_wall_s=0.01) == "the run lasted longer than 0.01 s"
    assert waits[0] <= 0.01


def test_does_it_say_what_it_did_and_fence_the_runner(tmp_path: Path) -> None:
    runner = UndoJournal(tmp_path)
    runner.begin("runner 1")
    result = watchdog.take_over(UndoJournal(tmp_path), DIED)
    assert result is not None
    assert result.complete
    assert not runner.holds()
    told = list(read_log(tmp_path / "events" / "watchdog.jsonl"))
    assert [e["kind"] for e in told] == ["stop", "rollback.started", "put.back"]
    assert told[0]["reason"] == DIED


def test_does_it_say_that_it_cannot_read_the_undo_journal(tmp_path: Path) -> None:
    (tmp_path / "undo.jsonl").write_text("not JSON\n")
    assert watchdog.take_over(UndoJournal(tmp_path), DIED) is None
    *_, last = read_log(tmp_path / "events" / "watchdog.jsonl")
    assert last["kind"] == "control.failed"
    assert "undo.jsonl is damaged" in last["reason"]


@pytest.fixture
def lost() -> list[None]:
    return []


@pytest.fixture
def heartbeat(tmp_path: Path, lost: list[None]) -> Iterator[Heartbeat]:
    heart = Heartbeat(tmp_path, 60, lambda: lost.append(None), beat_wall_s=0.05)
    heart.start()
    yield heart
    heart.stop()


def test_does_a_run_that_ends_well_leave_no_trace_of_it(
    heartbeat: Heartbeat, tmp_path: Path
) -> None:
    heartbeat.stop()
    assert heartbeat.watchdog
    assert heartbeat.watchdog.poll() == 0
    assert not (tmp_path / "events").exists()


def test_is_a_watchdog_that_dies_replaced(heartbeat: Heartbeat, lost: list[None]) -> None:
    first = heartbeat.watchdog
    assert first
    first.kill()
    assert WALL.wait_for(lambda: bool(lost), 20, every_s=0.05)
    assert heartbeat.watchdog.pid != first.pid
    assert heartbeat.watchdog.poll() is None


def test_has_it_a_session_of_its_own(heartbeat: Heartbeat) -> None:
    assert heartbeat.watchdog
    assert os.getsid(heartbeat.watchdog.pid) == heartbeat.watchdog.pid


def test_does_it_act_when_its_runner_is_killed(tmp_path: Path) -> None:
    script = (
        "import os, pathlib, sys\n"
        "from gameday.controls.heartbeat import Heartbeat\n"
        "heart = Heartbeat(pathlib.Path(sys.argv[1]), 60, lambda: None)\n"
        "heart.start()\n"
        "print(heart.watchdog.pid)\n"
        "sys.stdout.flush()\n"
        "os.kill(os.getpid(), 9)\n"
    )
    command = [sys.executable, "-c", script, str(tmp_path)]
    subprocess.run(command, stdout=subprocess.PIPE, check=False)
    log = tmp_path / "events" / "watchdog.jsonl"

    def told() -> list[dict[str, Any]]:
        return list(read_log(log)) if log.exists() else []

    assert WALL.wait_for(lambda: "put.back" in [e["kind"] for e in told()], 20, every_s=0.05)
    assert told()[0]["reason"] == DIED
