"""Does a call cost by what it touches, however large the table is?"""

from __future__ import annotations

import json
import sys
from typing import Any

import pytest

from gameday import clock
from gameday.lab.dynamodb.backend import LabBackend
from gameday.lab.dynamodb.operations import Operations
from gameday.tables.replication import VersionClock

TABLE = {
    "TableName": "things",
    "KeySchema": [
        {"AttributeName": "id", "KeyType": "HASH"},
        {"AttributeName": "n", "KeyType": "RANGE"},
    ],
    "AttributeDefinitions": [
        {"AttributeName": "id", "AttributeType": "S"},
        {"AttributeName": "n", "AttributeType": "N"},
        {"AttributeName": "colour", "AttributeType": "S"},
    ],
    "GlobalSecondaryIndexes": [
        {
            "IndexName": "by-colour",
            "KeySchema": [{"AttributeName": "colour", "KeyType": "HASH"}],
            "Projection": {"ProjectionType": "ALL"},
        }
    ],
    "BillingMode": "PAY_PER_REQUEST",
}


class Region:
    """A Region's operations without a server."""

    def __init__(self, items: int) -> None:
        versions = VersionClock("us-east-1")
        self._operations = Operations(
            LabBackend("us-east-1", "123456789012"),
            lambda: versions.tick(clock.now()),
            lambda table, change: None,
        )
        self.call("CreateTable", TABLE)
        for n in range(items):
            self.call("PutItem", {"TableName": "things", "Item": item(n)})

    def call(self, operation: str, body: dict[str, Any]) -> dict[str, Any]:
        status, answer = self._operations.call(
            f"DynamoDB_20120810.{operation}", json.dumps(body).encode()
        )
        assert status == 200, answer
        found: dict[str, Any] = json.loads(answer)
        return found

    def steps(self, operation: str, body: dict[str, Any]) -> int:
        """How many functions the call enters, which no busy machine changes."""
        self.call(operation, body)  # the first call of an operation prepares it
        count = 0

        def counted(_: Any, event: str, __: Any) -> None:
            nonlocal count
            count += event == "call"

        sys.setprofile(counted)
        try:
            self.call(operation, body)
        finally:
            sys.setprofile(None)
        return count


def item(n: int) -> dict[str, Any]:
    """Every item in one partition, every hundredth of them red."""
    colour = {"colour": {"S": "red"}} if n % 100 == 0 and n < 500 else {}
    return {"id": {"S": "one"}, "n": {"N": str(n)}, **colour}


@pytest.fixture(scope="module")
def regions() -> tuple[Region, Region]:
    return Region(500), Region(10_000)


VALUES = {":a": {"S": "one"}, ":n": {"N": "200"}}
WHERE = {
    "TableName": "things",
    "KeyConditionExpression": "id = :a AND n >= :n",
    "ExpressionAttributeValues": VALUES,
    "Limit": 5,
}


@pytest.mark.parametrize(
    ("operation", "body"),
    [
        ("Query", WHERE),
        ("Query", WHERE | {"ScanIndexForward": False}),
        ("Query", WHERE | {"ExclusiveStartKey": {"id": {"S": "one"}, "n": {"N": "300"}}}),
        (
            "Query",
            {
                "TableName": "things",
                "IndexName": "by-colour",
                "KeyConditionExpression": "colour = :c",
                "ExpressionAttributeValues": {":c": {"S": "red"}},
            },
        ),
        ("Scan", {"TableName": "things", "Limit": 20}),
        ("Scan", {"TableName": "things", "IndexName": "by-colour"}),
        ("DescribeTable", {"TableName": "things"}),
        ("PutItem", {"TableName": "things", "Item": item(7)}),
        (
            "TransactWriteItems",
            {
                "TransactItems": [
                    {"Put": {"TableName": "things", "Item": item(n)}} for n in (3, 5, 9)
                ]
            },
        ),
    ],
)
def test_twenty_times_the_items_take_no_more_steps(
    regions: tuple[Region, Region], operation: str, body: dict[str, Any]
) -> None:
    few, many = (region.steps(operation, body) for region in regions)
    assert many <= few * 1.05
