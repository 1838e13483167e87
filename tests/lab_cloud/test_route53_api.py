"""Route 53 as boto3 sees it, and what the name server and the checkers are told."""

from __future__ import annotations

import uuid
from ipaddress import ip_address, ip_network
from typing import Any

import pytest
from botocore.exceptions import ClientError
from cloud_process import Cloud

from gameday.lab.check_board import Checker
from gameday.route53.check import CHECKER_REGIONS


def zone_of(cloud: Cloud, name: str = "example.test") -> tuple[Any, str]:
    client = cloud.client("route53")
    made = client.create_hosted_zone(Name=name, CallerReference=uuid.uuid4().hex)
    return client, made["HostedZone"]["Id"].rpartition("/")[2]


def change(action: str, name: str, **more: Any) -> dict[str, Any]:
    record_set = {"Name": name, "Type": "A"} | more
    if "AliasTarget" not in more:
        record_set = {"TTL": 60, "ResourceRecords": [{"Value": "192.0.2.1"}]} | record_set
    return {"Action": action, "ResourceRecordSet": record_set}


def apply(client: Any, zone: str, *changes: dict[str, Any]) -> Any:
    return client.change_resource_record_sets(
        HostedZoneId=zone, ChangeBatch={"Changes": list(changes)}
    )


def told(cloud: Cloud, zone: str, process: str = "dns") -> list[dict[str, Any]]:
    zones = cloud.bodies[process]["zones"]
    return next(z["record_sets"] for z in zones if z["id"] == zone)


def test_a_record_set_reaches_the_name_server_whole(cloud: Cloud) -> None:
    client, zone = zone_of(cloud)
    apply(
        client,
        zone,
        change("CREATE", "API.example.test", SetIdentifier="us", Region="us-east-1"),
        change("CREATE", "api.example.test", SetIdentifier="eu", Region="eu-west-1"),
    )
    for process in ("dns", "checkers"):
        assert [r for r in told(cloud, zone, process) if r["Type"] == "A"] == [
            {
                "Name": "api.example.test.",
                "Type": "A",
                "SetIdentifier": identifier,
                "Region": region,
                "TTL": 60,
                "ResourceRecords": [{"Value": "192.0.2.1"}],
            }
            for identifier, region in (("eu", "eu-west-1"), ("us", "us-east-1"))
        ]


def test_a_new_zone_has_soa_and_ns(cloud: Cloud) -> None:
    client, zone = zone_of(cloud, "new.test")
    listed = client.list_resource_record_sets(HostedZoneId=zone)["ResourceRecordSets"]
    assert [r["Type"] for r in listed] == ["NS", "SOA"]
    assert listed[1]["ResourceRecords"][0]["Value"].split()[2:] == [
        "1", "7200", "900", "1209600", "86400",
    ]  # fmt: skip
    assert len(told(cloud, zone)) == 2


def test_deleting_one_of_two_with_an_identifier_keeps_the_other(cloud: Cloud) -> None:
    client, zone = zone_of(cloud)
    one = change("CREATE", "a.example.test", SetIdentifier="x", Weight=1)
    two = change("CREATE", "b.example.test", SetIdentifier="x", Weight=1)
    apply(client, zone, one, two)
    apply(client, zone, one | {"Action": "DELETE"})
    assert [r["Name"] for r in told(cloud, zone) if r["Type"] == "A"] == ["b.example.test."]


def test_a_zone_in_use_is_not_deleted(cloud: Cloud) -> None:
    client, zone = zone_of(cloud, "used.test")
    made = change("CREATE", "a.used.test")
    apply(client, zone, made)
    assert client.get_hosted_zone(Id=zone)["HostedZone"]["ResourceRecordSetCount"] == 3
    with pytest.raises(ClientError, match="HostedZoneNotEmpty"):
        client.delete_hosted_zone(Id=zone)
    apply(client, zone, made | {"Action": "DELETE"})
    client.delete_hosted_zone(Id=zone)
    assert zone not in [z["id"] for z in cloud.bodies["dns"]["zones"]]


def test_a_change_is_pending_and_then_in_sync(cloud: Cloud) -> None:
    client, zone = zone_of(cloud)
    info = apply(client, zone, change("UPSERT", "a.example.test"))["ChangeInfo"]
    assert info["Status"] == "PENDING"
    assert client.get_change(Id=info["Id"])["ChangeInfo"]["Status"] == "INSYNC"
    with pytest.raises(ClientError, match="NoSuchChange"):
        client.get_change(Id="/change/CNOBODYMADE")


def test_is_the_change_that_made_a_zone_known(cloud: Cloud) -> None:
    client = cloud.client("route53")
    made = client.create_hosted_zone(Name="more.test", CallerReference="more")
    assert client.get_change(Id=made["ChangeInfo"]["Id"])["ChangeInfo"]["Status"] == "INSYNC"


