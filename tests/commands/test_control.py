"""Do `status`, `stop` and `rollback` say in one line what they cannot do, and do what they can?"""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from gameday import runner
from gameday.cli import main

NOWHERE = {"GAMEDAY_ADMIN": "http://127.0.0.1:1"}
LEASE = '{"schema": 1, "lease": "a", "holder": "x", "at": 1}\n'


@pytest.fixture(autouse=True)
def run_dir(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A run of a project that is the working directory."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("GAMEDAY_ADMIN", raising=False)
    found = tmp_path / "reports" / "runs" / "region-outage" / "2026-11-23T08-20-14Z"
    found.mkdir(parents=True)
    return found


def gameday(*arguments: str, **environ: str) -> Result:
    done = CliRunner().invoke(main, list(arguments), env=environ)
    assert done.exception is None or isinstance(done.exception, SystemExit), done.exception
    return done


def change(function: str) -> str:
    setting = {"kind": "concurrency", "region": "us-east-1", "function": function}
    line = {"id": function, "at": 1.0, "before": None, "after": 0, "setting": setting}
    return json.dumps(line) + "\n"


@pytest.mark.parametrize(
    ("arguments", "environ", "code", "said"),
    [
        (["rollback"], {}, 2, "latest: no run with an undo journal"),
        (["rollback", "nope"], {}, 2, "nope: no run with an undo journal"),
        (["rollback", "--all"], {}, 3, "no lab named default is up"),
        (["rollback", "--from-copy"], NOWHERE, 2, "this target has no GAMEDAY_UNDO_COPY"),
        (["rollback", "--target", "x.env"], NOWHERE, 2, "no run with an undo journal"),
        (["rollback", "--from-copy", "--target", "x.env"], {}, 2, "x.env: cannot read the target"),
        (["status", "--target", "x.env"], {}, 2, "x.env: cannot read the target file"),
        (["stop"], {}, 2, "no run is under way"),
        (["stop", "nope"], {}, 2, "no such run is under way"),
    ],
)
def test_is_a_mistake_one_line(
    arguments: list[str], environ: dict[str, str], code: int, said: str
) -> None:
    done = gameday(*arguments, **environ)
    (line,) = done.stderr.splitlines()
    assert (done.exit_code, said in line) == (code, True), line


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (b"\xff\xfe\n", "undo.jsonl is damaged"),
        (b"not JSON\n", "undo.jsonl is damaged"),
        (LEASE.replace("1,", "9,", 1).encode(), "another version (schema 9, this one reads 1)"),
        (None, "undo.jsonl cannot be read (Is a directory)"),
    ],
)
def test_is_a_journal_that_cannot_be_read_said(
    run_dir: Path, text: bytes | None, said: str
) -> None:
    journal = run_dir / "undo.jsonl"
    if text is None:
        journal.mkdir()
    else:
        journal.write_bytes(text)
    shown = gameday("status")
    assert (shown.exit_code, said in shown.stdout) == (0, True)
    for arguments in (["rollback", str(run_dir)], ["rollback", "--all"]):
        done = gameday(*arguments, **NOWHERE)
        (line,) = done.stderr.splitlines()
        assert (done.exit_code, said in line) == (3, True), line


def test_what_is_changed_by_whom_and_since_when(run_dir: Path) -> None:
    closed = '{"id": "b", "at": 2.0, "state": "put back", "by": 1, "value": null}\n'
    (run_dir / "undo.jsonl").write_text(LEASE + change("a") + change("b") + closed)
    (run_dir / "run.json").write_text('{"who": "ada"}')
    (line,) = gameday("status").stdout.splitlines()
    assert line.endswith(
        "reserved concurrency of a in us-east-1 since 1970-01-01T00:00:01.000Z by ada in "
        "region-outage/2026-11-23T08-20-14Z"
    )


def test_does_rollback_of_all_leave_runs_alone_that_hold_nothing(run_dir: Path) -> None:
    (run_dir / "undo.jsonl").write_text(LEASE)
    assert gameday("rollback", "--all", **NOWHERE).stdout == ""
    assert (run_dir / "undo.jsonl").read_text() == LEASE


def runner_file(run_dir: Path, **facts: Any) -> None:
    (run_dir / "runner.json").write_text(json.dumps(facts))


def test_is_a_run_under_way_named(run_dir: Path) -> None:
    runner._write_runner(run_dir, chaos_pid=os.getpid())
    assert f"is under way, process {os.getpid()}" in gameday("status").stdout


@pytest.mark.parametrize("facts", [{}, {"pid": 1}, {"pid": "x", "chaos_pid": None}])
def test_does_a_spoilt_runner_file_hurt(run_dir: Path, facts: dict[str, Any]) -> None:
    runner_file(run_dir, **facts)
    assert "under way" not in gameday("status").stdout
    assert gameday("stop").exit_code == 2


def test_is_a_later_process_of_the_same_number_taken_for_the_run(run_dir: Path) -> None:
    """A killed run leaves its file, and numbers come again: a stranger must not be interrupted."""
    mine = os.getpid()
    runner_file(run_dir, pid=mine, chaos_pid=mine, pid_began=1, chaos_pid_began=1)
    assert gameday("stop").exit_code == 2
    runner.ask_to_stop(run_dir, json.loads((run_dir / "runner.json").read_text()))
    assert runner.active_runs(run_dir.parents[3]) == {}
