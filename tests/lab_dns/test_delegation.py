"""Against AWS the zone's own name servers are asked; here the lab's stands for them."""

from __future__ import annotations

from typing import Any

import boto3
import dns.resolver
import moto
import pytest

from gameday import settings
from gameday.name_servers import Lookups

NAME = "api.example.test"
NETWORKS = {"198.51.100.0/24": "127.0.1.1", "203.0.113.0/24": "127.0.2.1"}


@pytest.fixture
def hosted_zone(monkeypatch: pytest.MonkeyPatch) -> tuple[list[str], list[dict[str, Any]]]:
    """The delegation set of a new zone as GetHostedZone says, and the zone's records."""
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "testing")
    with moto.mock_aws():
        api = boto3.client("route53", "us-east-1")
        zone = api.create_hosted_zone(Name="example.test", CallerReference="1")["HostedZone"]["Id"]
        records = [
            {"Name": f"{NAME}.", "Type": "A", "TTL": 60, "SetIdentifier": region, "Region": region,
             "ResourceRecords": [{"Value": address}]}
            for region, address in zip(("us-east-1", "eu-west-1"), NETWORKS.values(), strict=True)
        ]  # fmt: skip
        changes = [{"Action": "CREATE", "ResourceRecordSet": r} for r in records]
        api.change_resource_record_sets(HostedZoneId=zone, ChangeBatch={"Changes": changes})
        servers = api.get_hosted_zone(Id=zone)["DelegationSet"]["NameServers"]
        listed = api.list_resource_record_sets(HostedZoneId=zone)["ResourceRecordSets"]
        return servers, [r for r in listed if r["Type"] != "SOA"]  # moto's has braces in it


def test_is_each_network_answered_by_the_servers_that_get_hosted_zone_names(
    server: Any, hosted_zone: tuple[list[str], list[dict[str, Any]]]
) -> None:
    servers, records = hosted_zone
    delegated = next(r for r in records if r["Type"] == "NS")
    assert {r["Value"].rstrip(".") for r in delegated["ResourceRecords"]} == set(servers)
    here: dict[str, Any] = {"Type": "A", "TTL": 60, "ResourceRecords": [{"Value": "127.0.0.1"}]}
    parents = [
        {"id": f"Z{n}", "name": f"{name}.", "record_sets": [{"Name": f"{name}.", **here}]}
        for n, name in enumerate(servers)
    ]
    zone = {"id": "Z", "name": "example.test.", "record_sets": records}
    server.tell("snapshot", version=1, body={"zones": [zone, *parents]})
    recursive = dns.resolver.Resolver(configure=False)
    recursive.nameservers, recursive.port = ["127.0.0.1"], server.port
    target = settings.current(
        {"GAMEDAY_ENDPOINT": NAME, "GAMEDAY_ADDRESS_MAP": f"127.0.0.1:53=127.0.0.1:{server.port}"}
    )
    lookups = Lookups(target, recursive)
    for cidr, address in NETWORKS.items():
        answer = lookups.near(cidr)(NAME)
        assert (answer.addresses, answer.ttl_s) == ((address,), 6.0)