def test_b54_who_answers_for_a_new_zone(cloud: Cloud) -> None:
    client, zone = zone_of(cloud)
    servers, soa = client.list_resource_record_sets(HostedZoneId=zone)["ResourceRecordSets"]
    value = soa["ResourceRecords"][0]["Value"]
    assert value.startswith(servers["ResourceRecords"][0]["Value"].rstrip(".") + ". ")
    assert value.endswith(" awsdns-hostmaster.amazon.com. 1 7200 900 1209600 86400")


def test_b32_is_a_country_that_route_53_does_not_know_refused(cloud: Cloud) -> None:
    client, zone = zone_of(cloud)
    place = change("CREATE", "a.example.test", SetIdentifier="x", GeoLocation={"CountryCode": "XX"})
    with pytest.raises(ClientError, match="CountryCode XX"):
        apply(client, zone, place)


def test_a_ttl_that_the_speed_would_round_is_refused(cloud: Cloud) -> None:
    client, zone = zone_of(cloud)
    with pytest.raises(ClientError, match="multiple of 10") as refused:
        apply(client, zone, change("CREATE", "a.example.test", TTL=45))
    assert refused.value.response["Error"]["Code"] == "InvalidChangeBatch"
    assert refused.value.response["ResponseMetadata"]["HTTPStatusCode"] == 400


def test_b67_a_batch_with_one_bad_change_changes_nothing(cloud: Cloud) -> None:
    client, zone = zone_of(cloud)
    bad = change("CREATE", "b.example.test", TTL=45)
    with pytest.raises(ClientError, match="InvalidChangeBatch"):
        apply(client, zone, change("CREATE", "a.example.test"), bad)
    listed = client.list_resource_record_sets(HostedZoneId=zone)["ResourceRecordSets"]
    assert [r["Type"] for r in listed] == ["NS", "SOA"]


def test_pages(cloud: Cloud) -> None:
    client, zone = zone_of(cloud)
    apply(client, zone, *(change("CREATE", f"n{i}.example.test") for i in range(7)))
    pages = client.get_paginator("list_resource_record_sets").paginate(
        HostedZoneId=zone, PaginationConfig={"PageSize": 2}
    )
    sizes = [len(p["ResourceRecordSets"]) for p in pages]
    assert sizes == [2, 2, 2, 2, 1]


def test_an_unknown_zone_is_404(cloud: Cloud) -> None:
    with pytest.raises(ClientError, match="NoSuchHostedZone") as refused:
        cloud.client("route53").list_resource_record_sets(HostedZoneId="ZNOBODY")
    assert refused.value.response["ResponseMetadata"]["HTTPStatusCode"] == 404


def make_check(cloud: Cloud, **config: Any) -> tuple[Any, dict[str, Any]]:
    client = cloud.client("route53")
    made = client.create_health_check(
        CallerReference=uuid.uuid4().hex,
        HealthCheckConfig={
            "Type": "HTTPS",
            "FullyQualifiedDomainName": "us-east-1.api.example.test",
            "ResourcePath": "/health/deep",
            "RequestInterval": 10,
            "FailureThreshold": 3,
        }
        | config,
    )
    return client, made["HealthCheck"]


def test_inverting_a_check_reaches_the_checkers_with_a_new_version(cloud: Cloud) -> None:
    client, check = make_check(cloud)
    updated = client.update_health_check(
        HealthCheckId=check["Id"], Inverted=True, HealthCheckVersion=1
    )["HealthCheck"]
    assert (updated["HealthCheckVersion"], updated["HealthCheckConfig"]["Inverted"]) == (2, True)
    assert updated["HealthCheckConfig"]["Disabled"] is False
    checks = {c["Id"]: c for c in cloud.bodies["checkers"]["health_checks"]}
    assert checks[check["Id"]] == updated
    restored = client.update_health_check(HealthCheckId=check["Id"], Inverted=False)["HealthCheck"]
    assert restored["HealthCheckConfig"] == check["HealthCheckConfig"]


def test_a6_a_stale_version_is_409(cloud: Cloud) -> None:
    client, check = make_check(cloud)
    with pytest.raises(ClientError, match="HealthCheckVersionMismatch") as refused:
        client.update_health_check(HealthCheckId=check["Id"], Disabled=True, HealthCheckVersion=7)
    assert refused.value.response["ResponseMetadata"]["HTTPStatusCode"] == 409


def test_a43_an_unknown_check_is_404(cloud: Cloud) -> None:
    with pytest.raises(ClientError, match="NoSuchHealthCheck") as refused:
        cloud.client("route53").get_health_check_status(HealthCheckId="nobody")
    assert refused.value.response["ResponseMetadata"]["HTTPStatusCode"] == 404


def test_listing_checks_says_whether_it_is_truncated_and_pages(cloud: Cloud) -> None:
    client, _ = make_check(cloud)
    make_check(cloud)
    first = client.list_health_checks(MaxItems="1")
    assert first["IsTruncated"] is True
    pages = client.get_paginator("list_health_checks").paginate(PaginationConfig={"PageSize": 1})
    ids = [c["Id"] for p in pages for c in p["HealthChecks"]]
    assert len(ids) == len(set(ids)) == client.get_health_check_count()["HealthCheckCount"]


