"""A lab that serves an exported zone, without any template."""

from __future__ import annotations

import json
import os
import signal
from pathlib import Path
from typing import Any

import pytest

from gameday import clock, resolver
from gameday.lab import handle

pytestmark = pytest.mark.scenario

CHECK = "11111111-2222-3333-4444-555555555555"
NAME = "www.example.org"


def zone_files(folder: Path) -> list[str]:
    records: list[dict[str, Any]] = [
        {"Name": "example.org.", "Type": "SOA", "TTL": 900, "ResourceRecords": [
            {"Value": "ns.example.org. host.example.org. 1 7200 900 1209600 86400"}]},
    ] + [
        {"Name": f"{NAME}.", "Type": "A", "SetIdentifier": region, "Region": region,
         "HealthCheckId": CHECK if region == "us-east-1" else None,
         "AliasTarget": {"HostedZoneId": "ZLB", "EvaluateTargetHealth": True,
                         "DNSName": f"lb.{region}.elb.amazonaws.com."}}
        for region in ("us-east-1", "eu-west-1")
    ]  # fmt: skip
    config = {"Type": "HTTPS", "FullyQualifiedDomainName": "us.example.org"}
    (folder / "zone.json").write_text(json.dumps({"ResourceRecordSets": records}))
    checks = {"HealthChecks": [{"Id": CHECK, "CallerReference": "a", "HealthCheckConfig": config}]}
    (folder / "checks.json").write_text(json.dumps(checks))
    return ["--zone", "zone.json", "--health-checks", "checks.json"]


def answer_becomes(env: dict[str, str], address: str) -> str:
    """`address` once the lab answers it; else what it said last."""
    host, _, port = env["GAMEDAY_DNS"].rpartition(":")
    said = ["nothing"]

    def asked() -> bool:
        try:  # nobody answers while the server is started again
            found = resolver.query((host, int(port)), NAME, "198.51.100.0/24")
            said.append(" ".join(found.addresses) or found.rcode)
        except Exception as error:
            said.append(repr(error))
        return said[-1] == address

    clock.Clock().wait_for(asked, 10)
    return said[-1]


def test_does_an_exported_zone_answer_and_an_operators_word_outlive_its_checkers(project) -> None:
    up = project.gameday("lab", "up", *zone_files(project.root))
    assert up.returncode == 0, up.stderr
    try:
        env = handle.environment(project.root / ".gameday" / "default")
        assert answer_becomes(env, "127.0.1.1") == "127.0.1.1"
        handle.call(env, "PUT", f"/health-checks/{CHECK}/forced", {"healthy": False})
        assert answer_becomes(env, "127.0.2.1") == "127.0.2.1"
        processes = handle.call(env, "GET", "/status")["processes"]
        for name in ("checkers", "dns"):
            os.kill(processes[name]["pid"], signal.SIGKILL)
        assert answer_becomes(env, "127.0.2.1") == "127.0.2.1"
        again = handle.call(env, "GET", "/status")["processes"]
        os.kill(again["dns"]["pid"], signal.SIGKILL)
        assert clock.Clock().wait_for(lambda: not handle.call(env, "GET", "/status")["lost"], 10)
        assert answer_becomes(env, "127.0.2.1") == "127.0.2.1"
        assert clock.Clock().wait_for(
            lambda: "forced by an operator" in project.gameday("lab", "status").stdout, 10
        )
        told = project.gameday("dns", "answer", NAME).stdout
        assert f"forced by an operator: health check {CHECK} UNHEALTHY" in told
        handle.call(env, "DELETE", f"/health-checks/{CHECK}/forced")
        assert answer_becomes(env, "127.0.1.1") == "127.0.1.1"
        shown = json.loads(project.gameday("dns", "answer", NAME, "--json").stdout)
        assert shown["records"][0]["values"] == ["127.0.1.1"]
    finally:
        project.gameday("lab", "down")
