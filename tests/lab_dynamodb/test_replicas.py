"""What crosses between two Regions, when, and what is left of two writes?"""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from botocore.exceptions import ClientError
from things import everything, get, put

from gameday import clock
from gameday.lab.dynamodb import expiry

US, EU, AP = "us-east-1", "eu-west-1", "ap-southeast-2"
SPEED = 10.0

Make = Callable[..., Any]
Until = Callable[..., Any]


def test_e_t1_a_write_is_seen_in_the_other_region_after_its_lag(world: Make, until: Until) -> None:
    us, eu = world(US, EU).table("things", US, EU)
    for n in range(5):
        written = clock.monotonic()
        put(us, f"k{n}", "hello")
        until(lambda n=n: get(eu, f"k{n}") == "hello")
        lag_s = (clock.monotonic() - written) * SPEED
        assert 0.6 <= lag_s < 20.0  # at most 1.2, and what busy cores add


@pytest.mark.parametrize("operation", ["update", "delete", "transaction", "batch", "partiql"])
def test_every_way_to_write_replicates(world: Make, until: Until, operation: str) -> None:
    us, eu = world(US, EU).table("things", US, EU)
    put(us, "a", "first")
    until(lambda: get(eu, "a") == "first")
    key = {"id": {"S": "a"}}
    match operation:
        case "update":
            us.update_item(
                TableName="things",
                Key=key,
                UpdateExpression="SET v = :v",
                ExpressionAttributeValues={":v": {"S": "second"}},
            )
        case "delete":
            us.delete_item(TableName="things", Key=key)
        case "transaction":
            item = key | {"v": {"S": "second"}}
            us.transact_write_items(TransactItems=[{"Put": {"TableName": "things", "Item": item}}])
        case "batch":
            item = key | {"v": {"S": "second"}}
            us.batch_write_item(RequestItems={"things": [{"PutRequest": {"Item": item}}]})
        case "partiql":
            us.execute_statement(Statement="UPDATE things SET v = 'second' WHERE id = 'a'")
    left = None if operation == "delete" else "second"
    assert get(us, "a") == left
    until(lambda: get(eu, "a") == left)


def test_e_t2_the_later_of_two_writes_wins_in_both_regions(world: Make, until: Until) -> None:
    w = world(US, EU)
    us, eu = w.table("things", US, EU)
    w.share("things", US, EU, paused=(US,))
    put(us, "a", "earlier")
    put(eu, "a", "later")
    assert (get(us, "a"), get(eu, "a")) == ("earlier", "later")
    w.share("things", US, EU)
    until(lambda: get(us, "a") == "later")
    until(lambda: w.pending(US, "things") == 0)
    assert get(eu, "a") == "later"
    (event,) = [e["event"] for e in w.channels[EU].events]
    assert (event["kind"], event["lost"]["region"], event["key"]) == ("write.discarded", US, ["a"])
    assert w.do(US, "status")["things"]["discarded"] == 1
    assert [table for table, _ in w.do(US, "discarded")] == ["things"]


@pytest.mark.parametrize("delete_last", [True, False])
def test_e_t3_a_delete_and_an_update_meet(world: Make, until: Until, delete_last: bool) -> None:
    us, eu = world(US, EU).table("things", US, EU)
    put(us, "a", "first")
    until(lambda: get(eu, "a") == "first")
    steps = [
        lambda: put(us, "a", "updated"),
        lambda: eu.delete_item(TableName="things", Key={"id": {"S": "a"}}),
    ]
    for step in steps if delete_last else reversed(steps):
        step()
    left = None if delete_last else "updated"
    until(lambda: get(us, "a") == left and get(eu, "a") == left)


def test_e_t4_a_condition_sees_only_its_own_region(world: Make, until: Until) -> None:
    w = world(US, EU)
    us, eu = w.table("things", US, EU)
    new = {"ConditionExpression": "attribute_not_exists(id)"}
    w.share("things", US, EU, paused=(EU,))
    put(us, "a", "us", **new)
    put(eu, "a", "eu", **new)  # passes too: nothing has crossed yet
    w.share("things", US, EU)
    until(lambda: get(us, "a") == get(eu, "a") == "eu")
    with pytest.raises(ClientError):
        put(us, "a", "us", **new)


def test_e_t5_a_transaction_can_be_seen_in_part(world: Make, until: Until) -> None:
    w = world(US, EU, lag_s=(0.0, 20.0))
    us, eu = w.table("things", US, EU)
    names = [f"k{n}" for n in range(20)]
    us.transact_write_items(
        TransactItems=[
            {"Put": {"TableName": "things", "Item": {"id": {"S": k}, "v": {"S": "t"}}}}
            for k in names
        ]
    )
    assert len(everything(us)) == 20
    until(lambda: 0 < len(everything(eu)) < 20)
    until(lambda: len(everything(eu)) == 20)


