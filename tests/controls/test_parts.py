"""Do the parts of the control decide rightly, each alone?"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from gameday import clock
from gameday.clock import Clock
from gameday.controls import audit, failback, pace, run_dir, run_files
from gameday.controls.load import LoadProcess, overridden
from gameday.errors import RunError, UsageError
from gameday.experiment import Load
from gameday.journal import EventLog

US, EU = "us-east-1", "eu-west-1"


def test_are_pauses_and_timeouts_brought_onto_the_aws_clock() -> None:
    probe = {"name": "p", "pauses": {"after": 30}, "provider": {"timeout": 20}}
    body: dict[str, Any] = {"method": [probe], "rollbacks": [{"name": "r"}]}
    said = pace.rewrite(body, Clock(10))
    assert (probe["pauses"]["after"], probe["provider"]["timeout"]) == (3.0, 2.0)  # type: ignore[index]
    assert said == [
        "p: pause after 30 s is 3 s of wall time",
        "p: timeout 20 s is 2 s of wall time",
    ]
    assert pace.rewrite(body, Clock(1)) == []


def test_is_the_frequency_of_a_continuous_hypothesis_scaled() -> None:
    schedule = SimpleNamespace(continuous_hypothesis_frequency=5.0)
    pace.FrequencyPace(Clock(10)).running({}, {}, {}, {}, schedule, {})
    assert schedule.continuous_hypothesis_frequency == 0.5


def test_which_writes_count_at_the_fault(tmp_path: Path) -> None:
    log = EventLog(tmp_path / "ledger" / "writes-0.jsonl")
    for name, region, outcome, acked_at in [
        ("old", US, "acknowledged", 93.0),  # 70 AWS seconds before
        ("before", US, "acknowledged", 99.95),
        ("while it took hold", US, "acknowledged", 100.01),
        ("elsewhere", EU, "acknowledged", 99.9),
        ("failed", US, "failed", None),
    ]:
        log.append_raw(
            {"key": name, "id": name, "region": region, "outcome": outcome, "acked_at": acked_at}
        )
    found = audit.acknowledged(tmp_path, fault_at=100.0, speed=10, region=US)
    assert [w["id"] for w in found] == ["before", "while it took hold"]


def test_how_old_is_the_oldest_write_that_the_survivor_lacks() -> None:
    writes = [
        {"id": i, "key": f"k-{i}", "acked_at": at}
        for i, at in [("a", 99.5), ("b", 99.9), ("c", 100.02)]
    ]
    found = audit.behind(writes, {"a"}, fault_at=100.0, speed=10)
    assert (found["checked"], found["missing"]) == (3, 2)
    assert found["oldest_age_s"] == pytest.approx(1.2)  # lost with its last acknowledgement
    assert found["missing_keys"] == ["k-b", "k-c"]
    assert audit.behind(writes, {"a", "b", "c"}, 100.0, 10)["oldest_age_s"] == 0.0


def windows(share: float, since: float, until: float) -> list[dict[str, Any]]:
    rows = [
        {"region": US, "outcome": "ok", "count": round(100 * share)},
        {"region": EU, "outcome": "ok", "count": round(100 * (1 - share))},
    ]
    return [{"at": since + i, "rows": rows} for i in range(int(until - since))]


def test_when_does_a_region_serve_again_as_before() -> None:
    def again(share_after: float, share_before: float = 0.5) -> bool:
        seen = windows(share_before, 40, 100) + windows(share_after, 200, 300)
        return failback.serves_again(seen, US, fault_at=100, now=290, speed=1)

    assert again(0.5)
    assert again(0.25)
    assert not again(0.2)
    assert again(0.0, share_before=0.0)


def test_does_what_gameday_run_says_win_over_the_file() -> None:
    load = Load("steady.py", 8.0, {"per-request": 50, "pooled": 50})
    found = overridden(load, {"GAMEDAY_CLIENTS": "pooled=100", "GAMEDAY_RATE_PER_S": "4"})
    assert (dict(found.clients), found.rate_per_s) == ({"pooled": 100.0}, 4.0)
    assert overridden(load, {}) == load
    assert dict(overridden(load, {"GAMEDAY_CLIENTS": "pooled"}).clients) == {"pooled": 100.0}
    for name, text, says in (
        ("GAMEDAY_CLIENTS", "pooled=most", "'pooled=most' is not PROFILE=PERCENT"),
        ("GAMEDAY_CLIENTS", "pooled,per-request=50", "sum to 150 %"),
        ("GAMEDAY_RATE_PER_S", "many", "are numbers: could not convert"),
    ):
        with pytest.raises(UsageError, match=says):
            overridden(load, {name: text})


def test_is_a_locustfile_that_fails_named_with_its_last_line(tmp_path: Path) -> None:
    (tmp_path / "broken.py").write_text("import a_package_that_is_missing\n")
    load = LoadProcess(tmp_path, Load(str(tmp_path / "broken.py")), speed=10)
    load.start()
    with pytest.raises(RunError, match="the package a_package_that_is_missing is not installed"):
        load.wait_ready(99.0)
    load.stop()


def test_does_a_child_end_with_the_parent_that_started_it(tmp_path: Path) -> None:
    script = (
        "import os, subprocess, sys\n"
        "command = [sys.executable, '-m', 'gameday.controls.child', str(os.getpid()), '--',\n"
        "           sys.executable, '-c', 'import time; print(1, flush=True); time.sleep(60)']\n"
        "child = subprocess.Popen(command, stdout=subprocess.PIPE)\n"
        "child.stdout.readline()\n"
        "print(child.pid, flush=True)\n"
        "os.kill(os.getpid(), 9)\n"
    )
    if sys.platform != "linux":
        pytest.skip("elsewhere nothing tells a child of its parent's end")
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=False
    )
    pid = int(done.stdout)
    assert clock.Clock().wait_for(lambda: _is_gone(pid), 10, every_s=0.05)


def _is_gone(pid: int) -> bool:
    """Whether no process `pid` runs (a zombie does not)."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "Z"
    except OSError:
        return True


def test_does_each_run_get_a_directory_of_its_own(tmp_path: Path) -> None:
    first, second = (run_dir.fresh(tmp_path, "outage") for _ in range(2))
    assert first != second
    assert first.parent == second.parent == tmp_path / "reports" / "runs" / "outage"
    assert not (tmp_path / "reports" / "latest").exists()  # it points to runs that have begun
    run_dir.point_latest(second)
    assert (tmp_path / "reports" / "latest").resolve() == second.resolve()


def test_does_a_run_elsewhere_leave_latest_alone(tmp_path: Path) -> None:
    run_dir.point_latest(tmp_path / "a" / "b" / "c")
    assert not (tmp_path / "latest").exists()


def test_does_a_run_say_which_commit_it_ran(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert run_files._commit() is None
    git = ["git", "-c", "user.name=a", "-c", "user.email=a@example.test"]
    subprocess.run([*git, "init", "-q"], check=True)
    subprocess.run([*git, "commit", "-q", "--allow-empty", "-m", "first"], check=True)
    shown = subprocess.run(["git", "rev-parse", "HEAD"], capture_output=True, text=True, check=True)
    assert run_files._commit() == shown.stdout.strip()
