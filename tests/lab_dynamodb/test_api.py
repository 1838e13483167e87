"""Does a Region's port answer boto3 as DynamoDB does?"""

from __future__ import annotations

import http.client
import json
import zlib
from collections.abc import Callable
from datetime import datetime
from typing import Any

import pytest
from botocore.exceptions import ClientError

EVERY_TYPE = {
    "id": {"S": "a"},
    "number": {"N": "12345678901234567890.123"},
    "binary": {"B": b"\x00\xff\xfe"},
    "flag": {"BOOL": False},
    "nothing": {"NULL": True},
    "names": {"SS": ["a", "b"]},
    "numbers": {"NS": ["1", "2.5"]},
    "blobs": {"BS": [b"\x00", b"\xff"]},
    "list": {"L": [{"N": "1"}, {"B": b"\xff"}, {"M": {"x": {"S": "ü"}}}]},
    "map": {"M": {"b": {"B": b"\x01\xff"}, "deep": {"L": [{"NULL": True}]}, "empty": {"S": ""}}},
}


def refused(call: Callable[..., Any], **arguments: Any) -> dict[str, Any]:
    """The error that a call ends with."""
    with pytest.raises(ClientError) as caught:
        call(**arguments)
    return caught.value.response


def put(client: Any, name: str, **more: Any) -> Any:
    return client.put_item(TableName="things", Item={"id": {"S": name}, **more})


def get(client: Any, name: str) -> Any:
    return client.get_item(TableName="things", Key={"id": {"S": name}}).get("Item")


# What is written is what is read


def test_every_type_of_value_comes_back_as_it_went(client: Any) -> None:
    client.put_item(TableName="things", Item=EVERY_TYPE)
    assert get(client, "a") == EVERY_TYPE
    assert client.scan(TableName="things")["Items"] == [EVERY_TYPE]
    query = client.query(
        TableName="things",
        KeyConditionExpression="id = :a",
        FilterExpression="#f = :no",
        ExpressionAttributeNames={"#f": "flag"},
        ExpressionAttributeValues={":a": {"S": "a"}, ":no": {"BOOL": False}},
    )
    assert query["Items"] == [EVERY_TYPE]


def test_a_binary_key_and_a_number_key_find_their_item(region: Any) -> None:
    client = region.client("us-east-1")
    for kind, key, same in (("B", b"\x00\xff", b"\x00\xff"), ("N", "1.0", "1")):
        name = f"by-{kind}"
        client.create_table(
            TableName=name,
            KeySchema=[{"AttributeName": "k", "KeyType": "HASH"}],
            AttributeDefinitions=[{"AttributeName": "k", "AttributeType": kind}],
            BillingMode="PAY_PER_REQUEST",
        )
        client.put_item(TableName=name, Item={"k": {kind: key}, "v": {"S": "x"}})
        assert client.get_item(TableName=name, Key={"k": {kind: same}})["Item"]["v"] == {"S": "x"}
        assert client.scan(TableName=name, TotalSegments=1, Segment=0)["Count"] == 1


def test_a_table_is_described_with_dates_and_counts(client: Any) -> None:
    put(client, "a")
    table = client.describe_table(TableName="things")["Table"]
    assert (table["TableStatus"], table["ItemCount"]) == ("ACTIVE", 1)
    assert isinstance(table["CreationDateTime"], datetime)
    assert table["TableArn"] == "arn:aws:dynamodb:us-east-1:123456789012:table/things"
    assert client.list_tables()["TableNames"] == ["things"]
    client.delete_table(TableName="things")
    assert client.list_tables()["TableNames"] == []


# Conditions, updates, transactions


def test_a_condition_that_fails_changes_nothing_and_shows_the_item(client: Any) -> None:
    put(client, "a", v={"N": "1"})
    error = refused(
        client.put_item,
        TableName="things",
        Item={"id": {"S": "a"}},
        ConditionExpression="attribute_not_exists(id)",
        ReturnValuesOnConditionCheckFailure="ALL_OLD",
    )
    assert error["Error"]["Code"] == "ConditionalCheckFailedException"
    assert error["Item"] == {"id": {"S": "a"}, "v": {"N": "1"}}
    assert get(client, "a")["v"] == {"N": "1"}