@pytest.mark.parametrize("paused", [US, EU])
def test_e_t6_nothing_crosses_a_pause_and_both_sides_go_on(
    world: Make, until: Until, paused: str
) -> None:
    w = world(US, EU)
    us, eu = w.table("things", US, EU)
    put(us, "before", "x")
    until(lambda: get(eu, "before") == "x")
    until(lambda: w.do(US, "metrics"))
    w.share("things", US, EU, paused=(paused,))
    put(us, "from-us", "x")
    put(eu, "from-eu", "x")
    put(us, "both", "earlier")
    put(eu, "both", "later")
    until(lambda: w.pending(US, "things") == w.pending(EU, "things") == 2)
    until(lambda: w.do(US, "status")["things"]["replicas"][EU]["oldest_s"] > 20.0)
    assert (get(eu, "from-us"), get(us, "from-eu")) == (None, None)
    assert (get(us, "both"), get(eu, "both")) == ("earlier", "later")
    (row,) = w.do(US, "metrics")
    assert (row["name"], row["unit"]) == ("ReplicationLatency", "Milliseconds")
    assert row["dimensions"] == {"TableName": "things", "ReceivingRegion": EU}
    assert min(row["values"]) > 20_000.0
    w.share("things", US, EU)
    until(lambda: get(eu, "from-us") == "x" and get(us, "from-eu") == "x")
    until(lambda: get(us, "both") == get(eu, "both") == "later")
    until(lambda: w.pending(US, "things") == w.pending(EU, "things") == 0)
    w.do(US, "metrics")
    put(us, "after", "x")
    until(lambda: get(eu, "after") == "x")
    (row,) = until(lambda: w.do(US, "metrics"))
    assert max(row["values"]) < 15_000.0


def test_e_t7_what_was_acknowledged_and_had_not_crossed_is_data_behind(
    world: Make, until: Until
) -> None:
    w = world(US, EU, lag_s=(10.0, 10.0))
    us, eu = w.table("things", US, EU)
    for n in range(3):
        put(us, f"old{n}", "x")
    until(lambda: len(everything(eu)) == 3)
    for n in range(4):
        put(us, f"new{n}", "x")
    for region in (US, EU):
        w.do(region, "fault", {US}, None)
    until(lambda: w.do(US, "status")["things"]["replicas"][EU]["oldest_s"] > 12.0)
    behind = {i["id"]["S"] for i in everything(us)} - {i["id"]["S"] for i in everything(eu)}
    assert behind == {f"new{n}" for n in range(4)}
    for region in (US, EU):
        w.do(region, "fault", set(), None)
    until(lambda: len(everything(eu)) == 7)


def test_e_t8_a_third_region_pair_is_unaffected_by_a_pause(world: Make, until: Until) -> None:
    w = world(US, EU, AP)
    us, eu, ap = w.table("things", US, EU, AP)
    w.share("things", US, EU, AP, paused=(US,))
    put(eu, "a", "x")
    until(lambda: get(ap, "a") == "x")
    assert get(us, "a") is None
    w.share("things", US, EU, AP)
    until(lambda: get(us, "a") == "x")


def test_the_lag_follows_the_supervisor(world: Make, until: Until) -> None:
    w = world(US, EU)
    us, eu = w.table("things", US, EU)
    w.do(US, "fault", set(), (0.0, 0.0))
    written = clock.monotonic()
    put(us, "fast", "x")
    until(lambda: get(eu, "fast") == "x")
    assert (clock.monotonic() - written) * SPEED < 10.0
    w.do(US, "fault", set(), (15.0, 15.0))
    written = clock.monotonic()
    put(us, "slow", "x")
    until(lambda: get(eu, "slow") == "x")
    assert (clock.monotonic() - written) * SPEED >= 15.0


@pytest.mark.parametrize("written_meanwhile", [True, False])
def test_a_region_that_comes_back_empty_is_filled_by_its_peer(
    world: Make, until: Until, written_meanwhile: bool
) -> None:
    w = world(US, EU)
    us, eu = w.table("things", US, EU, GlobalSecondaryIndexes=[BY_VALUE], **WITH_VALUE)
    for n in range(120):
        put(us if n % 2 else eu, f"k{n:03}", "x")
    us.delete_item(TableName="things", Key={"id": {"S": "k000"}})
    until(lambda: len(everything(us)) == len(everything(eu)) == 119)
    w.down(EU)
    if written_meanwhile:
        put(us, "meanwhile", "x")
    w.up(EU)
    with pytest.raises(ClientError):  # the control plane has not told it yet what it shares
        everything(w.client(EU))
    w.share("things", US, EU)
    eu = w.client(EU)
    until(lambda: "things" in eu.list_tables()["TableNames"])
    until(lambda: everything(eu) == everything(us))
    found = eu.query(
        TableName="things",
        IndexName="by-value",
        KeyConditionExpression="v = :x",
        ExpressionAttributeValues={":x": {"S": "x"}},
    )
    assert found["Count"] == 119 + written_meanwhile
    put(eu, "again", "x")
    until(lambda: get(us, "again") == "x")


