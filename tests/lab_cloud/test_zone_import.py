"""A zone that was exported elsewhere: served with the ids that it had."""

from __future__ import annotations

import json

import pytest
from botocore.exceptions import ClientError
from cloud_process import Cloud

CHECK = "11111111-2222-3333-4444-555555555555"
BODY = {
    "id": "ZOWN", "name": "import.test.",
    "record_sets": [
        {"Name": "import.test.", "Type": "SOA", "TTL": 900,
         "ResourceRecords": [{"Value": "ns. host. 1 7200 900 1209600 86400"}]},
        {"Name": "import.test.", "Type": "NS", "TTL": 172800,
         "ResourceRecords": [{"Value": "ns."}]},
        {"Name": "a.import.test.", "Type": "A", "TTL": 15, "SetIdentifier": "x", "Weight": 1,
         "HealthCheckId": CHECK, "ResourceRecords": [{"Value": "192.0.2.1"}]},
    ],
    "health_checks": [
        {"Id": CHECK, "CallerReference": "theirs", "HealthCheckVersion": 4,
         "HealthCheckConfig": {"Type": "TCP", "IPAddress": "192.0.2.1", "Port": 22}},
    ],
}  # fmt: skip


@pytest.fixture(scope="module")
def imported(cloud: Cloud) -> Cloud:
    token = {"x-gameday-token": cloud.spec["token"]}
    status, said = cloud.http("PUT", "/_gameday/zone", json.dumps(BODY).encode(), **token)
    assert status == 200, said
    assert "TTL 15 of a.import.test. A" in json.loads(said)["warnings"][0]
    return cloud


def test_are_zone_and_checks_there_with_their_ids(imported: Cloud) -> None:
    client = imported.client("route53")
    zone = client.get_hosted_zone(Id="ZOWN")["HostedZone"]
    assert (zone["Name"], zone["ResourceRecordSetCount"]) == ("import.test.", 3)
    assert (
        client.list_resource_record_sets(HostedZoneId="ZOWN")["ResourceRecordSets"][2]
        == (BODY["record_sets"][2])
    )
    assert client.get_health_check(HealthCheckId=CHECK)["HealthCheck"]["HealthCheckVersion"] == 4


def test_are_the_name_server_and_the_checkers_told(imported: Cloud) -> None:
    for process in ("dns", "checkers"):
        body = imported.bodies[process]
        assert "ZOWN" in [z["id"] for z in body["zones"]]
        assert CHECK in [c["Id"] for c in body["health_checks"]]


def test_can_the_zone_be_changed_like_any_other(imported: Cloud) -> None:
    client = imported.client("route53")
    record = BODY["record_sets"][2] | {"TTL": 60}
    change = {"Action": "UPSERT", "ResourceRecordSet": record}
    client.change_resource_record_sets(HostedZoneId="ZOWN", ChangeBatch={"Changes": [change]})
    told = next(z for z in imported.bodies["dns"]["zones"] if z["id"] == "ZOWN")
    assert [r["TTL"] for r in told["record_sets"] if r["Type"] == "A"] == [60]


def test_is_a_caller_reference_of_the_export_taken(imported: Cloud) -> None:
    with pytest.raises(ClientError, match="HealthCheckAlreadyExists"):
        imported.client("route53").create_health_check(
            CallerReference="theirs", HealthCheckConfig={"Type": "TCP", "IPAddress": "192.0.2.2",
                                                         "Port": 1}
        )  # fmt: skip


def test_is_the_door_closed_without_the_token(cloud: Cloud) -> None:
    assert cloud.http("PUT", "/_gameday/zone", b"{}")[0] == 403
