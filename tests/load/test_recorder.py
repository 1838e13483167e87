"""What does a load process write down?"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from gameday import clock
from gameday.clock import Clock
from gameday.journal import EventLog, read_log
from gameday.load.profiles import parse_mix
from gameday.load.recorder import Recorder
from gameday.load.schedule import Course, Turns, plan
from gameday.load.segments import Segments
from gameday.load.windows import Windows
from gameday.model import quantile_ms
from gameday.resolver import Network
from gameday.workload.workload import Workload

STEADY = Course(Workload(), Clock(1.0), 0.0)
"""Base seconds are instants."""

CLIENT = plan(parse_mix("pooled=100"), [Network("near")], 8.0, 1, seed=1)[0]


def log(run_dir: Path) -> EventLog:
    return EventLog(run_dir / "events" / "load-0.jsonl")


def events(run_dir: Path, kind: str) -> list[dict[str, Any]]:
    return [e for e in read_log(run_dir / "events" / "load-0.jsonl") if e["kind"] == kind]


def test_in_which_window_is_a_request_and_how_long_did_it_take() -> None:
    windows = Windows()
    windows.offer(100.04)
    windows.offer(100.1)
    windows.add(100.04, ("pooled", "us-east-1", "ok"), 50.0)
    windows.add(100.099, ("pooled", "us-east-1", "ok"), 900.0)
    windows.add(100.1, ("pooled", "us-east-1", "http_5xx"), 5.0)
    first, second = windows.take()
    assert (first[0], first[1].offered, second[0], second[1].offered) == (100.0, 1, 100.1, 1)
    (row,) = first[1].rows()
    assert (row["region"], row["outcome"], row["count"]) == ("us-east-1", "ok", 2)
    assert quantile_ms(row["hist"], 1.0) == pytest.approx(900.0, rel=0.02)
    assert windows.take() == []


def test_is_a_late_answer_a_further_part_of_its_own_window() -> None:
    windows = Windows()
    windows.offer(100.0)
    windows.take()
    windows.add(100.0, ("pooled", "us-east-1", "read_timeout"), 10_000.0)
    ((at, part),) = windows.take()
    assert (at, part.offered, part.rows()[0]["count"]) == (100.0, 0, 1)


def test_which_reads_are_counted_and_which_told_one_by_one(tmp_path: Path) -> None:
    recorder = Recorder(log(tmp_path), STEADY)
    now = clock.monotonic()
    recorder.read(now, None, None, client="c")
    for _ in range(150):
        recorder.read(now, None, 12.0, client="c")
    recorder.read(now, "own_writes", 30.0, client="d")
    recorder.end()
    (window,) = [w for w in events(tmp_path, "load.window") if "reads" in w]
    assert window["reads"] == {"checked": 152, "stale": 151, "own_writes": 1}
    behind = {int(b): n for b, n in window["behind"].items()}
    assert quantile_ms(behind, 0.5) == pytest.approx(12_000.0, rel=0.02)
    assert quantile_ms(behind, 1.0) == pytest.approx(30_000.0, rel=0.02)
    examples = events(tmp_path, "load.read")
    assert len(examples) == 100
    assert examples[0]["behind_s"] == 12.0


def test_when_does_a_segment_break() -> None:
    segments = Segments()
    for at, (region, outcome) in enumerate([("us", "ok"), ("us", "ok"), ("us", "reset")]):
        broken = segments.add("c", "pooled", "near", region, outcome, float(at))
    assert broken is not None
    assert (broken.first, broken.last, broken.count) == (0.0, 1.0, 2)
    assert broken.members()["ok"] is True
    moved = segments.add("c", "pooled", "near", "eu", "ok", 3.0)
    assert moved is not None
    assert (moved.outcome, moved.members()["ok"]) == ("reset", False)


def test_is_an_open_segment_told_again_only_when_it_has_grown() -> None:
    segments = Segments()
    segments.add("c", "pooled", "near", "us", "ok", 1.0)
    assert [s.count for s in segments.grown()] == [1]
    assert segments.grown() == []
    segments.add("c", "pooled", "near", "us", "ok", 2.0)
    assert [(s.first, s.last, s.count) for s in segments.grown()] == [(1.0, 2.0, 2)]


def test_is_what_was_never_sent_counted_in_the_window_it_was_meant_for(tmp_path: Path) -> None:
    recorder = Recorder(log(tmp_path), STEADY)
    now = clock.monotonic()
    turns = Turns.every(CLIENT.id, now - 1.0, 0.25)  # due: -1, -0.75, -0.5, -0.25, 0
    recorder.join(turns)
    intended = recorder.begin(turns)
    recorder.answer(CLIENT, "us-east-1", "read_timeout", intended, intended + 0.01)
    recorder.tick()
    assert events(tmp_path, "load.window")[0]["waiting"] == 4
    recorder.end()
    windows = events(tmp_path, "load.window")
    assert sum(w["unsent"] for w in windows) == 4
    assert sum(w["offered"] for w in windows) == 5
    (row,) = [r for w in windows for r in w["rows"]]
    assert quantile_ms({int(b): n for b, n in row["hist"].items()}, 1.0) > 990.0
    (ended,) = events(tmp_path, "load.ended")
    assert {k: ended[k] for k in ("offered", "sent", "answered", "failed", "unsent")} == {
        "offered": 5, "sent": 1, "answered": 1, "failed": 1, "unsent": 4,
    }  # fmt: skip
    (segment,) = events(tmp_path, "client.segment")
    assert segment["first"] == pytest.approx(intended + 0.01 + recorder.wall_offset, abs=1e-3)


def test_is_a_turn_that_was_cut_by_the_end_of_the_load_not_held_against_it(tmp_path: Path) -> None:
    recorder = Recorder(log(tmp_path), STEADY)
    now = clock.monotonic()
    quick = Turns.every("quick", now - 0.01, 10.0)
    slow = Turns.every("slow", now - 0.5, 10.0)
    for turns in (quick, slow):
        recorder.join(turns)
    recorder.stopping()
    recorder.end()
    totals = recorder.totals()
    assert (totals["offered"], totals["unsent"]) == (1, 1)


def test_can_an_unfinished_file_tell_the_last_answer(tmp_path: Path) -> None:
    now = clock.monotonic()
    quick = Course(Workload(), Clock(10_000.0), now)  # ten AWS seconds are a millisecond
    recorder = Recorder(log(tmp_path), quick)
    turns = Turns.every(CLIENT.id, 0.0, 10.0)
    recorder.join(turns)
    started = recorder.begin(turns)
    recorder.answer(CLIENT, "us-east-1", "ok", started, started)
    clock.sleep_wall(0.002)
    recorder.tick()
    assert [s["count"] for s in events(tmp_path, "client.segment")] == [1]


def test_does_a_recorder_without_a_run_keep_only_the_totals() -> None:
    recorder = Recorder(None, STEADY)
    recorder.start([CLIENT], 8.0)
    recorder.answer(CLIENT, "us-east-1", "ok", clock.monotonic(), clock.monotonic())
    recorder.tick()
    recorder.end()
    assert recorder.totals()["answered"] == 1
