"""CIDR collections over boto3, and what the name server is told of them."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from typing import Any

import pytest
from botocore.exceptions import ClientError
from cloud_process import Cloud


@pytest.fixture
def client(cloud: Cloud) -> Iterator[Any]:
    """Afterwards no collection is left: an account has five at most."""
    route53 = cloud.client("route53")
    yield route53
    for zone in route53.list_hosted_zones()["HostedZones"]:
        records = route53.list_resource_record_sets(HostedZoneId=zone["Id"])["ResourceRecordSets"]
        gone = [r for r in records if "CidrRoutingConfig" in r]
        if gone:
            change(route53, zone["Id"], "DELETE", *gone)
    for known in route53.list_cidr_collections()["CidrCollections"]:
        for row in route53.list_cidr_locations(CollectionId=known["Id"])["CidrLocations"]:
            blocks = route53.list_cidr_blocks(
                CollectionId=known["Id"], LocationName=row["LocationName"]
            )["CidrBlocks"]
            cidrs = [b["CidrBlock"] for b in blocks]
            put(route53, known["Id"], row["LocationName"], *cidrs, action="DELETE_IF_EXISTS")
        route53.delete_cidr_collection(Id=known["Id"])


def create(client: Any, name: str = "isps") -> dict[str, Any]:
    made = client.create_cidr_collection(Name=name, CallerReference=uuid.uuid4().hex)
    found: dict[str, Any] = made["Collection"]
    return found


def put(client: Any, collection: str, name: str, *cidrs: str, action: str = "PUT", **more: Any):
    one = {"LocationName": name, "Action": action, "CidrList": list(cidrs)}
    return client.change_cidr_collection(Id=collection, Changes=[one], **more)


def change(client: Any, zone: str, action: str, *records: dict[str, Any]) -> None:
    changes = [{"Action": action, "ResourceRecordSet": r} for r in records]
    client.change_resource_record_sets(HostedZoneId=zone, ChangeBatch={"Changes": changes})


def routed(collection: str, location: str, value: str) -> dict[str, Any]:
    return {
        "Name": "ip.cidr.test", "Type": "A", "TTL": 60, "SetIdentifier": location,
        "CidrRoutingConfig": {"CollectionId": collection, "LocationName": location},
        "ResourceRecords": [{"Value": value}],
    }  # fmt: skip


def refused(code: str) -> Any:
    return pytest.raises(ClientError, match=code)


def test_is_what_was_put_listed_and_told(client: Any, cloud: Cloud) -> None:
    made = create(client)
    assert made["Version"] == 1
    put(client, made["Id"], "fast", "192.0.2.0/24", "2001:db8::/48", CollectionVersion=1)
    put(client, made["Id"], "slow", "198.51.100.0/24")
    blocks = client.list_cidr_blocks(CollectionId=made["Id"])["CidrBlocks"]
    assert [(b["LocationName"], b["CidrBlock"]) for b in blocks] == [
        ("fast", "192.0.2.0/24"), ("fast", "2001:db8::/48"), ("slow", "198.51.100.0/24"),
    ]  # fmt: skip
    assert client.list_cidr_collections()["CidrCollections"][0]["Version"] == 3
    assert cloud.bodies["dns"]["cidr_collections"] == [
        {
            "id": made["Id"],
            "locations": {"fast": ["192.0.2.0/24", "2001:db8::/48"], "slow": ["198.51.100.0/24"]},
        }
    ]


def test_are_lists_cut_into_pages(client: Any) -> None:
    made = create(client)
    put(client, made["Id"], "one", *(f"10.{n}.0.0/16" for n in range(7)))
    pages = client.get_paginator("list_cidr_blocks").paginate(
        CollectionId=made["Id"], PaginationConfig={"PageSize": 3}
    )
    assert [len(page["CidrBlocks"]) for page in pages] == [3, 3, 1]


def test_does_a_record_choose_by_the_clients_address(client: Any, cloud: Cloud) -> None:
    made = create(client)
    put(client, made["Id"], "fast", "192.0.2.0/24")
    zone = client.create_hosted_zone(Name="cidr.test", CallerReference=uuid.uuid4().hex)
    zone_id = zone["HostedZone"]["Id"]
    records = [routed(made["Id"], "fast", "192.0.2.1"), routed(made["Id"], "*", "192.0.2.2")]
    change(client, zone_id, "CREATE", *records)

    def seen_from(address: str) -> list[str]:
        found: list[str] = client.test_dns_answer(
            HostedZoneId=zone_id, RecordName="ip.cidr.test", RecordType="A",
            EDNS0ClientSubnetIP=address,
        )["RecordData"]  # fmt: skip
        return found

    assert seen_from("192.0.2.77") == ["192.0.2.1"]
    assert seen_from("203.0.113.77") == ["192.0.2.2"]
    with refused("CidrCollectionInUseException"):
        client.delete_cidr_collection(Id=made["Id"])


@pytest.mark.parametrize("cidr", ["10.0.0.0/25", "0.0.0.0/0", "2001:db8::/49", "10.0.0.1/8", "x"])
def test_is_a_block_refused_that_route_53_refuses(client: Any, cidr: str) -> None:
    made = create(client)
    with refused("InvalidInput"):
        put(client, made["Id"], "one", cidr)


def test_what_else_is_refused(client: Any) -> None:
    made = create(client)
    with refused("CidrCollectionAlreadyExistsException"):
        create(client)
    with refused("CidrCollectionVersionMismatchException"):
        put(client, made["Id"], "one", "10.0.0.0/8", CollectionVersion=9)
    put(client, made["Id"], "one", "10.0.0.0/8")
    with refused("CidrBlockInUseException"):
        put(client, made["Id"], "two", "10.0.0.0/8")
    with refused("CidrCollectionInUseException"):
        client.delete_cidr_collection(Id=made["Id"])
    with refused("NoSuchCidrLocationException"):
        client.list_cidr_blocks(CollectionId=made["Id"], LocationName="no")
    with refused("NoSuchCidrCollectionException"):
        client.list_cidr_locations(CollectionId=str(uuid.uuid4()))


def test_does_a_record_need_a_collection_that_exists(client: Any) -> None:
    zone = client.create_hosted_zone(Name="other.test", CallerReference=uuid.uuid4().hex)
    record = routed(str(uuid.uuid4()), "*", "192.0.2.1") | {"Name": "ip.other.test"}
    with refused("InvalidInput"):
        change(client, zone["HostedZone"]["Id"], "CREATE", record)
