"""Health: shallow, deep against the table, cached, and the lever of the talk."""

from __future__ import annotations

import json
from typing import Any

import pytest

from gameday import clock


def test_shallow_is_200_without_any_table(load: Any) -> None:
    answer = load("health").shallow({}, None)
    assert answer["statusCode"] == 200
    assert answer["headers"]["Cache-Control"] == "no-store"
    assert answer["headers"]["X-Region"] == "eu-west-1"


def test_deep_writes_and_reads_its_own_table(load: Any, table: Any) -> None:
    assert load("health").deep({}, None)["statusCode"] == 200
    assert [i["id"] for i in table.scan()["Items"]] == ["health#eu-west-1"]


def test_deep_is_503_with_retry_after_when_the_table_is_gone(load: Any, table: Any) -> None:
    table.delete()
    answer = load("health").deep({}, None)
    assert answer["statusCode"] == 503
    assert int(answer["headers"]["Retry-After"]) >= 1
    assert answer["headers"]["Cache-Control"] == "no-store"
    assert "ResourceNotFoundException" in json.loads(answer["body"])["error"]


def test_deep_gives_up_soon_and_does_not_retry(load: Any, monkeypatch: Any) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL_DYNAMODB", "http://127.0.0.1:1")
    began = clock.monotonic()
    assert load("health").deep({}, None)["statusCode"] == 503
    assert clock.monotonic() - began < 2


@pytest.mark.parametrize(("cache_s", "after"), [("60", 200), ("0", 503)])
def test_a_result_is_reused_for_the_time_of_the_cache(
    load: Any, table: Any, monkeypatch: Any, cache_s: str, after: int
) -> None:
    monkeypatch.setenv("HEALTH_CACHE_S", cache_s)
    health = load("health")
    assert health.deep({}, None)["statusCode"] == 200
    table.delete()
    assert health.deep({}, None)["statusCode"] == after


def test_the_lever_turns_both_red(load: Any, monkeypatch: Any) -> None:
    monkeypatch.setenv("HEALTH_STATUS", "503")
    health = load("health")
    for handler in (health.shallow, health.deep):
        answer = handler({}, None)
        assert answer["statusCode"] == 503
        assert answer["headers"]["Retry-After"] == "5"
