"""`gameday dns answer` from exports: the answer, the path to it, and what is said of mistakes."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from gameday.commands.dns import dns
from gameday.errors import UsageError

RECORDS = [
    {"Name": "example.org.", "Type": "SOA", "TTL": 900,
     "ResourceRecords": [{"Value": "ns. host. 1 7200 900 1209600 86400"}]},
] + [
    {"Name": "www.example.org.", "Type": "A", "SetIdentifier": region, "Region": region,
     "HealthCheckId": check,
     "AliasTarget": {"HostedZoneId": "ZLB", "EvaluateTargetHealth": True,
                     "DNSName": f"lb.{region}.elb.amazonaws.com."}}
    for region, check in (("us-east-1", "all-us"), ("eu-west-1", "eu"))
]  # fmt: skip
CHECKS = [
    {"Id": i, "HealthCheckConfig": {"Type": "TCP", "Port": 1, "IPAddress": "192.0.2.1"}}
    for i in ("us-a", "us-b", "eu")
] + [
    {"Id": "all-us", "HealthCheckConfig": {"Type": "CALCULATED", "HealthThreshold": 2,
                                           "ChildHealthChecks": ["us-a", "us-b"]}},
]  # fmt: skip
US, EU = "lb.us-east-1.elb.amazonaws.com.", "lb.eu-west-1.elb.amazonaws.com."


@pytest.fixture
def files(tmp_path: Path) -> list[str]:
    zone, checks = tmp_path / "zone.json", tmp_path / "checks.json"
    zone.write_text(json.dumps({"ResourceRecordSets": RECORDS}))
    checks.write_text(json.dumps({"HealthChecks": CHECKS}))
    return ["--zone", str(zone), "--health-checks", str(checks)]


def ask(*arguments: str) -> Result:
    return CliRunner().invoke(dns, ["answer", *arguments], catch_exceptions=True)


def answered(*arguments: str) -> Any:
    result = ask(*arguments, "--json")
    assert result.exit_code == 0, result.output
    return json.loads(result.stdout)["records"][0]["values"][0]


def test_who_is_answered_what(files: list[str]) -> None:
    assert answered("www.example.org", *files, "--from", "near-us-east-1") == US
    assert answered("www.example.org", *files, "--from", "near-eu-west-1") == EU


def test_does_a_red_child_turn_a_calculated_check_red(files: list[str]) -> None:
    near_us = ("www.example.org", *files, "--from", "near-us-east-1")
    assert answered(*near_us, "--unhealthy", "us-b") == EU
    assert answered(*near_us, "--unhealthy", "all-us") == EU
    assert answered(*near_us, "--unhealthy", "us-b,eu") == US  # all are red: as if none were


def test_does_the_text_say_why_a_record_was_passed_over(files: list[str]) -> None:
    shown = ask("www.example.org", *files, "--from", "near-us-east-1", "--unhealthy", "us-b").stdout
    assert "passed  www.example.org. A [us-east-1]  UNHEALTHY: health check all-us" in shown
    assert "chosen  www.example.org. A [eu-west-1]  healthy: 90 ms to eu-west-1" in shown


@pytest.mark.parametrize(
    ("arguments", "what"),
    [
        (["--unhealthy", "us-c"], "no record set uses health check us-c"),
        (["--from", "the-moon"], "known networks are near-eu-west-1, near-us-east-1"),
    ],
)
def test_is_a_mistake_one_line(files: list[str], arguments: list[str], what: str) -> None:
    error = ask("www.example.org", *files, *arguments).exception
    assert isinstance(error, UsageError)
    assert what in str(error)
    assert "\n" not in str(error)


def test_is_a_name_that_is_not_there_said_to_be_so(files: list[str]) -> None:
    assert ask("no.example.org", *files).stdout.startswith("NXDOMAIN")
    assert ask("www.example.com", *files).stdout.startswith("REFUSED")
