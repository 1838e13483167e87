"""Batches that Route 53 refuses are refused here, with its codes, and change nothing."""

from __future__ import annotations

from typing import Any

import pytest
from botocore.exceptions import ClientError
from cloud_process import Cloud
from test_route53_api import apply, change, told, zone_of

VALUE = {"ResourceRecords": [{"Value": "other.example.test"}]}


@pytest.mark.parametrize(
    ("second", "code"),
    [
        (change("CREATE", "a.example.test"), "InvalidChangeBatch"),
        (change("CREATE", "a.example.test", SetIdentifier="x", Weight=1), "InvalidChangeBatch"),
        (change("CREATE", "example.test", Type="CNAME", **VALUE), "InvalidChangeBatch"),
        (change("CREATE", "b.other.test"), "InvalidChangeBatch"),
        (change("DELETE", "nobody.example.test"), "InvalidChangeBatch"),
        (change("DELETE", "a.example.test", TTL=30), "InvalidChangeBatch"),
        (change("CREATE", "c.example.test", SetIdentifier="x", Weight=256), "InvalidInput"),
        (change("CREATE", "c.example.test", HealthCheckId="nobody"), "NoSuchHealthCheck"),
    ],
    ids=["B68", "B9", "B59", "foreign name", "B68 nobody", "B68 other value", "B12", "no check"],
)
def test_refused(cloud: Cloud, second: dict[str, Any], code: str) -> None:
    client, zone = zone_of(cloud)
    apply(client, zone, change("CREATE", "a.example.test"))
    before = told(cloud, zone)
    with pytest.raises(ClientError) as refused:
        apply(client, zone, change("CREATE", "good.example.test"), second)
    assert refused.value.response["Error"]["Code"] == code
    assert told(cloud, zone) == before


def test_b67_all_messages_are_given_in_brackets(cloud: Cloud) -> None:
    client, zone = zone_of(cloud)
    bad = [change("DELETE", f"n{i}.example.test") for i in range(2)]
    with pytest.raises(ClientError) as refused:
        apply(client, zone, *bad)
    message = refused.value.response["Error"]["Message"]
    assert message.startswith("[")
    assert message.endswith("]")
    assert "n0.example.test" in message
    assert "n1.example.test" in message


def test_b68_delete_and_create_in_one_batch_replaces(cloud: Cloud) -> None:
    client, zone = zone_of(cloud)
    apply(client, zone, change("CREATE", "a.example.test"))
    apply(
        client,
        zone,
        change("DELETE", "a.example.test"),
        change("CREATE", "a.example.test", Type="CNAME", **VALUE),
    )
    assert [r["Type"] for r in told(cloud, zone)] == ["NS", "SOA", "CNAME"]


def test_what_was_listed_can_be_deleted(cloud: Cloud) -> None:
    client, zone = zone_of(cloud)
    target = {"HostedZoneId": "Z1UJRXOUMOOFQ8", "EvaluateTargetHealth": False,
              "DNSName": "d-abc.execute-api.us-east-1.amazonaws.com"}  # fmt: skip
    apply(
        client,
        zone,
        change("CREATE", "a.example.test", SetIdentifier="us", Region="us-east-1",
               AliasTarget=target),
    )  # fmt: skip
    listed = client.list_resource_record_sets(HostedZoneId=zone)["ResourceRecordSets"][-1]
    assert listed["Name"] == "a.example.test."
    apply(client, zone, {"Action": "DELETE", "ResourceRecordSet": listed})
    assert len(told(cloud, zone)) == 2
