import os
from pathlib import Path

import pytest

from gameday.journal import EventLog, Tail, read_events, read_log, run_log


def test_are_writers_merged_in_order_of_time(tmp_path: Path) -> None:
    one, two = EventLog(tmp_path / "events/a.jsonl"), EventLog(tmp_path / "events/b.jsonl")
    one.append("first", at=1.0)
    one.append("third", at=3.0)
    two.append("second", at=2.0, region="us-east-1")
    assert [e["kind"] for e in read_events(tmp_path)] == ["first", "second", "third"]
    one.close()
    two.close()


def test_is_a_torn_last_line_left_out(tmp_path: Path) -> None:
    log = EventLog(tmp_path / "x.jsonl")
    log.append("whole", at=1.0)
    log.close()
    with (tmp_path / "x.jsonl").open("a") as file:
        file.write('{"at": 2.0, "kind": "to')
    assert [e["kind"] for e in read_log(tmp_path / "x.jsonl")] == ["whole"]


def test_is_there_no_log_outside_a_run(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("GAMEDAY_RUN_DIR", raising=False)
    assert run_log("chaos") is None


def test_does_a_tail_return_each_event_once_and_wait_for_torn_lines(tmp_path: Path) -> None:
    tail = Tail(tmp_path)
    assert tail.new() == []
    log = EventLog(tmp_path / "events/a.jsonl")
    log.append("first", at=1.0)
    with (tmp_path / "events/b.jsonl").open("w") as file:
        file.write('{"at": 2.0, "ki')
        file.flush()
        assert [e["kind"] for e in tail.new()] == ["first"]
        file.write('nd": "second"}\n')
    assert [e["kind"] for e in tail.new()] == ["second"]
    assert tail.new() == []
    log.close()


def test_does_a_full_disk_leave_half_a_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    log = EventLog(tmp_path / "a.jsonl")
    log.append("one")
    real = os.write
    with monkeypatch.context() as full:
        full.setattr(os, "write", lambda fd, data: real(fd, data[:10]))
        with pytest.raises(OSError, match="No space left"):
            log.append("two")
    log.append("three")
    log.close()
    assert [e["kind"] for e in read_log(log.path)] == ["one", "three"]