def test_update_item_sets_adds_removes_and_returns(client: Any) -> None:
    client.put_item(TableName="things", Item=EVERY_TYPE)
    answer = client.update_item(
        TableName="things",
        Key={"id": {"S": "a"}},
        UpdateExpression=(
            "SET #l = list_append(#l, :more), fresh = if_not_exists(fresh, :one), "
            "#m.added = :bytes ADD #n :c, visits :one REMOVE nothing DELETE numbers :gone"
        ),
        ExpressionAttributeNames={"#l": "list", "#m": "map", "#n": "names"},
        ExpressionAttributeValues={
            ":more": {"L": [{"S": "end"}]},
            ":one": {"N": "1"},
            ":bytes": {"B": b"\xff\x00"},
            ":c": {"SS": ["c"]},
            ":gone": {"NS": ["1"]},
        },
        ReturnValues="ALL_NEW",
    )
    item = get(client, "a")
    assert answer["Attributes"] == item
    assert item["list"]["L"][-1] == {"S": "end"}
    assert item["map"]["M"]["added"] == {"B": b"\xff\x00"}
    assert sorted(item["names"]["SS"]) == ["a", "b", "c"]
    assert (item["visits"], item["fresh"]) == ({"N": "1"}, {"N": "1"})
    assert item["numbers"] == {"NS": ["2.5"]}
    assert "nothing" not in item


def test_an_update_that_fails_half_way_leaves_the_item_alone(client: Any) -> None:
    client.put_item(TableName="things", Item=EVERY_TYPE)
    error = refused(
        client.update_item,
        TableName="things",
        Key={"id": {"S": "a"}},
        UpdateExpression="SET fresh = :big, other = :big",
        ExpressionAttributeValues={":big": {"S": "x" * 300_000}},
    )
    assert error["Error"]["Code"] == "ValidationException"
    assert get(client, "a") == EVERY_TYPE


def test_an_update_that_fails_creates_no_item(client: Any) -> None:
    refused(
        client.update_item,
        TableName="things",
        Key={"id": {"S": "new"}},
        UpdateExpression="SET v = missing + :one",
        ExpressionAttributeValues={":one": {"N": "1"}},
    )
    assert get(client, "new") is None


def test_a_transaction_is_whole_or_nothing(client: Any) -> None:
    put(client, "a")
    bodies: list[dict[str, Any]] = [
        {"Put": {"TableName": "things", "Item": {"id": {"S": "b"}}}},
        {"Delete": {"TableName": "things", "Key": {"id": {"S": "a"}}}},
    ]
    check = {
        "ConditionCheck": {
            "TableName": "things",
            "Key": {"id": {"S": "c"}},
            "ConditionExpression": "attribute_exists(id)",
        }
    }
    error = refused(client.transact_write_items, TransactItems=[*bodies, check])
    assert error["Error"]["Code"] == "TransactionCanceledException"
    assert [r["Code"] for r in error["CancellationReasons"]] == [
        *("None", "None"),
        "ConditionalCheckFailed",
    ]
    assert (get(client, "a"), get(client, "b")) == ({"id": {"S": "a"}}, None)
    client.transact_write_items(TransactItems=bodies)
    assert (get(client, "a"), get(client, "b")) == (None, {"id": {"S": "b"}})
    found = client.transact_get_items(
        TransactItems=[{"Get": {"TableName": "things", "Key": {"id": {"S": k}}}} for k in "ab"]
    )
    assert [r.get("Item") for r in found["Responses"]] == [None, {"id": {"S": "b"}}]


def test_batches_write_read_and_delete(client: Any) -> None:
    puts = [{"PutRequest": {"Item": {"id": {"S": k}, "b": {"B": b"\xff"}}}} for k in "abc"]
    client.batch_write_item(RequestItems={"things": puts})
    client.batch_write_item(
        RequestItems={"things": [{"DeleteRequest": {"Key": {"id": {"S": "b"}}}}]}
    )
    keys = [{"id": {"S": k}} for k in "abc"]
    found = client.batch_get_item(RequestItems={"things": {"Keys": keys}})["Responses"]["things"]
    assert [i["id"]["S"] for i in found] == ["a", "c"]
    assert found[0]["b"] == {"B": b"\xff"}


def test_partiql_reads_and_writes(client: Any) -> None:
    client.execute_statement(Statement="INSERT INTO things VALUE {'id': 'p', 'v': 7}")
    found = client.execute_statement(
        Statement="SELECT * FROM things WHERE id = ?", Parameters=[{"S": "p"}]
    )
    assert found["Items"] == [{"id": {"S": "p"}, "v": {"N": "7"}}]
    error = refused(client.execute_statement, Statement="SELECT * FROM things WHERE id='p'")
    assert error["Error"]["Code"] == "ValidationException"


# What is refused, and how


@pytest.mark.parametrize(
    ("operation", "arguments", "code"),
    [
        ("get_item", {"TableName": "nope", "Key": {"id": {"S": "a"}}}, "ResourceNotFoundException"),
        ("get_item", {"TableName": "things", "Key": {"id": {"N": "1"}}}, "ValidationException"),
        ("get_item", {"TableName": "things", "Key": {"other": {"S": "a"}}}, "ValidationException"),
        ("put_item", {"TableName": "things", "Item": {"v": {"S": "a"}}}, "ValidationException"),
        ("delete_item", {"TableName": "things", "Key": {"id": {"N": "1"}}}, "ValidationException"),
        ("create_backup", {"TableName": "things", "BackupName": "one"}, "ValidationException"),
        ("describe_global_table", {"GlobalTableName": "things"}, "UnknownOperationException"),
    ],
)
def test_an_error_has_aws_code(client: Any, operation: str, arguments: Any, code: str) -> None:
    error = refused(getattr(client, operation), **arguments)
    assert error["Error"]["Code"] == code
    assert error["ResponseMetadata"]["HTTPStatusCode"] == 400


