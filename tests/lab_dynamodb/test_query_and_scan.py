"""Which items do Query and Scan give, in which order, on which pages?"""

from __future__ import annotations

from typing import Any

import boto3
import pytest
from boto3.dynamodb.conditions import Attr, Key
from boto3.dynamodb.types import Binary

ORDERS: dict[str, Any] = {
    "KeySchema": [
        {"AttributeName": "customer", "KeyType": "HASH"},
        {"AttributeName": "n", "KeyType": "RANGE"},
    ],
    "AttributeDefinitions": [
        {"AttributeName": "customer", "AttributeType": "S"},
        {"AttributeName": "n", "AttributeType": "N"},
        {"AttributeName": "state", "AttributeType": "S"},
        {"AttributeName": "at", "AttributeType": "S"},
    ],
    "GlobalSecondaryIndexes": [
        {
            "IndexName": "by-state",
            "KeySchema": [
                {"AttributeName": "state", "KeyType": "HASH"},
                {"AttributeName": "at", "KeyType": "RANGE"},
            ],
            "Projection": {"ProjectionType": "ALL"},
        },
    ],
    "LocalSecondaryIndexes": [
        {
            "IndexName": "by-time",
            "KeySchema": [
                {"AttributeName": "customer", "KeyType": "HASH"},
                {"AttributeName": "at", "KeyType": "RANGE"},
            ],
            "Projection": {"ProjectionType": "KEYS_ONLY"},
        }
    ],
    "BillingMode": "PAY_PER_REQUEST",
}


@pytest.fixture
def orders(region: Any) -> Any:
    """A table of 20 orders: customers a and b, every third one open."""
    client = region.client("us-east-1")
    client.create_table(TableName="orders", **ORDERS)
    table = _resource(client).Table("orders")
    with table.batch_writer() as batch:
        for n in range(10):
            for customer in "ab":
                item = {"customer": customer, "n": n, "at": f"2026-{9 - n}", "size": n * 10}
                batch.put_item(Item=item | ({"state": "open"} if n % 3 == 0 else {}))
    return table


def _resource(client: Any) -> Any:
    return boto3.resource(
        "dynamodb",
        region_name="us-east-1",
        endpoint_url=client.meta.endpoint_url,
        aws_access_key_id="lab",
        aws_secret_access_key="lab",
    )


@pytest.mark.parametrize(
    ("condition", "found"),
    [
        (Key("n").eq(3), [3]),
        (Key("n").lt(3), [0, 1, 2]),
        (Key("n").lte(3), [0, 1, 2, 3]),
        (Key("n").gt(7), [8, 9]),
        (Key("n").gte(7), [7, 8, 9]),
        (Key("n").between(2, 4), [2, 3, 4]),
    ],
)
@pytest.mark.parametrize("forward", [True, False])
def test_a_sort_key_condition(orders: Any, condition: Any, found: list[int], forward: bool) -> None:
    answer = orders.query(
        KeyConditionExpression=Key("customer").eq("a") & condition, ScanIndexForward=forward
    )
    assert [int(i["n"]) for i in answer["Items"]] == (found if forward else found[::-1])
    assert answer["ScannedCount"] == len(found)


def test_a_global_index_has_only_items_with_its_attributes_in_its_order(orders: Any) -> None:
    answer = orders.query(IndexName="by-state", KeyConditionExpression=Key("state").eq("open"))
    assert [(i["at"], i["customer"]) for i in answer["Items"]] == [
        (f"2026-{at}", customer) for at in (0, 3, 6, 9) for customer in "ab"
    ]
    begins = Key("state").eq("open") & Key("at").begins_with("2026-3")
    answer = orders.query(IndexName="by-state", KeyConditionExpression=begins)
    assert [int(i["n"]) for i in answer["Items"]] == [6, 6]
    orders.update_item(
        Key={"customer": "a", "n": 6},
        UpdateExpression="REMOVE #s",
        ExpressionAttributeNames={"#s": "state"},
    )
    answer = orders.query(IndexName="by-state", KeyConditionExpression=begins)
    assert [i["customer"] for i in answer["Items"]] == ["b"]


def test_a_local_index_orders_otherwise_and_projects(orders: Any) -> None:
    answer = orders.query(
        IndexName="by-time", KeyConditionExpression=Key("customer").eq("a"), Limit=2
    )
    assert answer["Items"] == [
        {"customer": "a", "n": 9, "at": "2026-0"},
        {"customer": "a", "n": 8, "at": "2026-1"},
    ]


@pytest.mark.parametrize("index", [None, "by-state", "by-time"])
@pytest.mark.parametrize("forward", [True, False])
def test_pages_join_without_gap_or_double(orders: Any, index: str | None, forward: bool) -> None:
    hash_key = Key("state").eq("open") if index == "by-state" else Key("customer").eq("a")
    arguments: dict[str, Any] = {"KeyConditionExpression": hash_key, "ScanIndexForward": forward}
    if index:
        arguments["IndexName"] = index
    whole = orders.query(**arguments)["Items"]
    joined: list[Any] = []
    start: dict[str, Any] = {}
    while True:
        page = orders.query(**arguments, **start, Limit=3)
        joined += page["Items"]
        if "LastEvaluatedKey" not in page:
            break
        start = {"ExclusiveStartKey": page["LastEvaluatedKey"]}
    assert joined == whole
    assert len(whole) >= 8


def test_limit_counts_before_the_filter(orders: Any) -> None:
    page = orders.scan(Limit=5, FilterExpression=Attr("size").gte(90))
    assert (page["Count"], page["ScannedCount"]) == (0, 5)
    assert page["LastEvaluatedKey"] == {"customer": "a", "n": 4}


def test_segments_share_a_scan(orders: Any) -> None:
    parts = [orders.scan(TotalSegments=3, Segment=s)["Items"] for s in range(3)]
    assert sum(map(len, parts)) == 20
    assert orders.scan()["Count"] == 20
    assert orders.scan(IndexName="by-state")["Count"] == 8


def test_a_page_ends_at_one_megabyte(client: Any) -> None:
    for n in range(12):
        item = {"id": {"S": f"{n:02}"}, "v": {"S": "x" * 100_000}}
        client.put_item(TableName="things", Item=item)
    page = client.scan(TableName="things")
    assert page["Count"] == 10
    rest = client.scan(TableName="things", ExclusiveStartKey=page["LastEvaluatedKey"])
    assert rest["Count"] == 2


def test_binary_is_binary_for_the_resource_api_too(orders: Any) -> None:
    orders.put_item(Item={"customer": "z", "n": 1, "b": b"\x00\xff"})
    item = orders.get_item(Key={"customer": "z", "n": 1})["Item"]
    assert item["b"] == Binary(b"\x00\xff")
