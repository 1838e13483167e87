"""Data behind follows the lag, and a loss is seen."""

from __future__ import annotations

import pytest

pytestmark = pytest.mark.scenario

COURSE = "poisson,ramp_s=20,surge=1.2,surge_s=30"


def short(body: dict) -> None:
    """A run of a minute: a third of the baseline, and recovery need not hold for long."""
    extension = body["extensions"][0]
    extension["baseline_s"] = 30
    for step in body["method"]:
        arguments = step["provider"].get("arguments", {})
        if "then_holds_s" in arguments:
            arguments["then_holds_s"] = 30


@pytest.mark.parametrize(("lag", "low", "high"), [("0-0", 0.0, 0.5), ("5-5", 2.0, 8.0)])
def test_does_data_behind_follow_the_lag(project, lag: str, low: float, high: float) -> None:
    file = project.experiment("region-outage", short)
    done = project.gameday("run", file, "--lag", lag, "--rpo", "60", "--load", COURSE)
    found = project.findings()
    assert done.returncode == 0, found["sentence"]
    baseline = found["data_behind"]["baseline"]
    assert low <= baseline["p50_s"] <= high, baseline
    reads = found["data_behind"]["reads"]["fault"]
    assert reads["checked"] > 100
    if low > 0.0:  # replication stopped with writes on their way, and clients moved
        assert reads["stale"] > 0
    (surge,) = project.events("load.surge")
    (fault,) = project.events("fault.started")
    assert 0.0 <= surge["at"] - fault["at"] < 1.0