WITH_VALUE = {
    "AttributeDefinitions": [
        {"AttributeName": "id", "AttributeType": "S"},
        {"AttributeName": "v", "AttributeType": "S"},
    ]
}
BY_VALUE = {
    "IndexName": "by-value",
    "KeySchema": [{"AttributeName": "v", "KeyType": "HASH"}],
    "Projection": {"ProjectionType": "ALL"},
}


def test_a_replica_added_later_gets_what_is_there(world: Make, until: Until) -> None:
    w = world(US, EU)
    us = w.client(US)
    eu = w.client(EU)
    us.create_table(TableName="things", **PLAIN)
    for n in range(60):
        put(us, f"k{n:02}", "x")
    eu.create_table(TableName="things", **PLAIN)
    w.share("things", US, EU)
    until(lambda: everything(eu) == everything(us))
    described = eu.describe_table(TableName="things")["Table"]
    assert described["Replicas"] == [{"RegionName": US, "ReplicaStatus": "ACTIVE"}]
    assert described["GlobalTableVersion"] == "2019.11.21"
    assert described["StreamSpecification"]["StreamViewType"] == "NEW_AND_OLD_IMAGES"


PLAIN: dict[str, Any] = {
    "KeySchema": [{"AttributeName": "id", "KeyType": "HASH"}],
    "AttributeDefinitions": [{"AttributeName": "id", "AttributeType": "S"}],
    "BillingMode": "PAY_PER_REQUEST",
}


def test_replicated_writes_appear_in_the_stream_without_a_mark_of_origin(
    world: Make, until: Until
) -> None:
    w = world(US, EU)
    us, eu = w.table("things", US, EU)
    put(us, "a", "x")
    until(lambda: get(eu, "a") == "x")
    streams = w.client(EU, "dynamodbstreams")
    (stream,) = streams.list_streams(TableName="things")["Streams"]
    shards = streams.describe_stream(StreamArn=stream["StreamArn"])["StreamDescription"]["Shards"]
    iterator = streams.get_shard_iterator(
        StreamArn=stream["StreamArn"],
        ShardId=shards[0]["ShardId"],
        ShardIteratorType="TRIM_HORIZON",
    )["ShardIterator"]
    (record,) = streams.get_records(ShardIterator=iterator)["Records"]
    assert record["eventName"] == "INSERT"
    assert record["dynamodb"]["NewImage"] == {"id": {"S": "a"}, "v": {"S": "x"}}
    assert set(record["dynamodb"]["NewImage"]) == {"id", "v"}  # no aws:rep attributes (E3)


def test_e6_time_to_live_is_set_and_deletes_in_every_region(
    world: Make, until: Until, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(expiry, "EVERY_S", 1.0)
    w = world(US, EU)
    us, eu = w.table("things", US, EU)
    spec = {"Enabled": True, "AttributeName": "until"}
    us.update_time_to_live(TableName="things", TimeToLiveSpecification=spec)

    def status(client: Any) -> str:
        answer = client.describe_time_to_live(TableName="things")
        return str(answer["TimeToLiveDescription"]["TimeToLiveStatus"])

    until(lambda: status(eu) == "ENABLED")
    ancient = clock.now() - 6 * 365 * 86400
    for name, at in (("gone", clock.now() + 0.5), ("stays", clock.now() + 999), ("old", ancient)):
        item = {"id": {"S": name}, "v": {"S": "x"}, "until": {"N": str(int(at))}}
        us.put_item(TableName="things", Item=item)
    until(lambda: get(us, "gone") is None and get(eu, "gone") is None and get(eu, "old") == "x")
    assert get(us, "stays") == "x"


def test_four_threads_pass_one_condition_once(world: Make) -> None:
    w = world(US)
    w.table("things", US)
    clients = [w.client(US) for _ in range(4)]

    def race(client: Any) -> int:
        won = 0
        for n in range(50):
            try:
                put(client, f"k{n}", "x", ConditionExpression="attribute_not_exists(id)")
                won += 1
            except ClientError:
                continue
        return won

    with ThreadPoolExecutor(4) as pool:
        assert sum(pool.map(race, clients)) == 50


def test_stopping_leaves_no_task_and_no_port(world: Make) -> None:
    w = world(US, EU)
    us, _ = w.table("things", US, EU)
    put(us, "a", "x")
    port = w.places[US]["dynamodb"]
    w.down(US)
    w.down(EU)

    async def left() -> int:
        return len(asyncio.all_tasks()) - 1

    assert w.run(left()) == 0
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(("127.0.0.1", port), 1)
