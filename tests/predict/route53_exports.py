"""Exports as the `aws` CLI prints them, for tests of prediction and review."""

from __future__ import annotations

from typing import Any

from gameday.predict.view import View
from gameday.route53.exports import read

REGIONS = US, EU = "us-east-1", "eu-west-1"
NAME = "api.example.test."
IP = {US: "192.0.2.1", EU: "198.51.100.1"}


def record(region: str = "us-east-1", name: str = "api.example.test.", **more: Any) -> dict:
    """A latency alias record of a regional API, with its own health check."""
    return {
        "Name": name, "Type": "A", "SetIdentifier": region, "Region": region,
        "HealthCheckId": f"hc-{region}",
        "AliasTarget": {"DNSName": f"d-1.execute-api.{region}.amazonaws.com.",
                        "HostedZoneId": "Z1", "EvaluateTargetHealth": False},
    } | more  # fmt: skip


def plain(region: str, ttl: int = 60, **policy: Any) -> dict:
    """A CNAME record with a TTL of its own and any policy."""
    found = record(region) | {
        "Type": "CNAME", "TTL": ttl,
        "ResourceRecords": [{"Value": f"d-1.execute-api.{region}.amazonaws.com"}],
    }  # fmt: skip
    for member in ("AliasTarget", "Region"):
        del found[member]
    return found | (policy or {"Region": region})


def without(item: dict, *members: str) -> dict:
    return {k: v for k, v in item.items() if k not in members}


def zone(*records: dict) -> dict:
    return {"ResourceRecordSets": list(records or map(record, REGIONS))}


def check(region: str, interval: int = 10, threshold: int = 3, **more: Any) -> dict:
    config = {
        "Type": "HTTPS", "FullyQualifiedDomainName": f"a1.execute-api.{region}.amazonaws.com",
        "RequestInterval": interval, "FailureThreshold": threshold,
    } | more  # fmt: skip
    return {"Id": f"hc-{region}", "CallerReference": f"stack-{region}-7f3a",
            "HealthCheckConfig": config}  # fmt: skip


def checks(*items: dict) -> dict:
    return {"HealthChecks": list(items or map(check, REGIONS))}


def a(name: str, label: str | None, *values: str, ttl: int = 60, hc: str = "", **policy: Any
      ) -> dict:  # fmt: skip
    """An address record, with the policy's member for one that has a label."""
    found = {"Name": name, "Type": "A", "TTL": ttl,
             "ResourceRecords": [{"Value": v} for v in values]} | policy  # fmt: skip
    return (
        found | ({"SetIdentifier": label} if label else {}) | ({"HealthCheckId": hc} if hc else {})
    )


def alias(label: str, target: str, *, eth: bool = True, hc: str = "", **policy: Any) -> dict:
    """An alias of the name to another name of the zone."""
    to = {"DNSName": target, "HostedZoneId": "Z", "EvaluateTargetHealth": eth}
    found = {"Name": NAME, "Type": "A", "SetIdentifier": label, "AliasTarget": to} | policy
    return found | ({"HealthCheckId": hc} if hc else {})


def probe(check_id: str, interval: int = 10, threshold: int = 3, **more: Any) -> dict:
    """A health check of a name that says nothing."""
    given = {"FullyQualifiedDomainName": f"{check_id}.example.com"} | more
    return check("", interval, threshold, **given) | {"Id": check_id}


def calculated(check_id: str, threshold: int, *children: str, **more: Any) -> dict:
    config = {"Type": "CALCULATED", "HealthThreshold": threshold,
              "ChildHealthChecks": list(children)} | more  # fmt: skip
    return {"Id": check_id, "HealthCheckConfig": config}


def view(given: dict, health: dict | None = None, name: str = NAME) -> View:
    routing = read(given, health or checks())
    return next(View.of(routing, z, g) for z, g in routing.groups() if g[0].name == name)
