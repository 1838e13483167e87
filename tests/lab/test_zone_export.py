"""An exported zone: what is read from the two files, and what is said of bad ones."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from gameday.errors import UsageError
from gameday.lab.zone_export import read_zone, warnings

CHECK = "11111111-2222-3333-4444-555555555555"
SOA = {
    "Name": "example.org.", "Type": "SOA", "TTL": 900,
    "ResourceRecords": [{"Value": "ns.example.org. host.example.org. 1 7200 900 1209600 86400"}],
}  # fmt: skip
CHECKS = [
    {
        "Id": CHECK,
        "HealthCheckConfig": {"Type": "HTTPS", "FullyQualifiedDomainName": "us.example.org"},
    }
]


def alias(name: str, zone: str, target: str, **members: Any) -> dict[str, Any]:
    where = {"HostedZoneId": zone, "DNSName": target, "EvaluateTargetHealth": True}
    return {"Name": name, "Type": "A", "AliasTarget": where} | members


RECORDS = [
    SOA,
    alias("www.example.org.", "ZLB", "lb.us-west-2.elb.amazonaws.com.", SetIdentifier="us",
          Region="us-east-1", HealthCheckId=CHECK),
    alias("app.example.org.", "/hostedzone/ZOWN", "www.example.org."),
    alias("cdn.example.org.", "ZCDN", "d111.cloudfront.net."),
]  # fmt: skip


def written(folder: Path, records: Any = None, checks: Any = None, **more: Any) -> tuple[Path, ...]:
    zone, health = folder / "zone.json", folder / "checks.json"
    zone.write_text(json.dumps({"ResourceRecordSets": RECORDS if records is None else records}
                               | more))  # fmt: skip
    health.write_text(json.dumps({"HealthChecks": CHECKS if checks is None else checks}))
    return zone, health


def test_what_does_an_export_say_of_itself(tmp_path: Path) -> None:
    export = read_zone(*written(tmp_path))
    assert (export.id, export.name) == ("ZOWN", "example.org.")
    assert export.regions == ("us-east-1", "us-west-2")
    assert [c["Id"] for c in export.health_checks] == [CHECK]


def test_has_a_zone_without_regions_the_default_one_and_an_id(tmp_path: Path) -> None:
    zone, _ = written(tmp_path, [SOA])
    export = read_zone(zone)
    assert export.regions == ("us-east-1",)
    assert export.id


def test_is_a_record_of_a_traffic_policy_left_out_and_named(tmp_path: Path) -> None:
    policy = {"Name": "tp.example.org.", "Type": "A", "TrafficPolicyInstanceId": "i1"}
    export = read_zone(written(tmp_path, [SOA, policy])[0])
    assert [r["Type"] for r in export.record_sets] == ["SOA"]
    assert "tp.example.org. is answered by a traffic policy" in warnings(export, {})[0]


def test_is_what_cannot_be_answered_named_with_its_record(tmp_path: Path) -> None:
    mail = {"Name": "example.org.", "Type": "MX", "TTL": 60, "ResourceRecords": [{"Value": "ten"}]}
    target = {"HostedZoneId": "ZOWN", "DNSName": "gone.example.org", "EvaluateTargetHealth": False}
    alias = {"Name": "www.example.org.", "Type": "A", "AliasTarget": target}
    said = warnings(read_zone(written(tmp_path, [SOA, mail, alias])[0]), {})
    assert len(said) == 2
    assert said[0].startswith("example.org. MX: Route 53 holds no such value: ")
    assert said[1].startswith("www.example.org. A: nothing to answer: gone.example.org. A is not")


def test_which_alias_targets_need_a_stand_in(tmp_path: Path) -> None:
    export = read_zone(*written(tmp_path))
    said = warnings(export, {r: {"address": "127.0.1.1"} for r in export.regions})
    assert len(said) == 1
    assert "PUT /resources/d111.cloudfront.net." in said[0]


@pytest.mark.parametrize(
    ("records", "more", "what"),
    [
        ([], {}, "no record sets of one zone"),
        ([r for r in RECORDS if r is not SOA][:1], {}, "no SOA record"),
        ([SOA, alias("a" * 64 + ".example.org.", "Z", "x.")], {}, "DomainLabelTooLong"),
        ([SOA | {"Name": None}, {"Type": "A"}], {}, "zone.json"),
        (RECORDS, {"IsTruncated": True}, "cut short"),
        ([SOA, {"Name": "a.example.com.", "Type": "A", "TTL": 1,
                "ResourceRecords": [{"Value": "192.0.2.1"}]}], {},
         "a.example.com. A: not in zone example.org."),
        ([SOA, alias("www.example.org.", "Z", "x.", HealthCheckId="gone")], {}, "check gone"),
        ("all of them", {}, "ResourceRecordSets"),
    ],
)  # fmt: skip
def test_what_is_wrong_with_a_zone(tmp_path: Path, records: Any, more: Any, what: str) -> None:
    zone, checks = written(tmp_path, records, **more)
    with pytest.raises(UsageError, match=what) as error:
        read_zone(zone, checks)
    assert str(zone) in str(error.value)
    assert "\n" not in str(error.value)


def test_is_a_malformed_health_check_named_with_its_file(tmp_path: Path) -> None:
    zone, checks = written(tmp_path, checks=[{"Id": CHECK, "HealthCheckConfig": {"Type": "PING"}}])
    with pytest.raises(UsageError, match=f"checks.json: health check {CHECK}: unknown Type PING"):
        read_zone(zone, checks)


@pytest.mark.parametrize("content", [b"{", b"\xff\xff", b"[]"])
def test_is_a_file_that_is_no_export_named(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "zone.json"
    path.write_bytes(content)
    with pytest.raises(UsageError, match=r"zone\.json"):
        read_zone(path)
