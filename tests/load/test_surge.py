"""Does the load surge when the fault begins, and is nobody asleep meanwhile?"""

from __future__ import annotations

from pathlib import Path

import gevent
import pytest

from gameday import clock, settings
from gameday.journal import EventLog, read_log
from gameday.load.options import load_options
from gameday.load.process import LoadProcess, Share

FACTOR = 50.0


@pytest.fixture
def load(tmp_path: Path) -> LoadProcess:
    """A load that asks once in a minute, and fifty times as often from the fault on."""
    target = settings.current({"GAMEDAY_SPEED": "1", "GAMEDAY_RUN_DIR": str(tmp_path)})
    options = load_options("pooled=100", "0.0166", "1", None, f"surge={FACTOR:g}", {})
    return LoadProcess(target, options)


def test_are_the_clients_woken_that_wait_for_their_turn(load: LoadProcess, tmp_path: Path) -> None:
    load.start(Share())
    turns = load.turns(load.next_client())
    turns.begin()
    waiting = gevent.spawn(load.wait, turns)
    gevent.sleep(0.01)
    assert not waiting.ready(), "its turn is a minute away"
    log = EventLog(tmp_path / "events" / "chaos.jsonl")
    log.append("run.started", experiment="e")
    log.append("fault.started", action="disable_region", region="us-east-1")
    assert waiting.get(timeout=20.0) <= 60.3 / FACTOR, "what is left for Locust to sleep"
    load.surge()  # said once more, by a master
    load.stop()
    events = list(read_log(tmp_path / "events" / "load-0.jsonl"))
    assert [e["factor"] for e in events if e["kind"] == "load.surge"] == [FACTOR]


def test_does_a_second_test_of_the_same_process_start_without_a_surge(load: LoadProcess) -> None:
    load.start(Share())
    load.surge()
    surged = load.course.base_s(clock.monotonic() + 10.0)
    load.stop()
    load.start(Share())
    assert surged > 400.0
    assert load.course.base_s(clock.monotonic() + 10.0) < 11.0
    load.stop()


def test_does_a_load_without_a_surge_leave_the_waiting_to_locust() -> None:
    target = settings.current({"GAMEDAY_SPEED": "10"})
    steady = LoadProcess(target, load_options("pooled=100", "1", "1", None, None, {}))
    left = steady.wait(steady.turns(steady.clients[0]))
    assert 0.0 <= left <= 0.1
