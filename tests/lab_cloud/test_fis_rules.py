"""FIS decided: templates, selection, order, ends (statements G2 to G14)."""

from __future__ import annotations

import copy
from typing import Any

import pytest

from gameday.lab import fis
from gameday.lab.fis import ActionState as State

TEMPLATE: dict[str, Any] = {
    "description": "pause",
    "roleArn": "arn:aws:iam::123456789012:role/fis",
    "stopConditions": [{"source": "none"}],
    "targets": {
        "t": {
            "resourceType": "aws:dynamodb:global-table",
            "resourceTags": {"Disrupt": "Allowed"},
            "selectionMode": "ALL",
        }
    },
    "actions": {
        "pause": {
            "actionId": fis.PAUSE_REPLICATION,
            "parameters": {"duration": "PT5M"},
            "targets": {"Tables": "t"},
        },
        "wait": {
            "actionId": fis.WAIT,
            "parameters": {"duration": "PT1M"},
            "startAfter": ["pause"],
        },
    },
}


def changed(path: str, value: Any) -> dict[str, Any]:
    template = copy.deepcopy(TEMPLATE)
    *parents, last = path.split("/")
    place = template
    for parent in parents:
        place = place[parent]
    if value is None:
        place.pop(last)
    else:
        place[last] = value
    return template


def test_a_good_template_is_accepted() -> None:
    assert fis.check_template(TEMPLATE) is None


@pytest.mark.parametrize(
    ("path", "value", "says"),
    [
        ("roleArn", "", "roleArn"),
        ("stopConditions", [], "stopConditions"),
        ("actions", {}, "1 to 20 actions"),
        ("actions/pause/actionId", "aws:ec2:stop-everything", "aws:ec2:stop-everything"),
        ("actions/pause/parameters", {}, "duration"),
        ("actions/pause/parameters/duration", "5 minutes", "ISO 8601"),
        ("actions/pause/parameters/duration", "PT13H", "PT12H"),
        ("actions/pause/parameters/duration", "PT30S", "PT1M"),
        ("actions/pause/parameters/percentage", "5", "no parameter percentage"),
        ("actions/pause/targets", {"Tables": "other"}, "other"),
        ("actions/pause/targets", {}, "Tables"),
        ("actions/pause/startAfter", ["wait"], "cycle"),
        ("actions/wait/startAfter", ["nothing"], "nothing"),
        ("targets/t/selectionMode", "SOME", "selectionMode"),
        ("targets/t/resourceArns", ["arn:x"], "either"),
        ("targets/t/resourceTags", None, "either"),
        ("targets/t/resourceType", "aws:ec2:instance", "aws:ec2:instance"),
        ("stopConditions", [{"source": "aws:cloudwatch:alarm"}], "ARN"),
    ],
)
def test_a_bad_template_is_refused_by_name(path: str, value: Any, says: str) -> None:
    with pytest.raises(fis.Invalid, match=says):
        fis.check_template(changed(path, value))


@pytest.mark.parametrize(
    ("text", "seconds"), [("PT1M", 60), ("PT1H30M", 5400), ("PT12H", 43200), ("PT90S", 90)]
)
def test_duration(text: str, seconds: float) -> None:
    assert fis.duration_s(text) == seconds


RESOURCES = {f"arn:{n}": {"Disrupt": "true" if n < 4 else "false"} for n in range(5)}


@pytest.mark.parametrize(
    ("mode", "count"), [("ALL", 4), ("COUNT(3)", 3), ("PERCENT(50)", 2), ("PERCENT(20)", 0)]
)
def test_selection_by_tag(mode: str, count: int) -> None:
    target = {"resourceTags": {"Disrupt": True}, "selectionMode": mode}
    assert fis.selected(target, RESOURCES) == [f"arn:{n}" for n in range(count)]


def test_selection_by_arn_leaves_out_what_does_not_exist() -> None:
    target = {"resourceArns": ["arn:4", "arn:9"], "selectionMode": "ALL"}
    assert fis.selected(target, RESOURCES) == ["arn:4"]


def test_without_start_after_actions_start_at_once() -> None:
    assert fis.startable({"a": State(), "b": State(start_after=("a",)), "c": State()}) == ["a", "c"]


def test_an_action_starts_when_those_before_it_are_over() -> None:
    later = State(start_after=("a", "b"))
    assert not fis.startable({"a": State("completed"), "b": State("running"), "c": later})
    assert fis.startable({"a": State("completed"), "b": State("skipped"), "c": later}) == ["c"]


def test_an_action_is_due_when_its_time_is_over() -> None:
    actions = {"a": State("running", ends_at=10.0), "b": State("running", ends_at=20.0)}
    assert fis.due(actions, 9.9) == []
    assert fis.due(actions, 10.0) == ["a"]
    assert fis.next_due_at(actions) == 10.0
    assert fis.next_due_at({"a": State()}) is None


def test_stopping_stops_what_runs_and_cancels_the_rest() -> None:
    actions = {"a": State("completed"), "b": State("running"), "c": State()}
    assert fis.stopped(actions) == {"b": "stopped", "c": "cancelled"}


@pytest.mark.parametrize(
    ("statuses", "outcome"),
    [
        (["completed", "skipped"], "completed"),
        (["completed", "running"], None),
        (["failed", "running"], "failed"),
        ([], "completed"),
    ],
)
def test_outcome(statuses: list[str], outcome: str | None) -> None:
    assert fis.outcome({str(i): State(s) for i, s in enumerate(statuses)}) == outcome
