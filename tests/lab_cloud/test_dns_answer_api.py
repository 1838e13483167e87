"""TestDNSAnswer asked by boto3: place, health and names (statements C1 to C7)."""

from __future__ import annotations

from typing import Any

import pytest
from botocore.exceptions import ClientError
from cloud_process import Cloud
from test_route53_api import apply, change, make_check, report, seen, zone_of

NEAR_EU = "203.0.113.7"


@pytest.fixture(scope="module")
def zone(cloud: Cloud) -> dict[str, Any]:
    client, zone = zone_of(cloud)
    _, check = make_check(cloud)
    alias = {
        "AliasTarget": {
            "HostedZoneId": "Z1UJRXOUMOOFQ8",
            "DNSName": "d-abc.execute-api.us-east-1.amazonaws.com",
            "EvaluateTargetHealth": False,
        }
    }
    apply(
        client,
        zone,
        change("CREATE", "api.example.test", SetIdentifier="us", Region="us-east-1",
               HealthCheckId=check["Id"], **alias),
        change("CREATE", "api.example.test", SetIdentifier="eu", Region="eu-west-1"),
    )  # fmt: skip
    return {"client": client, "id": zone, "check": check["Id"]}


def ask(zone: dict[str, Any], name: str = "api.example.test", **more: str) -> Any:
    return zone["client"].test_dns_answer(
        HostedZoneId=zone["id"], RecordName=name, RecordType="A", **more
    )


def test_c2_without_a_resolver_one_in_us_east_1_asks(zone: dict[str, Any]) -> None:
    answer = ask(zone)
    assert answer["RecordData"] == ["127.0.1.1"]
    assert (answer["ResponseCode"], answer["Protocol"]) == ("NOERROR", "UDP")
    assert answer["RecordName"] == "api.example.test."
    assert answer["Nameserver"].startswith("ns-")


def test_the_resolver_address_decides(zone: dict[str, Any]) -> None:
    assert ask(zone, ResolverIP=NEAR_EU)["RecordData"] == ["192.0.2.1"]


def test_c3_the_client_subnet_beats_the_resolver(zone: dict[str, Any]) -> None:
    answer = ask(zone, ResolverIP="198.51.100.7", EDNS0ClientSubnetIP=NEAR_EU)
    assert answer["RecordData"] == ["192.0.2.1"]


def test_c7_health_counts(cloud: Cloud, zone: dict[str, Any]) -> None:
    report(cloud, zone["check"], seen("127.0.0.1", False, "Failure: x"))
    cloud.send("report", ask=1)
    cloud.message("answer")
    assert ask(zone)["RecordData"] == ["192.0.2.1"]
    report(cloud, zone["check"], seen("127.0.0.1", True, "Success: x"))
    cloud.send("report", ask=2)
    cloud.message("answer")
    assert ask(zone)["RecordData"] == ["127.0.1.1"]


def test_a_name_that_does_not_exist(zone: dict[str, Any]) -> None:
    assert ask(zone, "nobody.example.test")["ResponseCode"] == "NXDOMAIN"


def test_c5_errors(zone: dict[str, Any]) -> None:
    with pytest.raises(ClientError, match="NoSuchHostedZone"):
        ask(zone | {"id": "ZNOBODY"})
    with pytest.raises(ClientError, match="InvalidInput"):
        ask(zone, ResolverIP="not an address")
