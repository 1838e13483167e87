"""Do other people's clients of Route 53 work unmodified in the lab: the `aws` CLI and octoDNS?"""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from user_project import ROOT, Project, clean_environment

from gameday import clock, resolver
from gameday.lab import handle

pytestmark = pytest.mark.scenario

AWS = Path(sys.executable).parent / "aws"
OCTODNS = ROOT / ".venv-clients" / "bin" / "octodns-sync"  # `make scenarios` makes it
ZONE, US, EU = "example.org.", "127.0.1.1", "127.0.2.1"
APEX = {"Name": ZONE, "Type": "SOA", "TTL": 900, "ResourceRecords": [
    {"Value": "ns.example.org. host.example.org. 1 7200 900 1209600 86400"}]}  # fmt: skip

OCTODNS_CONFIG: dict[str, Any] = {
    "providers": {
        "config": {"class": "octodns.provider.yaml.YamlProvider", "directory": "./zones"},
        "route53": {"class": "octodns_route53.Route53Provider", "access_key_id": "env/KEY",
                    "secret_access_key": "env/SECRET"},
    },
    "zones": {ZONE: {"sources": ["config"], "targets": ["route53"]}},
}  # fmt: skip
OCTODNS_ZONE: dict[str, Any] = {
    "www": {
        "type": "A", "ttl": 60, "values": [US],
        "dynamic": {
            "pools": {"us": {"values": [{"value": US}], "fallback": "eu"},
                      "eu": {"values": [{"value": EU}]}},
            "rules": [{"pool": "eu", "geos": ["EU"]}, {"pool": "us"}],
        },
        "octodns": {"healthcheck": {"host": "www.example.org", "path": "/health",
                                    "port": 443, "protocol": "HTTPS"}},
    },
    "txt": {"type": "TXT", "ttl": 300, "values": ["v=spf1 -all"]},
}  # fmt: skip


class Lab:
    """A lab that serves one empty zone, and the clients' way into it."""

    def __init__(self, project: Project) -> None:
        self.project, self.root = project, project.root
        self.env = handle.environment(self.root / ".gameday" / "default")

    def run(self, *command: str | Path, works: bool = True) -> str:
        """Output and errors of a client that is expected to end well, or not."""
        keys = {"KEY": "lab", "SECRET": "lab", "AWS_PAGER": ""}
        environ = clean_environment() | self.env | keys
        done = subprocess.run(
            list(map(str, command)), cwd=self.root, env=environ, capture_output=True, text=True,
            timeout=120, check=False,
        )  # fmt: skip
        assert (done.returncode == 0) is works, done.stdout + done.stderr
        return done.stdout + done.stderr

    def aws(self, *arguments: str) -> Any:
        """What the `aws` CLI printed."""
        return json.loads(self.run(AWS, "route53", *arguments))

    def change(self, **record: Any) -> str:
        batch = {"Changes": [{"Action": "CREATE", "ResourceRecordSet": record}]}
        (self.root / "batch.json").write_text(json.dumps(batch))
        return "file://batch.json"

    def answer(self, name: str, cidr: str | None = None) -> tuple[str, ...]:
        host, _, port = self.env["GAMEDAY_DNS"].rpartition(":")
        return resolver.query((host, int(port)), name, cidr).addresses


@pytest.fixture
def lab(project: Project) -> Iterator[Lab]:
    (project.root / "zone.json").write_text(json.dumps({"ResourceRecordSets": [APEX]}))
    regions = ("--regions", "us-east-1,eu-west-1")
    up = project.gameday("lab", "up", "--zone", "zone.json", *regions)
    assert up.returncode == 0, up.stderr
    try:
        yield Lab(project)
    finally:
        project.gameday("lab", "down")


