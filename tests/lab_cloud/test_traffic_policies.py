"""Traffic policies, their instances, geolocations and routing controls over boto3."""

from __future__ import annotations

import json
import uuid
from collections.abc import Iterator
from typing import Any

import pytest
from botocore.exceptions import ClientError
from cloud_process import Cloud


def document(primary: str = "192.0.2.1", rtype: str = "A") -> str:
    return json.dumps({
        "AWSPolicyFormatVersion": "2015-10-01", "RecordType": rtype, "StartRule": "fo",
        "Endpoints": {"a": {"Type": "value", "Value": primary},
                      "b": {"Type": "value", "Value": "192.0.2.9"}},
        "Rules": {"fo": {"RuleType": "failover", "Primary": {"EndpointReference": "a"},
                         "Secondary": {"EndpointReference": "b"}}},
    })  # fmt: skip


@pytest.fixture
def client(cloud: Cloud) -> Iterator[Any]:
    """Afterwards no instance is left: an account has five at most."""
    route53 = cloud.client("route53")
    yield route53
    for instance in route53.list_traffic_policy_instances()["TrafficPolicyInstances"]:
        route53.delete_traffic_policy_instance(Id=instance["Id"])


def refused(code: str) -> Any:
    return pytest.raises(ClientError, match=code)


def make_policy(client: Any, text: str | None = None) -> dict[str, Any]:
    name = uuid.uuid4().hex
    made: dict[str, Any] = client.create_traffic_policy(Name=name, Document=text or document())
    return made["TrafficPolicy"]  # type: ignore[no-any-return]


def make_zone(client: Any) -> str:
    made = client.create_hosted_zone(Name="policy.test", CallerReference=uuid.uuid4().hex)
    return str(made["HostedZone"]["Id"].rpartition("/")[2])


def make_instance(client: Any, zone: str, policy: dict[str, Any], name: str = "www") -> Any:
    return client.create_traffic_policy_instance(
        HostedZoneId=zone, Name=f"{name}.policy.test", TTL=60, TrafficPolicyId=policy["Id"],
        TrafficPolicyVersion=policy["Version"],
    )["TrafficPolicyInstance"]  # fmt: skip


def test_is_the_record_of_an_instance_left_to_the_instance(client: Any) -> None:
    zone, policy = make_zone(client), make_policy(client)
    made = make_instance(client, zone, policy)
    own = {"Name": "www.policy.test", "Type": "A", "TTL": 60,
           "ResourceRecords": [{"Value": "192.0.2.1"}]}  # fmt: skip
    with refused("InvalidInput.*traffic policy"):
        client.change_resource_record_sets(
            HostedZoneId=zone,
            ChangeBatch={"Changes": [{"Action": "UPSERT", "ResourceRecordSet": own}]},
        )
    client.delete_traffic_policy_instance(Id=made["Id"])


def test_is_a_ttl_that_the_speed_would_round_refused_of_instances_too(client: Any) -> None:
    zone, policy = make_zone(client), make_policy(client)
    of = {"TrafficPolicyId": policy["Id"], "TrafficPolicyVersion": 1, "TTL": 45}
    with refused("InvalidInput.*multiple of 10"):
        client.create_traffic_policy_instance(HostedZoneId=zone, Name="www.policy.test", **of)
    made = make_instance(client, zone, policy)
    with refused("InvalidInput.*multiple of 10"):
        client.update_traffic_policy_instance(Id=made["Id"], **of)


def test_b65_an_instance_shows_one_record_set_and_serves_a_tree(client: Any, cloud: Cloud) -> None:
    zone, policy = make_zone(client), make_policy(client)
    made = make_instance(client, zone, policy)
    assert made["State"] == "Creating"
    found = client.get_traffic_policy_instance(Id=made["Id"])["TrafficPolicyInstance"]
    assert (found["State"], found["Name"]) == ("Applied", "www.policy.test.")
    listed = client.list_resource_record_sets(HostedZoneId=zone)["ResourceRecordSets"]
    assert [r for r in listed if r["Type"] == "A"] == [
        {"Name": "www.policy.test.", "Type": "A", "TrafficPolicyInstanceId": made["Id"]}
    ]
    told = next(z for z in cloud.bodies["dns"]["zones"] if z["id"] == zone)
    shown = [(r["Failover"], r["ResourceRecords"][0]["Value"]) for r in told["record_sets"]
             if r["Type"] == "A"]  # fmt: skip
    assert shown == [("PRIMARY", "192.0.2.1"), ("SECONDARY", "192.0.2.9")]
    answer = client.test_dns_answer(HostedZoneId=zone, RecordName="www.policy.test", RecordType="A")
    assert answer["RecordData"] == ["192.0.2.1"]


