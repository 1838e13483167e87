"""Which records does a filter let through? (page "Filter rule syntax")"""

from __future__ import annotations

from typing import Any

import pytest

from gameday.lab.functions.filters import meets, passes

RECORD = {
    "eventName": "INSERT",
    "body": {"location": "New York", "temperature": 21.5, "tags": ["a", "b"], "done": None,
             "ready": True},
}  # fmt: skip


@pytest.mark.parametrize(
    ("pattern", "lets_through"),
    [
        ({}, True),
        ({"eventName": ["INSERT"]}, True),
        ({"eventName": ["REMOVE"]}, False),
        ({"eventName": ["REMOVE", "INSERT"]}, True),
        ({"eventName": ["INSERT"], "body": {"location": ["Paris"]}}, False),
        ({"body": {"location": [{"prefix": "New"}]}}, True),
        ({"body": {"location": [{"suffix": "York"}]}}, True),
        ({"body": {"location": [{"suffix": "New"}]}}, False),
        ({"body": {"location": [{"equals-ignore-case": "new york"}]}}, True),
        ({"body": {"location": [{"anything-but": ["Paris"]}]}}, True),
        ({"body": {"location": [{"anything-but": "New York"}]}}, False),
        ({"body": {"location": [{"anything-but": {"prefix": "New"}}]}}, False),
        ({"body": {"temperature": [{"numeric": [">", 20, "<=", 21.5]}]}}, True),
        ({"body": {"temperature": [{"numeric": ["=", 20]}]}}, False),
        ({"body": {"location": [{"numeric": [">", 1]}]}}, False),
        ({"body": {"tags": ["b"]}}, True),
        ({"body": {"tags": ["c"]}}, False),
        ({"body": {"done": [None]}}, True),
        ({"body": {"ready": [True]}}, True),
        ({"body": {"ready": [1]}}, False),
        ({"body": {"missing": [{"exists": False}]}}, True),
        ({"body": {"missing": [{"exists": True}]}}, False),
        ({"body": {"missing": [{"anything-but": ["x"]}]}}, False),
        ({"body": {"location": [{"exists": True}]}}, True),
        ({"$or": [{"eventName": ["REMOVE"]}, {"body": {"tags": ["a"]}}]}, True),
        ({"$or": [{"eventName": ["REMOVE"]}, {"body": {"tags": ["x"]}}]}, False),
        ({"body": {"location": {"deeper": ["x"]}}}, False),
        ({"body": {"location": [{"unknown-rule": "x"}]}}, False),
    ],
    ids=str,
)
def test_does_a_pattern_let_the_record_through(pattern: Any, lets_through: bool) -> None:
    assert meets(pattern, RECORD) is lets_through


def test_is_one_of_several_patterns_enough() -> None:
    assert passes([], RECORD)
    assert passes([{"eventName": ["REMOVE"]}, {"eventName": ["INSERT"]}], RECORD)
    assert not passes([{"eventName": ["REMOVE"]}], RECORD)
