"""Record sets, health checks, code archives and scopes as values: no process, no socket."""

from __future__ import annotations

import contextlib
import io
import zipfile
from pathlib import Path
from typing import Any

import pytest

from gameday.lab.cloud import record_sets
from gameday.lab.cloud.code import BadArchive, unpack
from gameday.lab.cloud.global_tables import replica_definition
from gameday.lab.cloud.health_checks import HealthChecks
from gameday.lab.cloud.http import Request
from gameday.lab.cloud.metrics import Series, minute_of_report, spread
from gameday.lab.cloud.scope import Scope, is_read, scope_of
from gameday.lab.cloud.wire import Fault

# -- record sets ---------------------------------------------------------------------------------


def change(action: str, name: str, kind: str = "A", **more: Any) -> dict[str, Any]:
    return {"Action": action, "ResourceRecordSet": {"Name": name, "Type": kind} | more}


def test_record_sets_are_listed_by_reversed_labels() -> None:
    names = ["b.example.test", "Example.test", "a.b.example.test", "z.a.example.test"]
    listed = record_sets.applied([], [change("CREATE", n) for n in names])
    assert [r["Name"] for r in listed] == [
        "example.test.",
        "z.a.example.test.",
        "b.example.test.",
        "a.b.example.test.",
    ]


def test_deleting_one_identifier_leaves_the_others() -> None:
    made = [change("CREATE", "a.test", SetIdentifier=i, Weight=1) for i in ("one", "two")]
    listed = record_sets.applied([], made)
    left = record_sets.applied(listed, [change("DELETE", "A.test.", SetIdentifier="one")])
    assert [r["SetIdentifier"] for r in left] == ["two"]


def test_upsert_replaces_by_name_type_and_identifier() -> None:
    listed = record_sets.applied([], [change("UPSERT", "a.test", TTL=60)])
    assert record_sets.applied(listed, [change("UPSERT", "a.test", TTL=30)])[0]["TTL"] == 30


def test_pages_follow_each_other() -> None:
    made = [change("CREATE", f"n{i}.test") for i in range(5)]
    listed = record_sets.applied([], made)
    first, following = record_sets.page(listed, (None, None, None), 2)
    assert following is not None
    assert [r["Name"] for r in first] == ["n0.test.", "n1.test."]
    second, _ = record_sets.page(listed, (following["Name"], following["Type"], None), 9)
    assert [r["Name"] for r in second] == ["n2.test.", "n3.test.", "n4.test."]


@pytest.mark.parametrize(
    ("ttl", "speed", "fits"),
    [(60, 10, True), (60, 1, True), (10, 10, True), (5, 10, False), (45, 10, False), (0, 10, True),
     (30, 4, False), (3, 1.5, True)],
)  # fmt: skip
def test_a_ttl_must_divide_by_the_speed(ttl: int, speed: float, fits: bool) -> None:
    messages = record_sets.indivisible_ttl([change("CREATE", "a.test", TTL=ttl)], speed)
    assert (messages == []) is fits


# -- health checks -------------------------------------------------------------------------------

CONFIG = {"Type": "HTTPS", "FullyQualifiedDomainName": "a.test", "RequestInterval": 10}


def test_a5_defaults_are_those_of_the_type() -> None:
    config = HealthChecks().create("r", CONFIG)["HealthCheckConfig"]
    assert (config["Port"], config["EnableSNI"], config["FailureThreshold"]) == (443, True, 3)


def test_a8_the_same_reference_and_settings_give_the_existing_check() -> None:
    checks = HealthChecks()
    assert checks.create("r", CONFIG)["Id"] == checks.create("r", CONFIG)["Id"]
    assert len(checks.all()) == 1


def test_a8_the_same_reference_with_other_settings_is_refused() -> None:
    checks = HealthChecks()
    checks.create("r", CONFIG)
    with pytest.raises(Fault) as refused:
        checks.create("r", CONFIG | {"FailureThreshold": 1})
    assert refused.value.code == "HealthCheckAlreadyExists"


def test_a8_the_reference_of_a_deleted_check_stays_used() -> None:
    checks = HealthChecks()
    checks.delete(checks.create("r", CONFIG)["Id"])
    with pytest.raises(Fault) as refused:
        checks.create("r", CONFIG)
    assert refused.value.code == "HealthCheckAlreadyExists"


