"""Do the probes of the traffic see what the load recorded, at the moment they can know it?"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from chaoslib.exceptions import ActivityFailed

from gameday import clock
from gameday.journal import EventLog
from gameday.probes import replication, traffic
from gameday.probes.load_log import settled_until

SPEED = 10.0
US, EU = "us-east-1", "eu-west-1"


@pytest.fixture(autouse=True)
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("GAMEDAY_RUN_DIR", str(tmp_path))
    monkeypatch.setenv("GAMEDAY_SPEED", str(SPEED))
    return tmp_path


def window(at: float, **outcomes: int) -> dict[str, Any]:
    """A load window; `us_ok=3` is three requests that us-east-1 answered well."""
    rows = []
    for name, count in outcomes.items():
        region, _, outcome = name.partition("_")
        place = {"us": US, "eu": EU}[region]
        rows.append({"profile": "p", "region": place, "outcome": outcome, "count": count})
    return {"at": at, "kind": "load.window", "unsent": 0, "rows": rows}


def record(run: Path, windows: list[dict[str, Any]], fault_at: float | None = None) -> None:
    log = EventLog(run / "events" / "load-0.jsonl")
    for one in windows:
        log.append_raw(one)
    log.close()
    if fault_at is not None:
        EventLog(run / "events" / "chaos.jsonl").append("fault.started", at=fault_at, region=US)


def steady(since: float, until: float, **outcomes: int) -> list[dict[str, Any]]:
    count = round((until - since) / 0.1)
    return [window(since + i * 0.1, **outcomes) for i in range(count)]


@contextmanager
def load_goes_on(run: Path, outcomes: Callable[[float], dict[str, int]]) -> Iterator[None]:
    """Windows of the present, written as a load process would, while the block runs."""
    over = threading.Event()

    def write() -> None:
        log = EventLog(run / "events" / "load-0.jsonl")
        at = clock.now()
        while not over.wait(0.02):
            while at < clock.now():
                log.append_raw(window(at, **outcomes(at)))
                at += 0.1
        log.close()

    thread = threading.Thread(target=write)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()


def test_what_share_of_requests_succeeded_lately(run: Path) -> None:
    now = clock.now()
    record(
        run,
        steady(now - 10, now - 5, us_ok=0, us_reset=8) + steady(now - 5, now, us_ok=7, us_reset=1),
    )
    assert traffic.success_pct(window_s=10) == 87.5


def test_is_no_request_an_error_and_not_a_hundred_percent(run: Path) -> None:
    with pytest.raises(ActivityFailed, match=r"no request in the last 10\.0 s"):
        traffic.success_pct(window_s=10.0)


def test_is_a_probe_outside_a_run_told_what_to_add(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("GAMEDAY_RUN_DIR")
    with pytest.raises(ActivityFailed, match=r"add the control gameday\.controls\.record"):
        traffic.success_pct()


def test_do_clients_that_recover_in_time_and_stay_pass(run: Path) -> None:
    now = clock.now()
    fault = now - 40  # 400 AWS seconds ago
    record(run, steady(fault, fault + 10, us_reset=8) + steady(fault + 10, now, eu_ok=8), fault)
    assert traffic.recovers(within_s=150, then_holds_s=200)
    assert not traffic.recovers(within_s=90, then_holds_s=200)


def test_does_it_give_up_early_when_clients_never_recover(run: Path) -> None:
    fault = clock.now() - 20
    record(run, steady(fault, clock.now(), us_reset=8), fault)
    began = clock.monotonic()
    assert not traffic.recovers(within_s=100, then_holds_s=3000)
    assert clock.monotonic() - began < 5


def test_is_a_relapse_while_it_should_hold_a_failure(run: Path) -> None:
    now = clock.now()
    fault = now - 40
    good, bad = steady(fault + 5, fault + 20, eu_ok=8), steady(fault + 20, fault + 30, eu_reset=8)
    record(run, good + bad + steady(fault + 30, now, eu_ok=8), fault)
    assert not traffic.recovers(within_s=150, then_holds_s=200)


def test_does_it_wait_while_it_cannot_know(run: Path) -> None:
    fault = clock.now()
    record(run, [], fault)
    with load_goes_on(run, lambda at: {"eu_ok": 8} if at > fault + 1 else {"us_reset": 8}):
        began = clock.monotonic()
        assert traffic.recovers(within_s=100, then_holds_s=20)
        assert clock.monotonic() - began > 3  # 10 s of recovery and 20 s of holding, at 10x


@pytest.mark.parametrize(
    ("took_s", "elapsed_s", "known"),
    [
        (None, 100, None),  # not yet recovered, still time
        (None, 161, False),
        (106, 120, None),  # recovered; must hold
        (106, 406, True),
        (155, 158, None),  # a window may still begin earlier once more is known
        (155, 161, False),
        (0, 300, True),
    ],
)
def test_when_is_the_verdict_known(
    took_s: float | None, elapsed_s: float, known: bool | None
) -> None:
    assert traffic.verdict(took_s, elapsed_s, within_s=150, holds_s=300, window_s=10) is known


def test_is_traffic_that_stays_served_seen_as_such(run: Path) -> None:
    fault = clock.now() - 30
    record(run, steady(fault, clock.now(), us_ok=4, eu_ok=4), fault)
    assert traffic.stays_served(for_s=200)


def test_is_one_bad_window_enough(run: Path) -> None:
    fault = clock.now() - 30
    windows = steady(fault, fault + 10, us_ok=8) + steady(fault + 10, fault + 11, us_reset=8)
    record(run, windows + steady(fault + 11, clock.now(), eu_ok=8), fault)
    assert not traffic.stays_served(for_s=200)


def test_do_clients_leave_a_region(run: Path) -> None:
    fault = clock.now() - 30
    windows = steady(fault, fault + 10, us_ok=4, eu_ok=4) + steady(fault + 10, clock.now(), eu_ok=8)
    record(run, windows, fault)
    assert traffic.leaves_region(US, within_s=100)
    assert not traffic.leaves_region(EU, within_s=100)
    assert traffic.leaves_region(US, within_s=100, profile="p")


def test_does_a_probe_before_the_fault_say_so(run: Path) -> None:
    with pytest.raises(ActivityFailed, match="no fault has begun in this run"):
        traffic.recovers(within_s=1)


def test_how_far_behind_was_the_sampler_s_worst_reading(run: Path) -> None:
    log, now = EventLog(run / "events" / "load-0.jsonl"), clock.now()
    for age, behind_s in ((20.0, 9.0), (3.0, 1.2), (1.0, 0.4)):
        log.append("load.sample", at=now - age, behind_s=behind_s, read=5, missing=1)
    assert replication.behind(window_s=60) == 1.2


def test_are_the_last_seconds_left_out() -> None:
    assert settled_until(100.0, speed=10) == 97.5
    assert settled_until(100.0, speed=1) == 84.0
