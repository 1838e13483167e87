"""Does an account, asked read-only, give what its exports would?"""

from __future__ import annotations

import pytest
from moto import mock_aws
from route53_exports import REGIONS, check, record

from gameday.commands.routing_source import from_account
from gameday.errors import AwsError, UsageError


@pytest.fixture(autouse=True)
def nobodys_account(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("AWS_ENDPOINT_URL", "AWS_PROFILE"):
        monkeypatch.delenv(name, raising=False)
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "testing")


@mock_aws
def test_are_all_pages_of_an_account_read() -> None:
    import boto3

    route53 = boto3.client("route53", region_name="us-east-1")
    zone = route53.create_hosted_zone(Name="example.test.", CallerReference="z")["HostedZone"]["Id"]
    for region in REGIONS:
        made = route53.create_health_check(
            CallerReference=region, HealthCheckConfig=check(region)["HealthCheckConfig"]
        )["HealthCheck"]["Id"]
        for n in range(60):
            item = record(region, f"n{n}.example.test.", HealthCheckId=made)
            route53.change_resource_record_sets(
                HostedZoneId=zone,
                ChangeBatch={"Changes": [{"Action": "CREATE", "ResourceRecordSet": item}]},
            )
    found = from_account(None)
    assert len(found.checks) == 2
    assert sum(r.policy == "latency" for r in found.record_sets()) == 120


@mock_aws
def test_is_an_account_without_zones_said() -> None:
    with pytest.raises(UsageError, match="no public hosted zone"):
        from_account(None)


def test_is_an_unknown_profile_one_clear_line() -> None:
    with pytest.raises(AwsError, match="reading Route 53: The config profile"):
        from_account("nobody-has-this-profile")
