"""Requests that AWS refuses by their shape, and operations that the lab has not got."""

from __future__ import annotations

from typing import Any

import pytest
from botocore.exceptions import ClientError
from cloud_process import Cloud

XML = '<ChangeResourceRecordSetsRequest xmlns="https://route53.amazonaws.com/doc/2013-04-01/">'
END = "</ChangeResourceRecordSetsRequest>"
SIGNED = (
    "AWS4-HMAC-SHA256 Credential=AK/20261123/us-east-1/route53/aws4_request, "
    "SignedHeaders=host, Signature=00"
)
CHECK = {"Type": "HTTP", "FullyQualifiedDomainName": "a.test"}


@pytest.fixture(scope="module")
def unchecked(cloud: Cloud) -> Any:
    """A client that sends whatever it is given, as other SDKs do."""
    return cloud.client("route53", parameter_validation=False)


def refusal(call: Any, **params: Any) -> tuple[int, str, str]:
    with pytest.raises(ClientError) as refused:
        call(**params)
    found = refused.value.response
    error = found["Error"]
    return found["ResponseMetadata"]["HTTPStatusCode"], error["Code"], error["Message"]


@pytest.mark.parametrize(
    ("config", "place", "must"),
    [
        ({"Type": "FOO"}, "healthCheckConfig.type", "satisfy enum value set: [HTTP, HTTPS, "),
        ({"FullyQualifiedDomainName": "a"}, "healthCheckConfig.type", "not be null"),
        (CHECK | {"Port": 0}, "healthCheckConfig.port", "have value greater than or equal to 1"),
        (CHECK | {"ResourcePath": "x" * 256}, "healthCheckConfig.resourcePath",
         "have length less than or equal to 255"),
        ({"Type": "CALCULATED", "HealthThreshold": 257}, "healthCheckConfig.healthThreshold",
         "have value less than or equal to 256"),
        (CHECK | {"Regions": ["us-east-1"] * 2}, "healthCheckConfig.regions",
         "have length greater than or equal to 3"),
        (CHECK | {"Regions": ["us-east-1", "us-west-1", "mars"]},
         "healthCheckConfig.regions.3.member", "satisfy enum value set: [us-east-1, "),
    ],
)  # fmt: skip
def test_a2_what_the_model_forbids_is_refused_with_its_place(
    unchecked: Any, config: dict[str, Any], place: str, must: str
) -> None:
    status, code, message = refusal(
        unchecked.create_health_check, CallerReference="r", HealthCheckConfig=config
    )
    assert (status, code) == (400, "InvalidInput")
    assert f"at '{place}' failed to satisfy constraint: Member must {must}" in message


def test_are_all_broken_constraints_counted(unchecked: Any) -> None:
    *_, message = refusal(
        unchecked.create_health_check,
        CallerReference="x" * 65,
        HealthCheckConfig=CHECK | {"FailureThreshold": 11},
    )
    assert message.startswith("2 validation errors detected: Value 'xxx")


def test_is_a_number_that_is_none_refused(unchecked: Any) -> None:
    config = CHECK | {"Port": "eighty"}
    status, code, message = refusal(
        unchecked.create_health_check, CallerReference="r", HealthCheckConfig=config
    )
    assert (status, code) == (400, "InvalidInput")
    assert "cannot be read" in message


@pytest.mark.parametrize("size", ["0", "-1", "x", "1.5"])
@pytest.mark.parametrize(
    "operation", ["list_health_checks", "list_hosted_zones", "list_traffic_policies"]
)
def test_is_a_page_size_that_is_none_refused(unchecked: Any, operation: str, size: str) -> None:
    status, code, message = refusal(getattr(unchecked, operation), MaxItems=size)
    assert (status, code) == (400, "InvalidInput")
    assert size in message


@pytest.mark.parametrize("body", ["", "not xml", XML + END, XML + "<ChangeBatch/>" + END])
def test_a_request_that_is_no_request_is_a_400(cloud: Cloud, body: str) -> None:
    status, answer = cloud.http(
        "POST", "/2013-04-01/hostedzone/Z1/rrset/", body.encode(),
        **{"Authorization": SIGNED, "Content-Type": "application/xml"},
    )  # fmt: skip
    assert status == 400
    assert b"<Code>InvalidInput</Code>" in answer