def test_a6_the_version_grows_and_a_stale_one_is_refused() -> None:
    checks = HealthChecks()
    check = checks.create("r", CONFIG)
    updated = checks.update(check["Id"], {"Inverted": True, "HealthCheckVersion": 1})
    assert (updated["HealthCheckVersion"], updated["HealthCheckConfig"]["Inverted"]) == (2, True)
    with pytest.raises(Fault) as refused:
        checks.update(check["Id"], {"Inverted": False, "HealthCheckVersion": 1})
    assert refused.value.code == "HealthCheckVersionMismatch"


def test_a7_elements_are_reset() -> None:
    checks = HealthChecks()
    check = checks.create("r", CONFIG | {"ResourcePath": "/deep"})
    updated = checks.update(check["Id"], {"ResetElements": ["ResourcePath"]})
    assert "ResourcePath" not in updated["HealthCheckConfig"]


def test_an_empty_text_resets_what_it_updates() -> None:
    checks = HealthChecks()
    check = checks.create("r", CONFIG | {"ResourcePath": "/deep"})
    updated = checks.update(check["Id"], {"ResourcePath": ""})
    assert "ResourcePath" not in updated["HealthCheckConfig"]


@pytest.mark.parametrize(
    "config",
    [
        CONFIG | {"RequestInterval": 20},
        CONFIG | {"FailureThreshold": 11},
        {"Type": "HTTP"},
        {"Type": "TCP", "IPAddress": "192.0.2.1"},
        {"Type": "HTTP_STR_MATCH", "FullyQualifiedDomainName": "a.test"},
        {"Type": "CALCULATED", "ChildHealthChecks": ["nobody"], "HealthThreshold": 1},
        {"Type": "CLOUDWATCH_METRIC"},
        CONFIG | {"Regions": ["us-east-1"]},
        CONFIG | {"HealthThreshold": 1},
        CONFIG | {"AlarmIdentifier": {"Region": "us-east-1", "Name": "a"}},
        {"Type": "RECOVERY_CONTROL", "RoutingControlArn": "arn:x", "RequestInterval": 10},
        {"Type": "CALCULATED", "HealthThreshold": 0, "IPAddress": "192.0.2.1"},
        CONFIG | {"Type": "FOO"},
        {"Type": "CALCULATED", "HealthThreshold": 257},
        {"Type": "CLOUDWATCH_METRIC", "AlarmIdentifier": {"Region": "us-east-1"}},
    ],
)
def test_a3_a_configuration_that_aws_refuses(config: dict[str, Any]) -> None:
    with pytest.raises(Fault) as refused:
        HealthChecks().create("r", config)
    assert refused.value.code == "InvalidInput"


@pytest.mark.parametrize(
    ("address", "taken"),
    [("127.0.0.1", True), ("10.1.2.3", True), ("::1", True), ("192.0.2.1", True),
     ("224.0.0.1", False), ("169.254.1.1", False), ("0.0.0.0", False), ("no address", False)],
)  # fmt: skip
def test_a10_which_addresses_are_taken_with_the_override(address: str, taken: bool) -> None:
    checks = HealthChecks(private_targets=True)
    with contextlib.nullcontext() if taken else pytest.raises(Fault, match="on the internet"):
        checks.create("r", CONFIG | {"IPAddress": address})


# -- code ----------------------------------------------------------------------------------------


def zipped(**files: str) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name, text in files.items():
            archive.writestr(name, text)
    return buffer.getvalue()


def test_code_is_unpacked_once_under_its_hash(tmp_path: Path) -> None:
    archive = zipped(**{"pkg/m.py": "x = 1"})
    folder = unpack(archive, tmp_path)
    stamp = (folder / "pkg/m.py").stat().st_mtime_ns
    assert unpack(archive, tmp_path) == folder
    assert (folder / "pkg/m.py").read_text() == "x = 1"
    assert (folder / "pkg/m.py").stat().st_mtime_ns == stamp


@pytest.mark.parametrize("name", ["../evil.py", "/etc/evil.py", "a/../../evil.py", "..\\evil.py"])
def test_a_path_that_leaves_its_folder_is_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(BadArchive, match="leaves its folder"):
        unpack(zipped(**{name: "x"}), tmp_path / "code")
    assert [p.name for p in tmp_path.rglob("*")] == ["code"]


def test_a_link_is_refused(tmp_path: Path) -> None:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        link = zipfile.ZipInfo("link")
        link.external_attr = 0o120777 << 16
        archive.writestr(link, "/etc/passwd")
    with pytest.raises(BadArchive, match="link"):
        unpack(buffer.getvalue(), tmp_path)


