"""Items: one per idempotency key, 404 for what has not replicated yet, pages."""

from __future__ import annotations

import base64
import json
import uuid
from typing import Any

import pytest
from botocore.exceptions import ClientError


@pytest.fixture
def items(table: Any, load: Any) -> Any:
    return load("items")


def post(items: Any, value: Any = "hello", key: str | None = "k1", **event: Any) -> Any:
    headers = {"idempotency-KEY": key} if key is not None else None
    return items.create({"headers": headers, "body": json.dumps({"value": value}), **event}, None)


def get(items: Any, item_id: str | None = None, **query: str) -> Any:
    parameters = None if item_id is None else {"id": item_id}
    return items.read({"pathParameters": parameters, "queryStringParameters": query or None}, None)


def test_a_new_item_is_201_and_says_where_and_when(items: Any, body: Any) -> None:
    answer = post(items)
    item = body(answer)
    assert answer["statusCode"] == 201
    assert answer["headers"] == {"Content-Type": "application/json", "X-Region": "eu-west-1"}
    assert set(item) == {"id", "value", "key", "written_in", "written_at"}
    assert (item["value"], item["key"], item["written_in"]) == ("hello", "k1", "eu-west-1")
    assert item["written_at"] > 1_700_000_000_000


def test_the_same_key_again_is_200_with_the_first_item(items: Any, body: Any, table: Any) -> None:
    first, again = post(items), post(items, "another value")
    assert (first["statusCode"], again["statusCode"]) == (201, 200)
    assert body(again) == body(first)
    assert table.scan()["Count"] == 1


def test_an_id_follows_from_its_key_in_every_region(items: Any, body: Any) -> None:
    expected = uuid.uuid5(uuid.UUID("6f1c1b1e-6f0e-5b0e-9d53-1d5a0f6f3c11"), "k1")
    assert body(post(items))["id"] == str(expected)
    assert body(post(items, key="k2"))["id"] != body(post(items))["id"]


def test_without_a_key_every_request_is_an_item(items: Any, table: Any) -> None:
    assert {post(items, key=None)["statusCode"] for _ in range(3)} == {201}
    assert table.scan()["Count"] == 3


@pytest.mark.parametrize(
    "event",
    [
        {"body": None}, {"body": ""}, {"body": "{"}, {"body": "[]"}, {"body": "{}"},
        {"body": '{"value": 5}'}, {"body": '{"value": ""}'},
        {"body": json.dumps({"value": "x" * 10_001})},
        {"headers": {"Idempotency-Key": " "}}, {"headers": {"Idempotency-Key": "k" * 201}},
        {"body": "?", "isBase64Encoded": True},
    ],
)  # fmt: skip
def test_what_cannot_be_used_is_400(items: Any, table: Any, event: dict[str, Any]) -> None:
    answer = post(items, **event)
    assert answer["statusCode"] == 400
    assert json.loads(answer["body"])["message"]
    assert table.scan()["Count"] == 0


def test_a_base64_body_is_understood(items: Any, body: Any) -> None:
    encoded = base64.b64encode(b'{"value": "v"}').decode()
    assert body(post(items, body=encoded, isBase64Encoded=True))["value"] == "v"


def test_an_item_is_read_back(items: Any, body: Any) -> None:
    item = body(post(items))
    answer = get(items, item["id"])
    assert (answer["statusCode"], body(answer)) == (200, item)


def test_what_has_not_replicated_yet_is_404_and_never_5xx(items: Any) -> None:
    for unknown in ("9f0c", "", "health#eu-west-1"):
        assert get(items, unknown)["statusCode"] == 404


def test_pages_hold_every_item_once_and_no_marker(items: Any, body: Any, table: Any) -> None:
    written = {body(post(items, key=f"k{n}"))["id"] for n in range(7)}
    table.put_item(Item={"id": "health#eu-west-1"})
    read, following, pages = [], None, 0
    while pages == 0 or following:
        page = body(get(items, limit="3", **({"next": following} if following else {})))
        read += [i["id"] for i in page["items"]]
        following, pages = page["next"], pages + 1
    assert sorted(read) == sorted(written)
    assert pages >= 3


@pytest.mark.parametrize("query", [{"limit": "0"}, {"limit": "101"}, {"limit": "x"},
                                   {"next": "?"}, {"next": "/w=="}])  # fmt: skip
def test_a_bad_page_is_400(items: Any, query: dict[str, str]) -> None:
    assert get(items, **query)["statusCode"] == 400


def test_a_table_that_is_missing_is_an_error_of_the_function(
    items: Any, table: Any, load: Any
) -> None:
    table.delete()
    with pytest.raises(ClientError, match="ResourceNotFoundException"):
        post(items)
