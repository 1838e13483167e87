"""Is everything put back by hand: by undo.sh without this tool, by `gameday rollback` beside it?"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import crash
import project
import pytest
import state
import victims

from gameday.clock import Clock

pytestmark = [pytest.mark.scenario, pytest.mark.timeout(600)]
WALL = Clock()


@pytest.fixture(scope="module")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[crash.Crash]:
    with crash.crashing(tmp_path_factory.mktemp("by-hand")) as found:
        yield found


@contextmanager
def broken(lab: crash.Crash, fault: str) -> Iterator[Path]:
    """A run whose fault is on and whose processes stand still for the length of the block."""
    file = project.experiment_file(lab.root, fault, load=False)
    known = set(lab.runs(file.stem))
    runner = lab.gameday("run", str(file.relative_to(lab.root)), "--lab", crash.LAB_NAME)
    try:
        run_dir = lab.run_dir(runner, file.stem, known)
        assert WALL.wait_for(
            lambda: "fault.applied" in [e["kind"] for e in victims.events(run_dir)],
            60,
            every_s=0.02,
        )
        found = victims.processes(run_dir)
        pids = [runner.pid, *found["chaos"], *found["watchdog"]]
        for pid in pids:
            os.kill(pid, signal.SIGSTOP)
        try:
            assert state.difference(lab.before, state.projection(lab.env))
            yield run_dir
        finally:
            for pid in pids:
                victims.send(pid, signal.SIGCONT)
        assert WALL.wait_for(lambda: runner.poll() is not None, 120, every_s=0.05)
    finally:
        lab.end(runner)
    lab.judge(run_dir)


def applied(run_dir: Path) -> bool:
    return "fault.applied" in [e["kind"] for e in victims.events(run_dir)]


@pytest.mark.parametrize("fault", ["outage", "inverted", "deep"])
def test_does_undo_sh_put_back_with_nothing_but_aws(lab: crash.Crash, fault: str) -> None:
    with broken(lab, fault) as run_dir:
        environ = {"PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}"}
        for _ in range(2):  # it may be run twice
            done = subprocess.run(
                ["sh", run_dir / "undo.sh"], env=environ, capture_output=True, text=True
            )
            lab.same(but=crash.UNDO_COPIES)
        assert done.stderr == ""


def test_does_rollback_put_back_beside_a_run_and_is_the_run_fenced(lab: crash.Crash) -> None:
    with broken(lab, "outage") as run_dir:
        assert lab.gameday("rollback", str(run_dir), "--lab", crash.LAB_NAME).wait(60) == 0
        lab.same(but=crash.UNDO_COPIES)
    by = [e["by"] for e in victims.events(run_dir) if e["kind"] == "put.back"]
    assert "rollback" in by
    assert "chaos" not in by
