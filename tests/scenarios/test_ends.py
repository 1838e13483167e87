"""However a run or a lab ends, everything is put back and nothing is left running."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable
from pathlib import Path

import pytest
from user_project import lab_processes

from gameday.clock import Clock

pytestmark = pytest.mark.scenario
WALL = Clock()


def until(condition: Callable[[], bool], within_s: float = 120) -> None:
    assert WALL.wait_for(condition, within_s, every_s=0.1)


def fault_is_on(project) -> bool:
    return (project.root / "reports/latest").exists() and bool(project.events("fault.applied"))


def gone(project) -> bool:
    return lab_processes(project.root) == []


def put_back(project) -> list[dict]:
    return [e for e in project.events("put.back") if e["equal"] == e["settings"] > 0]


@pytest.mark.parametrize("how", ["SIGINT", "SIGTERM", "SIGHUP", "gameday stop"])
def test_is_a_stopped_run_put_back(project, how: str) -> None:
    run = project.start("run", "experiments/region-outage.yaml")
    until(lambda: fault_is_on(project) or run.poll() is not None)
    if how == "gameday stop":
        stopped = project.gameday("stop")
        assert stopped.returncode == 0, stopped.stderr
    else:
        run.send_signal(getattr(signal, how))
    output, _ = run.communicate(timeout=120)
    assert run.returncode == 4, output[-3000:]
    assert project.findings()["verdict"] == "STOPPED"
    assert [e["reason"] for e in project.events("stop")] == [how]
    assert put_back(project)
    until(lambda: gone(project), 20)


def test_does_the_watchdog_put_back_what_a_killed_runner_and_chaos_leave(project) -> None:
    assert project.gameday("lab", "up").returncode == 0
    run = project.start("run", "experiments/region-outage.yaml")
    try:
        until(lambda: fault_is_on(project) or run.poll() is not None)
        chaos = int(_runner(project)["chaos_pid"])
        run.kill()
        os.kill(chaos, signal.SIGKILL)
        run.communicate(timeout=10)
        until(lambda: bool(put_back(project)))
        status = project.gameday("status").stdout
        assert "changed   nothing" in status or "changed nothing" in status, status
    finally:
        assert project.gameday("lab", "down").returncode == 0
    until(lambda: gone(project), 60)


def _runner(project) -> dict:
    import json

    found: dict = json.loads((project.latest / "runner.json").read_text())
    return found


def test_does_rollback_put_back_what_is_left(project) -> None:
    assert project.gameday("lab", "up").returncode == 0
    try:
        run = project.start("run", "experiments/region-outage.yaml")
        until(lambda: fault_is_on(project) or run.poll() is not None)
        chaos = int(_runner(project)["chaos_pid"])
        run.kill()
        os.kill(chaos, signal.SIGKILL)
        run.communicate(timeout=10)
        done = project.gameday("rollback")
        assert done.returncode == 0, done.stderr
        assert "equal to before" in done.stdout
    finally:
        project.gameday("lab", "down")


def test_does_a_killed_supervisor_leave_no_process(project) -> None:
    assert project.gameday("lab", "up").returncode == 0
    pid = _supervisor(project.root)
    os.kill(pid, signal.SIGKILL)
    until(lambda: gone(project), 20)
    again = project.gameday("lab", "up")
    assert again.returncode == 0, again.stderr
    assert project.gameday("lab", "down").returncode == 0
    until(lambda: gone(project), 20)


def _supervisor(root: Path) -> int:
    for pid in lab_processes(root):
        if b"gameday.lab.lab" in Path(f"/proc/{pid}/cmdline").read_bytes():
            return pid
    raise AssertionError("no supervisor is running")


def test_do_two_labs_run_side_by_side(project) -> None:
    assert project.gameday("lab", "up", "--lab", "one").returncode == 0
    two = project.gameday("lab", "up", "--lab", "two")
    try:
        assert two.returncode == 0, two.stderr
        for name in ("one", "two"):
            shown = project.gameday("lab", "status", "--lab", name)
            assert "serving" in shown.stdout
    finally:
        for name in ("one", "two"):
            project.gameday("lab", "down", "--lab", name)
    until(lambda: gone(project), 20)


def test_does_ctrl_c_while_the_lab_starts_leave_nothing(project) -> None:
    up = project.start("lab", "up")
    until(lambda: len(lab_processes(project.root)) > 2, 20)
    up.send_signal(signal.SIGINT)
    output, _ = up.communicate(timeout=30)
    project.gameday("lab", "down")  # ends it, should it have come up all the same
    assert up.returncode == 4, output
    until(lambda: gone(project), 20)
