"""What is a target of an EventBridge rule given?"""

from __future__ import annotations

from typing import Any

import pytest

from gameday.lab.cloud.bus_events import at, shown, target_input

EVENT: dict[str, Any] = {
    "version": "0", "id": "1", "detail-type": "sold", "source": "shop", "account": "123456789012",
    "time": "1970-01-01T00:00:00Z", "region": "us-east-1", "resources": ["a", "b"],
    "detail": {"what": 'a "chair"', "count": 2},
}  # fmt: skip


@pytest.mark.parametrize(
    ("target", "given"),
    [
        ({}, EVENT),
        ({"Input": '{"constant": true}'}, {"constant": True}),
        ({"InputPath": "$.detail.count"}, 2),
        ({"InputPath": "$.resources[1]"}, "b"),
        ({"InputPath": "$.detail.nothing"}, None),
        ({"InputTransformer": {"InputPathsMap": {"w": "$.detail.what", "n": "$.detail.count"},
                               "InputTemplate": '{"what": <w>, "count": <n>}'}},
         {"what": 'a "chair"', "count": 2}),
        ({"InputTransformer": {"InputPathsMap": {"w": "$.detail.what", "n": "$.detail.count"},
                               "InputTemplate": '"sold <n> of <w>"'}}, 'sold 2 of a "chair"'),
        ({"InputTransformer": {"InputTemplate": '{"all": <aws.events.event.json>}'}},
         {"all": EVENT}),
    ],
    ids=str,
)  # fmt: skip
def test_what_is_a_target_given(target: dict[str, Any], given: Any) -> None:
    assert target_input(target, EVENT) == given


def test_is_the_time_written_out_and_motos_own_left_out() -> None:
    assert shown({**EVENT, "time": 0.0, "ingestion-time": 1.0}) == EVENT


def test_does_a_path_into_nothing_give_nothing() -> None:
    assert at(EVENT, "$.source.deeper") is None
