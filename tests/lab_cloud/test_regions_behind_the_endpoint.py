"""DynamoDB and Lambda Invoke go to the Region of the signature; cut and dead Regions show."""

from __future__ import annotations

import json
import threading
from typing import Any

import pytest
from botocore.exceptions import ClientError, ReadTimeoutError
from cloud_process import Cloud
from region_double import RegionDouble

from gameday import clock

Doubles = dict[str, RegionDouble]
KEYS: dict[str, Any] = {
    "KeySchema": [{"AttributeName": "id", "KeyType": "HASH"}],
    "AttributeDefinitions": [{"AttributeName": "id", "AttributeType": "S"}],
    "BillingMode": "PAY_PER_REQUEST",
}


def test_a_request_reaches_the_region_of_its_signature_unchanged(
    cloud_with_regions: Cloud, doubles: Doubles
) -> None:
    client = cloud_with_regions.client("dynamodb", "eu-west-1")
    item = client.get_item(TableName="any", Key={"id": {"S": "ü"}})["Item"]
    assert item == {"region": {"S": "eu-west-1"}}
    _, headers, body = doubles["eu-west-1"].requests[-1]
    assert json.loads(body) == {"TableName": "any", "Key": {"id": {"S": "ü"}}}
    lower = {k.lower(): v for k, v in headers.items()}
    assert lower["x-amz-target"] == "DynamoDB_20120810.GetItem"
    assert "eu-west-1/dynamodb/aws4_request" in lower["authorization"]
    assert lower["host"] == cloud_with_regions.endpoint.removeprefix("http://")


def test_connections_are_kept(cloud_with_regions: Cloud, doubles: Doubles) -> None:
    client = cloud_with_regions.client("dynamodb")
    client.get_item(TableName="any", Key={"id": {"S": "1"}})
    before = doubles["us-east-1"].connections
    for _ in range(20):
        client.get_item(TableName="any", Key={"id": {"S": "1"}})
    assert doubles["us-east-1"].connections == before


def test_invoke_reaches_the_region(cloud_with_regions: Cloud, doubles: Doubles) -> None:
    client = cloud_with_regions.client("lambda", "eu-west-1")
    answer = client.invoke(FunctionName="f", Payload=b'{"a": 1}')
    assert json.loads(answer["Payload"].read()) == {"a": 1}
    assert doubles["eu-west-1"].requests[-1][0] == "/2015-03-31/functions/f/invocations"


def test_a_region_the_lab_does_not_have_is_named(cloud_with_regions: Cloud) -> None:
    with pytest.raises(ClientError, match="no Region ap-south-1; it has us-east-1, eu-west-1"):
        cloud_with_regions.client("dynamodb", "ap-south-1").list_tables()


def test_a_cut_region_times_out_and_nothing_else_does(
    cloud_with_regions: Cloud, doubles: Doubles
) -> None:
    cloud = cloud_with_regions
    cloud.send("fault", cut=["us-east-1"], lag_s=[0, 0])
    cloud.send("report", ask=1)
    cloud.message("answer")
    try:
        for service, call in (
            ("dynamodb", lambda c: c.get_item(TableName="t", Key={"id": {"S": "1"}})),
            ("lambda", lambda c: c.invoke(FunctionName="f")),
        ):
            with pytest.raises(ReadTimeoutError):
                call(cloud.client(service, read_timeout=0.3))
        far = cloud.client("dynamodb", "eu-west-1", read_timeout=2)
        assert far.get_item(TableName="t", Key={"id": {"S": "1"}})["Item"]
        assert cloud.client("sts", read_timeout=5).get_caller_identity()
    finally:
        cloud.send("fault", cut=[], lag_s=[0, 0])
    near = cloud.client("dynamodb", read_timeout=5)
    assert near.get_item(TableName="t", Key={"id": {"S": "1"}})["Item"] == {
        "region": {"S": "us-east-1"}
    }


def test_slow_tables_do_not_hold_up_the_control_plane(
    cloud_with_regions: Cloud, doubles: Doubles
) -> None:
    gate = doubles["us-east-1"].gate
    gate.clear()
    done = []
    threads = [
        threading.Thread(
            target=lambda: done.append(
                cloud_with_regions.client("dynamodb").get_item(
                    TableName="t", Key={"id": {"S": "1"}}
                )
            )
        )
        for _ in range(8)
    ]
    try:
        for thread in threads:
            thread.start()
        assert cloud_with_regions.client("sts", read_timeout=5).get_caller_identity()
        assert not done
    finally:
        gate.set()
        for thread in threads:
            thread.join(10)
    assert len(done) == 8


