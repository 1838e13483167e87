"""Does the safeguard end a run when it must, also when it can see nothing any more?"""

from __future__ import annotations

import queue
from pathlib import Path
from typing import Any

import boto3
import pytest
from aws_double import AwsDouble
from test_chaos_run import await_event, chaos, events, outage, reserved

from gameday import clock, settings
from gameday.controls.safeguard import Safeguard
from gameday.journal import EventLog
from gameday.stop_when import parse

Shop = tuple[AwsDouble, dict[str, str]]
EU = "eu-west-1"


def extension(*conditions: str) -> list[dict[str, Any]]:
    return [{"name": "gameday", "kind": "recovery", "baseline_s": 0, "stop_when": list(conditions)}]


def alarm(environ: dict[str, str], state: str) -> None:
    api = boto3.client("cloudwatch", region_name=EU, endpoint_url=environ["AWS_ENDPOINT_URL"])
    api.put_metric_alarm(
        AlarmName="shop-throttled", Namespace="n", MetricName="m", Period=60, Statistic="Sum",
        EvaluationPeriods=1, Threshold=1, ComparisonOperator="GreaterThanThreshold",
    )  # fmt: skip
    api.set_alarm_state(AlarmName="shop-throttled", StateValue=state, StateReason="test")


def test_does_an_alarm_stop_the_run_and_is_all_put_back(shop: Shop, tmp_path: Path) -> None:
    _, environ = shop
    alarm(environ, "OK")
    guarded = outage(hold_s=3000, extensions=extension("alarm throttled"))
    with chaos(tmp_path, environ, guarded) as process:
        await_event(tmp_path, "fault.applied")
        assert reserved(environ) == [0] * 4
        alarm(environ, "ALARM")
        output = process.communicate(timeout=60)[0]
    assert process.returncode == 1, output
    (stop,) = events(tmp_path, "stop")
    assert stop["reason"] == "stop_when alarm throttled: shop-throttled in eu-west-1 is in ALARM"
    assert reserved(environ) == [None] * 4
    (back,) = events(tmp_path, "put.back")
    assert (back["settings"], back["equal"]) == (5, 5)
    marks = {(e["control"], e["step"]) for e in events(tmp_path, "control.mark")}
    assert marks >= {("safeguard", "before"), ("safeguard", "after")}


def test_does_an_alarm_that_is_nowhere_stop_the_run(shop: Shop, tmp_path: Path) -> None:
    _, environ = shop
    guarded = outage(hold_s=3000, extensions=extension("alarm misspelt"))
    with chaos(tmp_path, environ, guarded) as process:
        process.communicate(timeout=90)
    assert "nobody can tell whether: alarm misspelt" in events(tmp_path, "stop")[0]["reason"]
    assert reserved(environ) == [None] * 4


def test_is_a_condition_that_is_not_understood_refused(shop: Shop, tmp_path: Path) -> None:
    guarded = outage(extensions=extension("success is low"))
    with chaos(tmp_path, shop[1], guarded) as process:
        output = process.communicate(timeout=60)[0]
    assert "'success is low' is not understood" in output
    assert not events(tmp_path, "fault.started")


def tripped(tmp_path: Path, *conditions: str, within_s: float = 20.0) -> str:
    """What a safeguard says of the run in `tmp_path`."""
    said: queue.Queue[str] = queue.Queue()
    target = settings.current({"GAMEDAY_SPEED": "10", "GAMEDAY_REGIONS": "us-east-1,eu-west-1"})
    guard = Safeguard(tmp_path, target, [parse(c) for c in conditions], said.put)
    guard.start()
    try:
        return said.get(timeout=within_s)
    finally:
        guard.stop()


@pytest.mark.parametrize("region", [EU, "unattributed"])
def test_does_harm_outside_the_region_trip_it(tmp_path: Path, region: str) -> None:
    log, start = EventLog(tmp_path / "events" / "load-0.jsonl"), clock.now() - 20
    for tenth in range(600):
        rows = [{"region": region, "outcome": "http_5xx", "count": 1}]
        log.append("load.window", at=start + tenth / 10, rows=rows)
    log.close()
    said = tripped(tmp_path, "success outside us-east-1 below 95 % for 10 s")
    assert said.endswith("0.0 % at last")


def test_does_a_safeguard_that_breaks_trip(tmp_path: Path) -> None:
    (tmp_path / "events").mkdir()
    (tmp_path / "events" / "load-0.jsonl").write_text("this is not JSON\n")
    said = tripped(tmp_path, "success outside us-east-1 below 95 % for 10 s")
    assert "can no longer be judged" in said
