"""Exports as the `aws` CLI prints them, for tests of prediction and review."""

from __future__ import annotations

from typing import Any

REGIONS = ("us-east-1", "eu-west-1")


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