def test_a_dead_region_is_a_server_error_at_once(cloud: Cloud) -> None:
    started = clock.monotonic()
    with pytest.raises(ClientError, match="us-east-1 is down") as refused:
        cloud.client("dynamodb").list_tables()
    assert refused.value.response["Error"]["Code"] == "InternalServerError"
    with pytest.raises(ClientError) as refused:
        cloud.client("lambda").invoke(FunctionName="f")
    assert refused.value.response["ResponseMetadata"]["HTTPStatusCode"] == 500
    assert clock.monotonic() - started < 3


def global_table(cloud: Cloud, name: str) -> Any:
    client = cloud.client("dynamodb")
    client.create_table(TableName=name, **KEYS)
    return client.update_table(
        TableName=name, ReplicaUpdates=[{"Create": {"RegionName": "eu-west-1"}}]
    )


def test_e13_a_replica_is_created_described_and_deleted(
    cloud_with_regions: Cloud, doubles: Doubles
) -> None:
    cloud = cloud_with_regions
    described = global_table(cloud, "replicated")["TableDescription"]
    assert described["GlobalTableVersion"] == "2019.11.21"
    assert described["MultiRegionConsistency"] == "EVENTUAL"
    assert described["Replicas"] == [{"RegionName": "eu-west-1", "ReplicaStatus": "ACTIVE"}]
    for double in doubles.values():
        stream = double.tables["replicated"]["StreamSpecification"]
        assert stream == {"StreamEnabled": True, "StreamViewType": "NEW_AND_OLD_IMAGES"}
    for region in doubles:
        told = cloud.bodies[f"region/{region}"]["global_tables"]["replicated"]
        assert told == {"replicas": ["eu-west-1", "us-east-1"], "paused": False}
    far = cloud.client("dynamodb", "eu-west-1").describe_table(TableName="replicated")["Table"]
    assert far["Replicas"] == [{"RegionName": "us-east-1", "ReplicaStatus": "ACTIVE"}]

    near = cloud.client("dynamodb")
    near.update_table(
        TableName="replicated", ReplicaUpdates=[{"Delete": {"RegionName": "eu-west-1"}}]
    )
    assert "replicated" not in doubles["eu-west-1"].tables
    assert "Replicas" not in near.describe_table(TableName="replicated")["Table"]
    assert "replicated" not in cloud.bodies["region/us-east-1"]["global_tables"]


def test_deleting_a_replica_directly_ends_replication(
    cloud_with_regions: Cloud, doubles: Doubles
) -> None:
    global_table(cloud_with_regions, "deleted")
    cloud_with_regions.client("dynamodb", "eu-west-1").delete_table(TableName="deleted")
    assert "deleted" not in cloud_with_regions.bodies["region/us-east-1"]["global_tables"]


@pytest.mark.parametrize(
    ("update", "code"),
    [
        ({"Create": {"RegionName": "ap-south-1"}}, "ValidationException"),
        ({"Create": {"RegionName": "us-east-1"}}, "ValidationException"),
        ({"Delete": {"RegionName": "eu-west-1"}}, "ReplicaNotFoundException"),
    ],
)
def test_a_replica_that_cannot_be_is_refused(
    cloud_with_regions: Cloud, update: dict[str, Any], code: str
) -> None:
    client = cloud_with_regions.client("dynamodb")
    name = f"refused-{code}-{next(iter(update.values()))['RegionName']}"
    client.create_table(TableName=name, **KEYS)
    with pytest.raises(ClientError, match=code):
        client.update_table(TableName=name, ReplicaUpdates=[update])


def test_a_replica_of_a_table_that_does_not_exist(cloud_with_regions: Cloud) -> None:
    with pytest.raises(ClientError, match="ResourceNotFoundException"):
        cloud_with_regions.client("dynamodb").update_table(
            TableName="nobody", ReplicaUpdates=[{"Create": {"RegionName": "eu-west-1"}}]
        )
