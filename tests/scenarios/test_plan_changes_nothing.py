"""What a plan says before, and what the run then does."""

from __future__ import annotations

import json

import pytest

pytestmark = pytest.mark.scenario


@pytest.mark.parametrize(
    ("name", "settings"),
    [
        ("region-outage", 5),
        ("region-cut", 1),
        ("health-check-failure", 1),
        ("health-check-failure-503", 1),
        ("planned-evacuation", 6),
    ],
)
def test_does_a_plan_change_nothing_and_name_everything(project, name: str, settings: int) -> None:
    assert project.gameday("lab", "up").returncode == 0
    try:
        file = f"experiments/{name}.yaml"
        done = project.gameday("plan", file, "--json")
        assert done.returncode == 0, done.stderr
        found = json.loads(done.stdout)
        assert len(found["changes"]) == settings
        assert found["headline"].endswith("in us-east-1 and nothing else")
        assert all(c["undo"] for c in found["changes"])
        assert found["share_pct"] == 50
        answers = {guard: answer["ruling"] for guard, answer in found["guards"].items()}
        asked = {guard for guard, ruling in answers.items() if ruling == "passed"}
        assert asked == {"kill switch", "last Region", "alarms", "load share"}
        again = json.loads(project.gameday("plan", file, "--json").stdout)
        assert [c["before"] for c in again["changes"]] == [c["before"] for c in found["changes"]]
        assert not (project.root / "reports").exists()
        policy = json.loads(project.gameday("plan", file, "--iam").stdout)
        assert policy == again["policy"]
    finally:
        project.gameday("lab", "down")