@pytest.mark.parametrize(
    ("operation", "params"),
    [
        ("enable_hosted_zone_dnssec", {"HostedZoneId": "Z1"}),
        ("get_account_limit", {"Type": "MAX_HEALTH_CHECKS_BY_OWNER"}),
        ("list_vpc_association_authorizations", {"HostedZoneId": "Z1"}),
    ],
)
def test_is_what_the_lab_lacks_refused_in_words_that_a_client_shows(
    unchecked: Any, operation: str, params: dict[str, str]
) -> None:
    status, code, message = refusal(getattr(unchecked, operation), **params)
    assert (status, code) == (501, "NotImplemented")
    assert message.startswith("the lab's route53 lacks")


def test_a_page_of_zones_begins_where_a_zone_that_is_gone_was(cloud: Cloud) -> None:
    client = cloud.client("route53")
    for name in "abc":
        client.create_hosted_zone(Name=f"{name}.test", CallerReference=name)
    first = client.list_hosted_zones(MaxItems="1")
    client.delete_hosted_zone(Id=first["NextMarker"])
    left = client.list_hosted_zones(Marker=first["NextMarker"])["HostedZones"]
    assert first["HostedZones"][0] not in left
    assert len(left) == client.get_hosted_zone_count()["HostedZoneCount"] - 1


def test_a_page_of_checks_begins_where_a_check_that_is_gone_was(cloud: Cloud) -> None:
    client = cloud.client("route53")
    for n in range(3):
        client.create_health_check(CallerReference=f"page-{n}", HealthCheckConfig=CHECK)
    first = client.list_health_checks(MaxItems="1")
    client.delete_health_check(HealthCheckId=first["NextMarker"])
    left = client.list_health_checks(Marker=first["NextMarker"])["HealthChecks"]
    assert first["HealthChecks"][0] not in left
    assert len(left) == client.get_health_check_count()["HealthCheckCount"] - 1


def test_a_zone_is_not_made_twice_of_one_reference(cloud: Cloud) -> None:
    client = cloud.client("route53")
    client.create_hosted_zone(Name="once.test", CallerReference="once")
    again = refusal(client.create_hosted_zone, Name="once.test", CallerReference="once")
    assert again[:2] == (409, "HostedZoneAlreadyExists")


@pytest.mark.parametrize("name", ["a..test", "a b.test", "x" * 64 + ".test", "."])
def test_a_zone_needs_a_domain_name(cloud: Cloud, name: str) -> None:
    client = cloud.client("route53")
    assert refusal(client.create_hosted_zone, Name=name, CallerReference=name)[:2] == (
        400,
        "InvalidDomainName",
    )


def test_is_a_zone_with_a_vpc_never_served(cloud: Cloud) -> None:
    client = cloud.client("route53")
    zone = {"Name": "in.test", "CallerReference": "in",
            "VPC": {"VPCRegion": "us-east-1", "VPCId": "vpc-1"}}  # fmt: skip
    status, code, message = refusal(client.create_hosted_zone, **zone)
    assert (status, code) == (400, "InvalidInput")
    assert "set HostedZoneConfig.PrivateZone" in message
    client.create_hosted_zone(**zone, HostedZoneConfig={"PrivateZone": True})
    assert "in.test." not in [z["name"] for z in cloud.bodies["dns"]["zones"]]


@pytest.mark.parametrize(
    ("kind", "code"), [("hostedzone", "NoSuchHostedZone"), ("healthcheck", "NoSuchHealthCheck")]
)
def test_what_does_not_exist_has_no_tags(cloud: Cloud, kind: str, code: str) -> None:
    client = cloud.client("route53")
    of = {"ResourceType": kind, "ResourceId": "nobody"}
    assert refusal(client.list_tags_for_resource, **of)[:2] == (404, code)
    tags = [{"Key": "a", "Value": "b"}]
    assert refusal(client.change_tags_for_resource, **of, AddTags=tags)[:2] == (404, code)