def test_does_an_update_to_another_version_change_the_answer(client: Any, cloud: Cloud) -> None:
    zone, policy = make_zone(client), make_policy(client)
    made = make_instance(client, zone, policy)
    second = client.create_traffic_policy_version(Id=policy["Id"], Document=document("192.0.2.2"))
    assert second["TrafficPolicy"]["Version"] == 2
    client.update_traffic_policy_instance(
        Id=made["Id"], TTL=30, TrafficPolicyId=policy["Id"], TrafficPolicyVersion=2
    )
    told = next(z for z in cloud.bodies["dns"]["zones"] if z["id"] == zone)
    first = next(r for r in told["record_sets"] if r.get("Failover") == "PRIMARY")
    assert (first["TTL"], first["ResourceRecords"]) == (30, [{"Value": "192.0.2.2"}])
    client.delete_traffic_policy(Id=policy["Id"], Version=1)
    with refused("TrafficPolicyInUse"):
        client.delete_traffic_policy(Id=policy["Id"], Version=2)
    other = make_policy(client, document("2001:db8::1", "AAAA").replace("192.0.2.9", "2001:db8::9"))
    with refused("ConflictingTypes"):
        client.update_traffic_policy_instance(
            Id=made["Id"], TTL=30, TrafficPolicyId=other["Id"], TrafficPolicyVersion=1
        )


def test_are_policies_versions_and_instances_listed_in_pages(client: Any) -> None:
    zone, policy = make_zone(client), make_policy(client)
    for _ in range(3):
        client.create_traffic_policy_version(Id=policy["Id"], Document=document())
    page = client.list_traffic_policy_versions(Id=policy["Id"], MaxItems="3")
    assert [p["Version"] for p in page["TrafficPolicies"]] == [1, 2, 3]
    assert (page["IsTruncated"], page["TrafficPolicyVersionMarker"]) == (True, "4")
    names = [make_instance(client, zone, policy, n)["Name"] for n in ("c", "a", "b")]
    page = client.list_traffic_policy_instances(MaxItems="2")
    assert [i["Name"] for i in page["TrafficPolicyInstances"]] == sorted(names)[:2]
    rest = client.list_traffic_policy_instances_by_hosted_zone(
        HostedZoneId=zone, MaxItems="2",
        TrafficPolicyInstanceNameMarker=page["TrafficPolicyInstanceNameMarker"],
        TrafficPolicyInstanceTypeMarker=page["TrafficPolicyInstanceTypeMarker"],
    )  # fmt: skip
    assert [i["Name"] for i in rest["TrafficPolicyInstances"]] == sorted(names)[2:]
    assert rest["IsTruncated"] is False
    used = client.list_traffic_policy_instances_by_policy(
        TrafficPolicyId=policy["Id"], TrafficPolicyVersion=1
    )
    assert len(used["TrafficPolicyInstances"]) == 3
    assert client.get_traffic_policy_instance_count()["TrafficPolicyInstanceCount"] == 3
    summaries = client.list_traffic_policies()["TrafficPolicySummaries"]
    summary = next(s for s in summaries if s["Id"] == policy["Id"])
    assert (summary["LatestVersion"], summary["TrafficPolicyCount"]) == (4, 4)


def test_what_of_traffic_policies_is_refused(client: Any) -> None:
    zone, policy = make_zone(client), make_policy(client)
    with refused("InvalidTrafficPolicyDocument.*StartRule"):
        client.create_traffic_policy(Name="x", Document='{"AWSPolicyFormatVersion":"2015-10-01",'
                                     '"RecordType":"A"}')  # fmt: skip
    with refused("TrafficPolicyAlreadyExists"):
        client.create_traffic_policy(Name=policy["Name"], Document=document())
    with refused("NoSuchTrafficPolicy"):
        client.get_traffic_policy(Id=policy["Id"], Version=7)
    with refused("NoSuchTrafficPolicyInstance"):
        client.get_traffic_policy_instance(Id=str(uuid.uuid4()))
    with refused("NoSuchHostedZone"):
        make_instance(client, "ZNONE", policy)
    made = make_instance(client, zone, policy)
    with refused("TrafficPolicyInstanceAlreadyExists"):
        make_instance(client, zone, policy)
    record = {"Name": "www.policy.test", "Type": "A", "TrafficPolicyInstanceId": made["Id"]}
    change = {"Action": "DELETE", "ResourceRecordSet": record}
    with refused("InvalidInput"):
        client.change_resource_record_sets(HostedZoneId=zone, ChangeBatch={"Changes": [change]})