def test_what_is_not_a_request_is_answered_and_hurts_nobody(region: Any, client: Any) -> None:
    http_client = http.client.HTTPConnection("127.0.0.1", region.places["us-east-1"]["dynamodb"])

    def ask(target: str | None, body: bytes, path: str = "/") -> tuple[int, Any]:
        headers = {"X-Amz-Target": target} if target else {}
        http_client.request("POST", path, body, headers)
        answer = http_client.getresponse()
        data = answer.read()
        assert answer.headers["x-amz-crc32"] == str(zlib.crc32(data))
        return answer.status, json.loads(data)

    coral = "com.amazon.coral.service#"
    unknown = {"__type": coral + "UnknownOperationException"}
    assert ask("DynamoDB_20120810.PutItem", b"{")[1]["__type"] == coral + "SerializationException"
    assert ask("DynamoDB_20120810.Nonsense", b"{}") == (400, unknown)
    assert ask("Nonsense", b"{}") == (400, unknown)
    assert ask(None, b"{}")[0] == 404
    status, error = ask("DynamoDB_20120810.PutItem", b"{}")
    assert (status, error["__type"].endswith("ValidationException")) == (400, True)
    assert ask(None, b"{}", "/_gameday/replicate") == (403, {})
    http_client.close()
    assert put(client, "still-here")["ResponseMetadata"]["HTTPStatusCode"] == 200


# Streams


def test_a_stream_shows_each_change_once_with_both_images(region: Any) -> None:
    spec = {"StreamEnabled": True, "StreamViewType": "NEW_AND_OLD_IMAGES"}
    client = region.client("us-east-1")
    client.create_table(TableName="things", StreamSpecification=spec, **_plain_table())
    put(client, "a", b={"B": b"\xff"})
    put(client, "a", b={"B": b"\xff"})  # changes nothing: no record
    client.update_item(
        TableName="things",
        Key={"id": {"S": "a"}},
        UpdateExpression="SET v = :v",
        ExpressionAttributeValues={":v": {"N": "1"}},
    )
    client.delete_item(TableName="things", Key={"id": {"S": "a"}})
    records = read_stream(region.client("us-east-1", "dynamodbstreams"))
    first = {"id": {"S": "a"}, "b": {"B": b"\xff"}}
    second = first | {"v": {"N": "1"}}
    images = [
        (r["eventName"], r["dynamodb"].get("OldImage"), r["dynamodb"].get("NewImage"))
        for r in records
    ]
    assert images == [
        ("INSERT", None, first),
        ("MODIFY", first, second),
        ("REMOVE", second, None),
    ]
    assert records[0]["dynamodb"]["Keys"] == {"id": {"S": "a"}}
    assert isinstance(records[0]["dynamodb"]["ApproximateCreationDateTime"], datetime)


def read_stream(streams: Any) -> list[Any]:
    """Every record of the only stream, three at a time."""
    (stream,) = streams.list_streams(TableName="things")["Streams"]
    arn = stream["StreamArn"]
    description = streams.describe_stream(StreamArn=arn)["StreamDescription"]
    assert (description["StreamStatus"], len(description["Shards"])) == ("ENABLED", 1)
    iterator = streams.get_shard_iterator(
        StreamArn=arn,
        ShardId=description["Shards"][0]["ShardId"],
        ShardIteratorType="TRIM_HORIZON",
    )["ShardIterator"]
    found: list[Any] = []
    while page := (answer := streams.get_records(ShardIterator=iterator, Limit=3))["Records"]:
        found += page
        iterator = answer["NextShardIterator"]
    after = streams.get_shard_iterator(
        StreamArn=arn,
        ShardId=description["Shards"][0]["ShardId"],
        ShardIteratorType="AFTER_SEQUENCE_NUMBER",
        SequenceNumber=found[-2]["dynamodb"]["SequenceNumber"],
    )["ShardIterator"]
    assert streams.get_records(ShardIterator=after)["Records"] == found[-1:]
    return found


def test_an_iterator_that_is_not_one_is_refused(region: Any, client: Any) -> None:
    streams = region.client("us-east-1", "dynamodbstreams")
    error = refused(streams.get_records, ShardIterator="bm90aGluZw==")
    assert error["Error"]["Code"] == "ValidationException"


def _plain_table() -> dict[str, Any]:
    return {
        "KeySchema": [{"AttributeName": "id", "KeyType": "HASH"}],
        "AttributeDefinitions": [{"AttributeName": "id", "AttributeType": "S"}],
        "BillingMode": "PAY_PER_REQUEST",
    }
