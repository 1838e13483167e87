"""Does plain `chaos run` with our control leave a recorded run with everything put back?

However the run ends: well, by a failing action, by Ctrl-C, by SIGTERM, by SIGKILL.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import boto3
import pytest
from aws_double import BEHIND, AwsDouble

from gameday import clock
from gameday.journal import read_events

CHAOS = Path(sys.executable).with_name("chaos")
Shop = tuple[AwsDouble, dict[str, str]]


def activity(kind: str, name: str, module: str, func: str, **arguments: Any) -> dict[str, Any]:
    provider = {"type": "python", "module": module, "func": func, "arguments": arguments}
    return {"type": kind, "name": name, "provider": provider}


def outage(hold_s: float = 0.0, **changed: Any) -> dict[str, Any]:
    """An experiment that loses a Region and looks for `hold_s` AWS seconds; no load."""
    region = {"region": "us-east-1", "stack": "shop"}
    lose = activity("action", "lose", "gameday.actions.region", "disable_region", **region)
    look = activity(
        "probe", "look", "gameday.probes.health_check", "becomes", **region, within_s=hold_s
    )
    back = activity("action", "back", "gameday.actions.region", "enable_region", **region)
    control = {"type": "python", "module": "gameday.controls.record"}
    return {
        "title": "Losing a Region",
        "description": "A test.",
        "configuration": {"region": {"type": "env", "key": "GAMEDAY_REGION"}},
        "extensions": [{"name": "gameday", "kind": "recovery", "baseline_s": 0}],
        "method": [lose, look],
        "rollbacks": [back],
        "controls": [{"name": "gameday", "provider": control}],
        **changed,
    }


@contextmanager
def chaos(
    folder: Path, environ: dict[str, str], experiment: dict[str, Any]
) -> Iterator[subprocess.Popen[str]]:
    """`chaos run` on the experiment in `folder`, ended with the block."""
    (folder / "outage.json").write_text(json.dumps(experiment))
    # GAMEDAY_RUN_DIR/runner.json says that somebody else reports; it saves the tests' time
    run_dir = folder / "run"
    run_dir.mkdir()
    (run_dir / "runner.json").write_text("{}")
    process = subprocess.Popen(
        [CHAOS, "--no-version-check", "--no-log-file", "run", "outage.json"],
        cwd=folder,
        env={**os.environ, **environ, "GAMEDAY_SPEED": "40", "GAMEDAY_RUN_DIR": str(run_dir)},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    try:
        yield process
    finally:
        if process.poll() is None:
            process.kill()
        process.communicate()


def events(folder: Path, kind: str) -> list[dict[str, Any]]:
    return [e for e in read_events(folder / "run") if e["kind"] == kind]


def await_event(folder: Path, kind: str, within_s: float = 40.0) -> dict[str, Any]:
    assert clock.Clock().wait_for(lambda: bool(events(folder, kind)), within_s, every_s=0.1), kind
    return events(folder, kind)[0]


def reserved(environ: dict[str, str]) -> list[int | None]:
    api = boto3.client("lambda", region_name="us-east-1", endpoint_url=environ["AWS_ENDPOINT_URL"])
    answers = [api.get_function_concurrency(FunctionName=f"shop-{n}") for n in BEHIND]
    return [a.get("ReservedConcurrentExecutions") for a in answers]


def test_does_a_run_leave_its_files_and_marks(shop: Shop, tmp_path: Path) -> None:
    _, environ = shop
    with chaos(tmp_path, environ, outage()) as process:
        output = process.communicate(timeout=60)[0]
    assert process.returncode == 0, output
    run = json.loads((tmp_path / "run" / "run.json").read_text())
    assert (run["experiment"], run["kind"], run["region"]) == ("outage", "recovery", "us-east-1")
    assert run["speed"] == 40.0
    assert len(json.loads((tmp_path / "run" / "zone.json").read_text())["ResourceRecordSets"]) == 4
    checks = json.loads((tmp_path / "run" / "health-checks.json").read_text())["HealthChecks"]
    assert len(checks) == 2
    kinds = [e["kind"] for e in read_events(tmp_path / "run")]
    ordered = ["run.started", "fault.started", "fault.applied", "rollback.started", "put.back"]
    assert [k for k in kinds if k in ordered] == ordered
    assert {e["step"] for e in events(tmp_path, "control.mark")} >= {"before", "after"}
    (back,) = events(tmp_path, "put.back")
    assert (back["settings"], back["equal"]) == (5, 5)
    assert events(tmp_path, "watch.beat")
    assert {e["healthy"] for e in events(tmp_path, "health.status")} == {True}
    assert reserved(environ) == [None] * 4


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_is_everything_put_back_when_a_signal_ends_it(
    shop: Shop, tmp_path: Path, number: signal.Signals
) -> None:
    _, environ = shop
    never = outage(hold_s=3000)  # Chaos Toolkit's default: no rollbacks after an interruption
    with chaos(tmp_path, environ, never) as process:
        await_event(tmp_path, "fault.applied")
        assert reserved(environ) == [0] * 4
        process.send_signal(number)
        process.communicate(timeout=60)
    assert process.returncode == 1
    assert reserved(environ) == [None] * 4
    assert [e["reason"] for e in events(tmp_path, "stop")] == [number.name]
    assert events(tmp_path, "run.ended")[0]["status"] == "interrupted"


def test_does_the_watchdog_put_it_back_when_the_runner_is_killed(
    shop: Shop, tmp_path: Path
) -> None:
    double, environ = shop
    with chaos(tmp_path, environ, outage(hold_s=3000)) as process:
        await_event(tmp_path, "fault.applied")
        process.kill()
        back = await_event(tmp_path, "put.back")
    assert (back["by"], back["settings"], back["equal"]) == ("watchdog", 5, 5)
    assert reserved(environ) == [None] * 4
    assert [e["state"]["status"] for e in double.experiments.values()] == ["stopped"]
    assert "died" in events(tmp_path, "stop")[0]["reason"]


def test_does_a_failing_action_end_the_method(shop: Shop, tmp_path: Path) -> None:
    double, environ = shop
    double.refuse = "/experiments"  # the fault is half done when AWS FIS refuses
    with chaos(tmp_path, environ, outage(hold_s=3000)) as process:
        output = process.communicate(timeout=90)[0]
    double.refuse = None
    assert process.returncode == 1
    assert "the action lose failed" in output
    assert not events(tmp_path, "fault.applied")
    assert reserved(environ) == [None] * 4


@pytest.mark.parametrize(
    ("changed", "complaint"),
    [
        ({"extensions": [{"name": "gameday", "kind": "recovry"}]}, "'recovry' is not one of"),
        (
            {"extensions": [{"name": "gameday", "kind": "recovery", "load": {"file": "no.py"}}]},
            "no.py: no such locustfile",
        ),
        ({"configuration": {"region": "mars-1"}}, "GAMEDAY_REGION mars-1"),
    ],
)
def test_is_nothing_injected_when_the_control_cannot_begin(
    shop: Shop, tmp_path: Path, changed: dict[str, Any], complaint: str
) -> None:
    _, environ = shop
    with chaos(tmp_path, environ, outage(**changed)) as process:
        output = process.communicate(timeout=60)[0]
    assert process.returncode == 1
    assert complaint in output
    assert not events(tmp_path, "fault.started")
    assert not (tmp_path / "run" / "undo.sh").exists()


def test_is_an_endpoint_that_is_no_lab_refused_before_anything(shop: Shop, tmp_path: Path) -> None:
    environ = {**shop[1], "AWS_ENDPOINT_URL": "https://aws.example.test"}
    with chaos(tmp_path, environ, outage()) as process:
        output = process.communicate(timeout=60)[0]
    assert "not running: AWS_ENDPOINT_URL is not a lab on loopback" in output
    assert process.returncode == 1


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
        assert reserved(environ) == [0] * 4
        first.terminate()
        first.communicate(timeout=60)
    assert reserved(environ) == [None] * 4
