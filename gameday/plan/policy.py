"""The least IAM policy an experiment needs, from its calls and the settings it changes.

What was called while planning is called again by the run; what the run adds is listed here. A
resource is `*` only where the API knows none (listings), or where AWS makes the id (FIS).
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from gameday.aws import Call
from gameday.settings import UndoCopy
from gameday.undo import Need, Owner, Planned, copy_needs

NO_PERMISSION = {("sts", "GetCallerIdentity")}
NO_RESOURCE = {
    "ListEventSourceMappings", "DescribeAlarms", "GetMetricData", "GetMetricStatistics",
    "ListHealthChecks", "GetAccountSettings", "GetResources",
}  # fmt: skip
"""Actions that take no resource (Service Authorization Reference)."""

PREFIXES = {"resourcegroupstaggingapi": "tag"}
"""Services whose actions IAM calls otherwise than boto3 calls the service."""

AUDIT = ("dynamodb:DescribeTable", "dynamodb:BatchGetItem", "dynamodb:Scan")
"""What reading the tables after a run, and at the fault, takes."""


def policy(
    calls: Iterable[Call],
    changes: Iterable[Planned],
    *,
    owner: Owner,
    tables: Iterable[str],
    regions: Iterable[str],
    undo_copy: UndoCopy | None = None,
) -> dict[str, Any]:
    """An IAM policy document: one statement for each set of actions, sorted."""
    places = tuple(regions)
    needs = {n for call in calls for n in need_of(call, owner)}
    needs |= {n for change in changes for n in change.setting.needs(owner)}
    needs |= {
        n
        for table in tables
        for region in places
        for n in owner.needs(owner.arn("dynamodb", region, f"table/{table}"), *AUDIT)
    }
    needs |= set(copy_needs(undo_copy, owner)) if undo_copy else set()
    return {"Version": "2012-10-17", "Statement": _statements(needs)}


def need_of(call: Call, owner: Owner) -> tuple[Need, ...]:
    """What IAM must allow for one call; nothing for a call that needs no permission."""
    if (call.service, call.operation) in NO_PERMISSION:
        return ()
    if call.service.startswith("apigateway"):
        return (Need("apigateway:GET", _api_path(call, owner)),)
    prefix = PREFIXES.get(call.service, call.service)
    return (Need(f"{prefix}:{call.operation}", _resource(call, owner)),)


def _resource(call: Call, owner: Owner) -> str:
    names = dict(call.names)
    if call.operation in NO_RESOURCE:
        return "*"
    if function := names.get("FunctionName"):
        return owner.arn("lambda", call.region, f"function:{function}")
    if table := names.get("TableName"):
        return owner.arn("dynamodb", call.region, f"table/{table}")
    if stack := names.get("StackName"):
        return owner.arn("cloudformation", call.region, f"stack/{stack}/*")
    for name in ("Resource", "ResourceArn", "TopicArn", "EventBusName"):
        if names.get(name, "").startswith("arn:"):
            return names[name]
    if call.service == "ssm" and "Name" in names:
        return owner.arn("ssm", call.region, f"parameter/{names['Name'].lstrip('/')}")
    if call.operation == "GetSafetyLever":
        return owner.arn("fis", call.region, f"safety-lever/{names['id']}")
    if bucket := names.get("Bucket"):
        key = f"/{names['Key']}" if "Key" in names else ""
        return f"arn:{owner.partition}:s3:::{bucket}{key}"
    if tagged := names.get("ResourceId"):
        return f"arn:{owner.partition}:route53:::{names['ResourceType']}/{tagged}"
    for name, kind in (("HostedZoneId", "hostedzone"), ("HealthCheckId", "healthcheck")):
        if one := names.get(name):
            return f"arn:{owner.partition}:route53:::{kind}/{one.rpartition('/')[2]}"
    return "*"


def _api_path(call: Call, owner: Owner) -> str:
    """API Gateway's resources are the paths of its own API (API Gateway, "Using IAM")."""
    names = dict(call.names)
    if rest := names.get("restApiId"):
        path = f"/restapis/{rest}/resources"
    else:
        path = f"/apis/{names.get('ApiId', '*')}/integrations"
    return f"arn:{owner.partition}:apigateway:{call.region}::{path}"


def _statements(needs: set[Need]) -> list[dict[str, Any]]:
    by_resource: dict[str, list[str]] = {}
    for need in sorted(needs, key=lambda n: (n.resource, n.action)):
        by_resource.setdefault(need.resource, []).append(need.action)
    by_actions: dict[tuple[str, ...], list[str]] = {}
    for resource, actions in by_resource.items():
        by_actions.setdefault(tuple(actions), []).append(resource)
    return [
        {"Effect": "Allow", "Action": list(actions), "Resource": resources}
        for actions, resources in sorted(by_actions.items())
    ]
