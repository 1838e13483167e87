"""A run that harms whom it must not ends by itself: everything is put back, and it says why."""

from __future__ import annotations

import pytest

pytestmark = pytest.mark.scenario


def spare(region: str):
    """The experiment, with a condition that holds everybody outside `region` dear."""

    def change(body: dict) -> None:
        extension = body["extensions"][0]
        extension["baseline_s"] = 20
        extension["stop_when"] = [f"success outside {region} below 95 % for 15 s"]

    return change


def test_does_harm_outside_the_region_stop_the_run(project) -> None:
    """Here the lost Region itself is the one that was to be spared."""
    file = project.experiment("region-outage", spare("eu-west-1"))
    done = project.gameday("run", file)
    assert done.returncode == 4, done.stdout[-3000:] + done.stderr[-2000:]
    found = project.findings()
    assert found["verdict"] == "STOPPED"
    assert "stop_when success outside eu-west-1 below 95 % for 15 s" in found["sentence"]
    (back,) = project.events("put.back")
    assert back["equal"] == back["settings"] == 5
    (fault,), (stop,) = project.events("fault.started"), project.events("stop")
    assert 15 <= (stop["at"] - fault["at"]) * 10 <= 80  # on the AWS clock, settling included


def test_is_a_condition_that_is_not_understood_one_line(project) -> None:
    def change(body: dict) -> None:
        body["extensions"][0]["stop_when"] = ["success is too low"]

    done = project.gameday("run", project.experiment("region-outage", change))
    assert done.returncode == 2
    assert "'success is too low' is not understood" in done.stderr
    assert "Traceback" not in done.stderr