def test_what_is_no_zip_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BadArchive, match="unzip"):
        unpack(b"not a zip", tmp_path)


# -- scopes --------------------------------------------------------------------------------------

AUTH = (
    b"AWS4-HMAC-SHA256 Credential=AK/20261123/eu-west-1/monitoring/aws4_request, "
    b"SignedHeaders=host, Signature=00"
)


def request(
    method: str = "POST", target: str = "/", body: bytes = b"", **headers: bytes
) -> Request:
    named = tuple((k.replace("_", "-").encode(), v) for k, v in headers.items())
    return Request(method, target, named, body)


@pytest.mark.parametrize(
    ("asked", "scope"),
    [
        (request(authorization=AUTH), Scope("monitoring", "eu-west-1")),
        (
            request("GET", "/b/k?X-Amz-Credential=AK%2F20261123%2Feu-west-1%2Fs3%2Faws4_request"),
            Scope("s3", "eu-west-1"),
        ),
        (request(x_amz_target=b"DynamoDBStreams_20120810.GetRecords"), Scope("dynamodb", "home")),
        (request(target="/2015-03-31/functions/f/invocations"), Scope("lambda", "home")),
        (request("GET", "/bucket/key"), Scope("s3", "home")),
    ],
)
def test_scope(asked: Request, scope: Scope) -> None:
    assert scope_of(asked, "home") == scope


FORM = {"content_type": b"application/x-www-form-urlencoded; charset=utf-8"}


@pytest.mark.parametrize(
    ("asked", "read"),
    [
        (request("GET", "/restapis"), True),
        (request("PUT", "/restapis"), False),
        (request(body=b"Action=DescribeStacks&Version=1", **FORM), True),
        (request(body=b"Version=1&Action=PutMetricAlarm", **FORM), False),
        (request(x_amz_target=b"GraniteServiceVersion20100801.DescribeAlarms"), True),
        (request(target="/service/X/operation/PutMetricAlarm"), False),
    ],
)
def test_reads_are_told_from_changes(asked: Request, read: bool) -> None:
    assert is_read(asked) is read


# -- the rest ------------------------------------------------------------------------------------


def test_a_statistic_set_keeps_sum_count_and_extremes() -> None:
    samples = spread(1.0, 9.0, 40.0, 8.0)
    assert min(samples) == 1.0
    assert max(samples) == 9.0
    assert sum(samples.values()) == 8.0
    assert sum(v * n for v, n in samples.items()) == 40.0


def test_a_window_merges_minutes() -> None:
    series, key = Series(), ("r", "n", "m", frozenset({("a", "b")}))
    for minute in (1, 2, 3):
        series.add(key, minute, {1.0: 1.0, float(minute): 2.0})
    assert series.window(key, 3, 2) == {1.0: 2.0, 2.0: 2.0, 3.0: 2.0}


def test_a_replica_has_the_indexes_and_a_stream_of_both_images() -> None:
    keys = [{"AttributeName": "id", "KeyType": "HASH"}]
    index = {"IndexName": "i", "KeySchema": keys, "Projection": {"ProjectionType": "ALL"}}
    made = replica_definition(
        {
            "TableName": "t",
            "KeySchema": keys,
            "AttributeDefinitions": [{"AttributeName": "id", "AttributeType": "S"}],
            "BillingModeSummary": {"BillingMode": "PAY_PER_REQUEST"},
            "GlobalSecondaryIndexes": [index | {"IndexStatus": "ACTIVE", "ItemCount": 3}],
            "ItemCount": 3,
        }
    )
    assert made["GlobalSecondaryIndexes"] == [index]
    assert made["StreamSpecification"]["StreamViewType"] == "NEW_AND_OLD_IMAGES"
    assert "ProvisionedThroughput" not in made


@pytest.mark.parametrize(
    ("aws_s", "last", "minute"),
    [
        (605.0, None, 9),  # just after the tenth minute began: the ninth is reported
        (655.0, None, 10),
        (629.0, 8, 9),
        (631.0, 8, 9),  # the phase has drifted over the middle: no minute is skipped
        (629.0, 9, 10),  # and the other way round: none is counted twice
        (720.0, 8, 11),  # a report was lost
        (605.0, 40, 9),  # the clock was set back
    ],
)
def test_a_report_counts_for_the_minute_its_middle_lies_in(
    aws_s: float, last: int | None, minute: int
) -> None:
    assert minute_of_report(aws_s, last) == minute
