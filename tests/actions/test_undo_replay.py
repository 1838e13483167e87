"""Is everything put back that can be: backwards, Regions at once, past what fails or hangs?"""

from __future__ import annotations

import fcntl
import os
import subprocess
import sys
import threading
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

import pytest

from gameday import undo
from gameday.clock import Clock
from gameday.errors import AwsError, Refused, RunError
from gameday.journal import read_log
from gameday.undo import Concurrency, Replication, Setting, UndoJournal, disk, kinds, script

US, EU = "us-east-1", "eu-west-1"
WALL = Clock()


@dataclass(frozen=True, slots=True)
class Knob(Setting):
    """A setting in this process's memory."""

    kind: ClassVar[str] = "knob"
    name: str

    values: ClassVar[dict[str, Any]] = {}
    written: ClassVar[list[str]] = []
    broken: ClassVar[set[str]] = set()
    hangs: ClassVar[dict[str, threading.Event]] = {}

    def __str__(self) -> str:
        return f"knob {self.name} in {self.region}"

    def read(self) -> Any:
        if self.region in self.hangs:
            assert self.hangs[self.region].wait(10)
        if self.name in self.broken:
            raise AwsError("no answer")
        return self.values[self.name]

    def write(self, value: Any) -> None:
        self.values[self.name] = value
        self.written.append(self.name)

    def commands(self, value: Any) -> list[str]:
        return [f"turn {self.name} {value}"]


@pytest.fixture
def knobs(monkeypatch: pytest.MonkeyPatch) -> type[Knob]:
    monkeypatch.setitem(kinds._KINDS, "knob", Knob)
    for held in (Knob.values, Knob.written, Knob.broken, Knob.hangs):
        held.clear()
    return Knob


def changed(run_dir: Path, *settings: Knob) -> UndoJournal:
    """A run that turned each from 1 to 2, one after the other."""
    journal = UndoJournal(run_dir)
    journal.begin("runner 1")
    for setting in settings:
        journal.open([(setting, 1, 2)])
        Knob.values[setting.name] = 2
    return journal


def test_is_the_last_change_put_back_first(knobs: type[Knob], tmp_path: Path) -> None:
    journal = changed(tmp_path, *(Knob(US, name) for name in "abc"))
    assert undo.replay(journal).complete
    assert knobs.written == ["c", "b", "a"]


def test_do_regions_wait_for_each_other(knobs: type[Knob], tmp_path: Path) -> None:
    journal = changed(tmp_path, Knob(EU, "e"), Knob(US, "u"))
    knobs.hangs[US] = threading.Event()
    thread = threading.Thread(target=undo.replay, args=(journal,))
    thread.start()
    try:
        assert WALL.wait_for(lambda: knobs.values["e"] == 1, 10, every_s=0.01)
        assert knobs.values["u"] == 2
    finally:
        knobs.hangs[US].set()
        thread.join()
    assert knobs.values["u"] == 1


def test_does_one_that_fails_keep_the_others_and_is_it_said(
    knobs: type[Knob], tmp_path: Path
) -> None:
    journal = changed(tmp_path, *(Knob(US, name) for name in "abc"))
    knobs.broken.add("b")
    result = undo.replay(journal, try_for_wall_s=0)
    assert (result.total, result.equal) == (3, 2)
    assert result.failed == ("not put back: knob b in us-east-1: no answer",)
    assert [r.state for r in journal.records()] == ["put back", "open", "put back"]
    knobs.broken.clear()
    assert undo.replay(journal).complete


def test_does_one_that_never_answers_hold_up_another(knobs: type[Knob], tmp_path: Path) -> None:
    journal = changed(tmp_path, *(Knob(US, name) for name in "abc"))
    knobs.broken.add("c")
    thread = threading.Thread(target=undo.replay, args=(journal,), kwargs={"try_for_wall_s": 30})
    thread.start()
    try:
        assert WALL.wait_for(lambda: knobs.written == ["b", "a"], 10, every_s=0.01)
        assert knobs.values == {"a": 1, "b": 1, "c": 2}
    finally:
        knobs.broken.clear()
        thread.join()
    assert knobs.values["c"] == 1