def test_may_an_instance_not_stand_where_a_record_is(client: Any) -> None:
    zone, policy = make_zone(client), make_policy(client)
    record = {"Name": "www.policy.test", "Type": "A", "TTL": 60,
              "ResourceRecords": [{"Value": "192.0.2.1"}]}  # fmt: skip
    change = {"Action": "CREATE", "ResourceRecordSet": record}
    client.change_resource_record_sets(HostedZoneId=zone, ChangeBatch={"Changes": [change]})
    with refused("InvalidInput.*already exists"):
        make_instance(client, zone, policy)


def test_b31_geolocations_are_listed_countries_first_and_continents_last(client: Any) -> None:
    rows: list[dict[str, str]] = []
    start: dict[str, str] = {}
    while True:
        page = client.list_geo_locations(MaxItems="90", **start)
        rows += page["GeoLocationDetailsList"]
        if not page["IsTruncated"]:
            break
        start = {f"Start{k[4:]}": v for k, v in page.items() if k.startswith("Next")}
    assert rows[0]["CountryCode"] == "*"
    assert [r["ContinentCode"] for r in rows[-7:]] == ["AF", "AN", "AS", "EU", "NA", "OC", "SA"]
    states = [r for r in rows if "SubdivisionCode" in r]
    assert len(states) == 51
    assert {s["CountryCode"] for s in states} == {"US"}
    assert rows.index(states[0]) == rows.index({"CountryCode": "US", "CountryName": rows[
        rows.index(states[0]) - 1]["CountryName"]}) + 1  # fmt: skip
    assert len({json.dumps(r) for r in rows}) == len(rows) > 300


def test_is_one_geolocation_found_by_its_codes(client: Any) -> None:
    found = client.get_geo_location(CountryCode="US", SubdivisionCode="WA")["GeoLocationDetails"]
    assert found["SubdivisionName"] == "Washington"
    assert client.get_geo_location(ContinentCode="OC")["GeoLocationDetails"]["ContinentName"]
    for codes in ({"CountryCode": "XX"}, {"CountryCode": "DE", "SubdivisionCode": "BY"}):
        with refused("NoSuchGeoLocation"):
            client.get_geo_location(**codes)


def controls_told(cloud: Cloud) -> dict[str, str]:
    while True:
        told: dict[str, str] = cloud.message("alarms").get("routing_controls", {})
        if told:
            return told


def test_a39_a_routing_control_is_off_until_it_is_switched(cloud: Cloud) -> None:
    arn = "arn:aws:route53-recovery-control::123456789012:controlpanel/p1/routingcontrol/c1"
    cloud.client("route53").create_health_check(
        CallerReference=uuid.uuid4().hex,
        HealthCheckConfig={"Type": "RECOVERY_CONTROL", "RoutingControlArn": arn},
    )
    cluster = cloud.client("route53-recovery-cluster")
    assert controls_told(cloud) == {arn: "Off"}
    cluster.update_routing_control_state(RoutingControlArn=arn, RoutingControlState="On")
    assert controls_told(cloud) == {arn: "On"}
    assert cluster.get_routing_control_state(RoutingControlArn=arn)["RoutingControlState"] == "On"
    off = {"RoutingControlArn": arn, "RoutingControlState": "Off"}
    cluster.update_routing_control_states(UpdateRoutingControlStateEntries=[off])
    assert controls_told(cloud) == {arn: "Off"}
    (row,) = cluster.list_routing_controls()["RoutingControls"]
    assert (row["RoutingControlArn"], row["RoutingControlState"]) == (arn, "Off")
    with refused("ResourceNotFoundException"):
        cluster.get_routing_control_state(RoutingControlArn=arn + "x")


def test_are_zones_listed_by_name_in_pages(client: Any) -> None:
    names = ["a.bynames.test.", "b.bynames.test.", "bynames.test."]
    for name in names:
        client.create_hosted_zone(Name=name, CallerReference=uuid.uuid4().hex)
    page = client.list_hosted_zones_by_name(DNSName="bynames.test", MaxItems="2")
    assert [z["Name"] for z in page["HostedZones"]] == ["bynames.test.", "a.bynames.test."]
    assert (page["IsTruncated"], page["NextDNSName"]) == (True, "b.bynames.test.")
    rest = client.list_hosted_zones_by_name(
        DNSName=page["NextDNSName"], HostedZoneId=page["NextHostedZoneId"]
    )
    assert rest["HostedZones"][0]["Name"] == "b.bynames.test."
    assert rest["HostedZones"][0]["ResourceRecordSetCount"] == 2
    with refused("InvalidInput"):
        client.list_hosted_zones_by_name(MaxItems="none")