def test_does_the_aws_cli_work_unmodified(lab: Lab) -> None:
    (zone,) = lab.aws("list-hosted-zones")["HostedZones"]
    zone_id = zone["Id"].removeprefix("/hostedzone/")
    config = "Type=HTTPS,FullyQualifiedDomainName=www.example.org,IPAddress=127.0.1.1"
    made = lab.aws("create-health-check", "--caller-reference", "a",
                   "--health-check-config", config)["HealthCheck"]  # fmt: skip
    batch = lab.change(Name="www.example.org", Type="A", TTL=60, SetIdentifier="a", Weight=1,
                       HealthCheckId=made["Id"], ResourceRecords=[{"Value": US}])  # fmt: skip
    on = ("--hosted-zone-id", zone_id)
    changed = lab.aws("change-resource-record-sets", *on, "--change-batch", batch)
    assert changed["ChangeInfo"]["Status"] == "PENDING"
    refused = lab.run(AWS, "route53", "change-resource-record-sets", *on, "--change-batch", batch,
                      works=False)  # fmt: skip
    assert "(InvalidChangeBatch)" in refused
    assert "it already exists" in refused
    assert clock.Clock().wait_for(lambda: lab.answer("www.example.org") == (US,), 10)
    asked = lab.aws("test-dns-answer", *on, "--record-name", "www.example.org",
                    "--record-type", "A")  # fmt: skip
    assert (asked["ResponseCode"], asked["RecordData"]) == ("NOERROR", [US])
    pages = lab.aws("list-resource-record-sets", *on, "--page-size", "1")["ResourceRecordSets"]
    assert [r["Type"] for r in pages] == ["SOA", "A"]
    status = ("get-health-check-status", "--health-check-id", made["Id"])
    assert clock.Clock().wait_for(lambda: len(lab.aws(*status)["HealthCheckObservations"]) > 3, 20)


def test_is_a_traffic_policy_followed_by_dns_answer_and_predict(lab: Lab) -> None:
    (zone,) = lab.aws("list-hosted-zones")["HostedZones"]
    config = "Type=HTTPS,FullyQualifiedDomainName=www.example.org"
    check = lab.aws("create-health-check", "--caller-reference", "a",
                    "--health-check-config", config)["HealthCheck"]  # fmt: skip
    ends = {name: {"Type": "value", "Value": value} for name, value in (("us", US), ("eu", EU))}
    rule = {"RuleType": "failover",
            "Primary": {"EndpointReference": "us", "HealthCheck": check["Id"]},
            "Secondary": {"EndpointReference": "eu"}}  # fmt: skip
    document = {"AWSPolicyFormatVersion": "2015-10-01", "RecordType": "A", "StartRule": "first",
                "Endpoints": ends, "Rules": {"first": rule}}  # fmt: skip
    policy = lab.aws("create-traffic-policy", "--name", "p",
                     "--document", json.dumps(document))["TrafficPolicy"]  # fmt: skip
    lab.aws("create-traffic-policy-instance", "--hosted-zone-id", zone["Id"].rpartition("/")[2],
            "--name", "p.example.org", "--ttl", "60", "--traffic-policy-id", policy["Id"],
            "--traffic-policy-version", "1")  # fmt: skip
    assert clock.Clock().wait_for(lambda: lab.answer("p.example.org") != (), 10)
    told = lab.project.gameday("dns", "answer", "p.example.org", "--unhealthy", check["Id"])
    assert EU in told.stdout
    assert "passed" in told.stdout
    predicted = lab.project.gameday("predict", "--lab", "default")
    assert predicted.returncode == 0, predicted.stderr
    assert "p.example.org" in predicted.stdout


def test_does_octodns_work_unmodified(lab: Lab) -> None:
    (lab.root / "zones").mkdir()
    (lab.root / "zones" / "example.org.yaml").write_text(yaml.safe_dump(OCTODNS_ZONE))
    (lab.root / "octodns.yaml").write_text(yaml.safe_dump(OCTODNS_CONFIG))
    sync = (OCTODNS, "--config-file", "octodns.yaml", "--force")
    assert "Creates=2" in lab.run(*sync)
    lab.run(*sync, "--doit")
    assert "No changes were planned" in lab.run(*sync)
    networks = yaml.safe_load(Path(lab.env["GAMEDAY_NETWORKS_FILE"]).read_text())
    by_continent = {n["continent"]: n["cidr"] for n in networks}
    assert lab.answer("www.example.org", by_continent["EU"]) == (EU,)
    assert lab.answer("www.example.org", by_continent["NA"]) == (US,)