def seen(ip: str, ok: bool, status: str) -> dict[str, Any]:
    return {"region": "eu-west-1", "ip": ip, "ok": ok, "status": status, "at": 1_790_000_000.5}


def report(cloud: Cloud, check: str, *observations: dict[str, Any]) -> None:
    healthy = all(o["ok"] for o in observations)
    cloud.send(
        "health",
        checks={check: {"healthy": healthy, "votes": sum(o["ok"] for o in observations),
                        "of": len(observations), "at": 1.0, "observations": observations}},
    )  # fmt: skip


@pytest.mark.parametrize(
    "address", ["127.0.0.1", "10.1.2.3", "100.64.0.1", "224.0.0.1", "fe80::1", "::ffff:10.0.0.1"]
)
def test_a10_an_address_that_is_not_on_the_internet_is_refused(cloud: Cloud, address: str) -> None:
    with pytest.raises(ClientError, match=r"InvalidInput.*not an address on the internet"):
        make_check(cloud, IPAddress=address)


def test_a10_the_labs_own_regions_are_taken_although_on_loopback(cloud: Cloud) -> None:
    _, check = make_check(cloud, IPAddress="127.0.1.1")
    assert check["HealthCheckConfig"]["IPAddress"] == "127.0.1.1"


def test_is_a_forced_check_seen_to_be_forced_beside_what_was_observed(cloud: Cloud) -> None:
    client, check = make_check(cloud)
    good = seen("15.177.3.1", True, "Success: HTTP Status Code 200, OK")
    found = {"healthy": False, "votes": 1, "of": 1, "at": 1.0, "forced": True,
             "observations": [good]}  # fmt: skip
    cloud.send("health", checks={check["Id"]: found})
    cloud.send("report", ask=3)
    shown = cloud.message("answer")["status"]["health"][check["Id"]]
    assert (shown["healthy"], shown["forced"]) == (False, True)
    (status,) = client.get_health_check_status(HealthCheckId=check["Id"])["HealthCheckObservations"]
    said = status["StatusReport"]["Status"]
    assert said.startswith("Failure: Forced by an operator")
    assert said.endswith("Success: HTTP Status Code 200, OK")


def test_a40_status_is_what_the_checkers_observed(cloud: Cloud) -> None:
    client, check = make_check(cloud)
    assert (
        client.get_health_check_status(HealthCheckId=check["Id"])["HealthCheckObservations"] == []
    )
    good = "Success: HTTP Status Code 200, OK"
    report(
        cloud, check["Id"], seen("127.0.0.1", True, good), seen("127.0.0.2", False, "Failure: x")
    )
    cloud.send("report", ask=1)
    cloud.message("answer")
    found = client.get_health_check_status(HealthCheckId=check["Id"])["HealthCheckObservations"]
    assert [(o["IPAddress"], o["StatusReport"]["Status"]) for o in found] == [
        ("127.0.0.1", good),
        ("127.0.0.2", "Failure: x"),
    ]
    assert found[0]["Region"] == "eu-west-1"
    assert found[0]["StatusReport"]["CheckedTime"].timestamp() == 1_790_000_000.5


def test_a42_the_last_failure_is_remembered_after_recovery(cloud: Cloud) -> None:
    client, check = make_check(cloud)
    failure = "Failure: HTTP Status Code 503, Service Unavailable"
    report(cloud, check["Id"], seen("127.0.0.1", False, failure))
    report(cloud, check["Id"], seen("127.0.0.1", True, "Success: ok"), seen("127.0.0.2", True, "S"))
    cloud.send("report", ask=2)
    cloud.message("answer")
    found = client.get_health_check_last_failure_reason(HealthCheckId=check["Id"])
    statuses = [o["StatusReport"]["Status"] for o in found["HealthCheckObservations"]]
    assert statuses[0] == failure
    assert "has not failed" in statuses[1]


def test_do_the_checkers_addresses_lie_in_the_ranges_that_are_given(cloud: Cloud) -> None:
    ranges = cloud.client("route53").get_checker_ip_ranges()["CheckerIpRanges"]
    for region in (*CHECKER_REGIONS, "elsewhere"):
        ip = ip_address(Checker(region, 15, 0.0).ip)
        assert any(ip in ip_network(block) for block in ranges)


def test_tags_of_zones_and_checks(cloud: Cloud) -> None:
    client, check = make_check(cloud)
    tags = [{"Key": "stack", "Value": "gameday"}]
    client.change_tags_for_resource(
        ResourceType="healthcheck", ResourceId=check["Id"], AddTags=tags
    )
    listed = client.list_tags_for_resource(ResourceType="healthcheck", ResourceId=check["Id"])
    assert listed["ResourceTagSet"]["Tags"] == tags
