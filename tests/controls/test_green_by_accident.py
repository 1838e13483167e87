"""Where plain `chaos run` is green, or leaves the fault in place: is a run of ours neither?

Each row is one of Chaos Toolkit's own ways (chaostoolkit-lib 1.44 and 1.45, run.py), played twice:
without our control and with it.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import boto3
import pytest
from aws_double import BEHIND, AwsDouble
from test_chaos_run import CHAOS, activity, await_event, chaos, events, outage, reserved

Shop = tuple[AwsDouble, dict[str, str]]
Json = dict[str, Any]
SERVED, LOST = [None] * 4, [0] * 4


def with_hypothesis(path: Any, tolerance: Any) -> Json:
    """The outage with a hypothesis that asks the file system."""
    probe = activity("probe", "ask", "os.path", "getsize", filename=str(path))
    hypothesis = {"title": "it is there", "probes": [{**probe, "tolerance": tolerance}]}
    return outage(**{"steady-state-hypothesis": hypothesis})


def not_met(folder: Path) -> Json:
    (folder / "asked").write_text("1")
    return with_hypothesis(folder / "asked", 2)


def action_fails(folder: Path) -> Json:
    body = outage()
    body["method"][0]["provider"]["arguments"]["stack"] = "nobody"
    return body


def rollback_fails(folder: Path) -> Json:
    body = outage()
    body["rollbacks"] = [activity("action", "back", "os.path", "getsize", filename="/no/where")]
    return body


def hypothesis_raises_after(folder: Path) -> Json:
    """The more complete the outage, the less likely the cleanup: its probe raises, too."""
    (folder / "asked").write_text("1")
    body = with_hypothesis(folder / "asked", 1)
    body["method"].append(activity("action", "gone", "os", "unlink", path=str(folder / "asked")))
    return body


def plain(folder: Path, environ: dict[str, str], body: Json) -> int:
    """The exit code of `chaos run` without our control."""
    folder.mkdir()
    body = {k: v for k, v in body.items() if k != "controls"}
    (folder / "outage.json").write_text(json.dumps(body))
    command = [CHAOS, "--no-version-check", "--no-log-file", "run", "outage.json"]
    done = subprocess.run(command, cwd=folder, env=environ, capture_output=True, check=False)
    return done.returncode


def ours(folder: Path, environ: dict[str, str], body: Json) -> Json:
    """The findings of the same run with our control; the verdict of `gameday report` agrees."""
    folder.mkdir()
    with chaos(folder, environ, body) as process:
        process.communicate(timeout=90)
    command = [sys.executable, "-m", "gameday", "report", "run", "--json"]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    assert done.stdout, done.stderr
    found: Json = json.loads(done.stdout)
    assert done.returncode == {"ERROR": 3, "STOPPED": 4}[found["verdict"]]
    return found


@pytest.mark.parametrize(
    ("make", "exit_code", "left", "said"),
    [
        (not_met, 0, SERVED, "the steady state was not met before the fault"),
        (action_fails, 0, SERVED, "the action lose failed: "),
        (rollback_fails, 0, LOST, "rollback back failed"),
        (hypothesis_raises_after, 1, LOST, "chaos ended with status failed"),
    ],
)
def test_is_ours_not_green_where_plain_chaos_is_or_leaves_the_fault(
    shop: Shop,
    tmp_path: Path,
    make: Callable[[Path], Json],
    exit_code: int,
    left: list[int | None],
    said: str,
) -> None:
    _, target = shop
    environ = {**os.environ, **target}
    body = make(tmp_path)
    assert plain(tmp_path / "plain", environ, body) == exit_code
    assert reserved(target) == left  # what Chaos Toolkit leaves behind
    body = make(tmp_path)
    restore(target)
    found = ours(tmp_path / "ours", target, body)
    assert any(said in reason for reason in found["reasons"]), found["reasons"]
    assert reserved(target) == SERVED


def restore(target: dict[str, str]) -> None:
    api = boto3.client("lambda", region_name="us-east-1", endpoint_url=target["AWS_ENDPOINT_URL"])
    for name in BEHIND:
        api.delete_function_concurrency(FunctionName=f"shop-{name}")


def test_does_a_misspelt_control_leave_nothing_that_could_be_green(
    shop: Shop, tmp_path: Path
) -> None:
    """Chaos Toolkit warns, goes on, and exits with 0."""
    _, environ = shop
    control = {"type": "python", "module": "gameday.controls.recrod"}
    body = outage(controls=[{"name": "gameday", "provider": control}])
    with chaos(tmp_path, environ, body) as process:
        output = process.communicate(timeout=60)[0]
    assert process.returncode == 0, output
    command = [sys.executable, "-m", "gameday", "report", "run"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 3
    assert "has no run.json" in done.stderr


def test_is_a_second_run_on_the_same_target_refused(shop: Shop, tmp_path: Path) -> None:
    _, environ = shop
    (tmp_path / "first").mkdir()
    (tmp_path / "second").mkdir()
    with chaos(tmp_path / "first", environ, outage(hold_s=3000)) as first:
        await_event(tmp_path / "first", "fault.applied")
        with chaos(tmp_path / "second", environ, outage()) as second:
            output = second.communicate(timeout=60)[0]
        assert second.returncode == 1
        assert "not running: another run is under way on this target" in output
        assert not events(tmp_path / "second", "fault.started")
        assert reserved(environ) == LOST
        first.terminate()
        first.communicate(timeout=60)
    assert reserved(environ) == SERVED