def test_is_one_that_takes_its_time_waited_for(
    knobs: type[Knob], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    journal = changed(tmp_path, Knob(US, "a"))
    answers = iter([False, False, True])
    monkeypatch.setattr(Knob, "settled", lambda self, value: next(answers))
    assert undo.replay(journal).complete
    assert knobs.written == ["a"]


def test_is_a_region_whose_api_comes_back_tried_again(knobs: type[Knob], tmp_path: Path) -> None:
    journal = changed(tmp_path, Knob(US, "a"))
    knobs.broken.add("a")
    timer = threading.Timer(0.1, knobs.broken.clear)
    timer.start()
    assert undo.replay(journal, try_for_wall_s=10).complete
    timer.join()


def test_is_a_value_in_between_ours_too(knobs: type[Knob], tmp_path: Path) -> None:
    journal = changed(tmp_path, Knob(US, "a"))
    journal.open([(Knob(US, "a"), 2, 3)])  # the same setting once more
    knobs.values["a"] = 2  # and that was never made
    assert undo.replay(journal).complete
    assert knobs.values["a"] == 1


def test_does_the_run_say_that_it_was_put_back(knobs: type[Knob], tmp_path: Path) -> None:
    journal = changed(tmp_path, Knob(US, "a"), Knob(US, "b"))
    knobs.values["b"] = 9
    undo.put_back(journal, by="rollback")
    (told,) = read_log(tmp_path / "events" / "rollback.jsonl")
    assert (told["kind"], told["settings"], told["equal"]) == ("put.back", 2, 1)
    assert told["foreign"] == ["left alone: knob b in us-east-1 is 9, which this run did not set"]


def test_does_it_need_a_disk(
    knobs: type[Knob], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    runner = changed(tmp_path, Knob(US, "a"))

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(disk, "_write", full)
    monkeypatch.setattr(sys.modules["gameday.undo.replay"], "EventLog", full)
    watchdog = UndoJournal(tmp_path)
    watchdog.take("watchdog 1")
    assert undo.put_back(watchdog, by="watchdog").complete
    assert knobs.values["a"] == 1
    with pytest.raises(RunError, match=r"nothing was changed: its undo cannot be written: .*space"):
        runner.open([(Knob(US, "a"), 1, 2)])


def test_does_whoever_takes_over_fence_the_runner(knobs: type[Knob], tmp_path: Path) -> None:
    runner = changed(tmp_path, Knob(US, "a"))
    runner.refuse_fenced()
    UndoJournal(tmp_path).take("rollback 1")
    with pytest.raises(Refused, match="put back by somebody else"):
        runner.refuse_fenced()
    with pytest.raises(Refused, match="put back by somebody else"):
        runner.open([(Knob(US, "b"), 1, 2)])
    assert [str(r.setting) for r in runner.records()] == ["knob a in us-east-1"]


def test_does_a_stopped_process_that_holds_the_file_keep_the_watchdog_out(
    knobs: type[Knob], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    journal = changed(tmp_path, Knob(US, "a"))
    monkeypatch.setattr(disk, "LOCK_WITHIN_WALL_S", 0.05)
    fd = os.open(journal.path, os.O_RDWR)
    try:
        fcntl.flock(fd, fcntl.LOCK_EX)
        watchdog = UndoJournal(tmp_path)
        watchdog.take("watchdog 1")
        assert watchdog.holds()
        assert undo.replay(watchdog).complete
    finally:
        os.close(fd)


@pytest.mark.parametrize("end", [b'{"id": "half', b"\0" * 4096, b'{"id"\0\0'])
def test_is_what_a_power_cut_left_at_the_end_dropped(
    knobs: type[Knob], tmp_path: Path, end: bytes
) -> None:
    journal = changed(tmp_path, Knob(US, "a"))
    whole = journal.path.read_bytes()
    journal.path.write_bytes(whole + end)
    watchdog = UndoJournal(tmp_path)
    watchdog.take("watchdog 1")
    assert journal.path.read_bytes().startswith(whole + b'{"schema"')
    assert undo.replay(watchdog).complete


def test_is_undo_sh_there_whole_after_each_change(knobs: type[Knob], tmp_path: Path) -> None:
    journal = changed(tmp_path, Knob(US, "a"), Knob(US, "b"))
    lines = journal.script.read_text().splitlines()
    assert [line for line in lines if line.startswith("turn")] == ["turn b 1", "turn a 1"]
    assert sorted(p.name for p in tmp_path.iterdir()) == ["undo.jsonl", "undo.sh"]


def test_does_undo_sh_of_a_lab_reach_the_lab_only(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Older `aws` commands do not know AWS_ENDPOINT_URL and would call Amazon."""
    monkeypatch.setenv("GAMEDAY_ADMIN", "http://127.0.0.1:1")
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:4566")
    pause = Replication(US, ("arn:t",), "role", "token")
    script.write(tmp_path / "undo.sh", [(Concurrency(US, "f"), 7), (pause, False)])
    fake = tmp_path / "aws"
    fake.write_text(f'#!/bin/sh\necho "$@" >> {tmp_path}/calls\necho EXP1\n')
    fake.chmod(0o700)
    path = f"{tmp_path}:{os.environ['PATH']}"
    subprocess.run(["sh", tmp_path / "undo.sh"], env={"PATH": path}, check=True)
    calls = (tmp_path / "calls").read_text().splitlines()
    verbs = [call.split()[3] for call in calls]
    assert verbs == [
        "list-experiments", "stop-experiment", "list-experiment-templates",
        "delete-experiment-template", "put-function-concurrency",
    ]  # fmt: skip
    assert all(call.startswith("--endpoint-url http://127.0.0.1:4566 ") for call in calls)
