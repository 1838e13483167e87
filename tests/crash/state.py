"""The control plane as it must be again: a projection of everything that a run can change.

Left out is what changes by itself or by being written: versions, revision ids, timestamps, what FIS
remembers of experiments that are over, and what the data plane holds (items, metrics, health).
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import boto3

from gameday.lab import handle

Json = Any
ACTIVE = ("pending", "initiating", "running", "stopping")


def projection(env: dict[str, str]) -> dict[str, Json]:
    """Every setting by name, in every Region of the lab that `env` describes."""
    found = dict(_settings(clients(env), env["GAMEDAY_REGIONS"].split(",")))
    status = handle.call(env, "GET", "/status")
    return found | {"lab/cut": status["cut"], "lab/forced": status["forced"]}


def difference(before: dict[str, Json], now: dict[str, Json]) -> list[str]:
    """What is not as before, one line each."""
    return [
        f"{name}: {before.get(name)!r} -> {now.get(name)!r}"
        for name in sorted({*before, *now})
        if before.get(name) != now.get(name)
    ]


def clients(env: dict[str, str]) -> Any:
    session = boto3.session.Session(
        aws_access_key_id=env["AWS_ACCESS_KEY_ID"],
        aws_secret_access_key=env["AWS_SECRET_ACCESS_KEY"],
    )
    made: dict[tuple[str, str], Any] = {}

    def client(service: str, region: str) -> Any:
        key = (service, region)
        if key not in made:
            endpoint = env["AWS_ENDPOINT_URL"]
            made[key] = session.client(service, region_name=region, endpoint_url=endpoint)
        return made[key]

    return client


def _settings(client: Any, regions: list[str]) -> Iterator[tuple[str, Json]]:
    for region in regions:
        yield from _functions(client("lambda", region), region)
        yield from _pauses(client("fis", region), region)
        yield from _alarms(client("cloudwatch", region), region)
        yield from _tables(client("dynamodb", region), region)
        for parameter in _all(client("ssm", region), "describe_parameters", "Parameters"):
            value = client("ssm", region).get_parameter(Name=parameter["Name"])["Parameter"]
            yield f"{region}/parameter/{parameter['Name']}", value["Value"]
    yield from _routing(client("route53", regions[0]))
    yield from _roles(client("iam", regions[0]))


def _functions(api: Any, region: str) -> Iterator[tuple[str, Json]]:
    for function in _all(api, "list_functions", "Functions"):
        name = function["FunctionName"]
        reserved = api.get_function_concurrency(FunctionName=name)
        configuration = api.get_function_configuration(FunctionName=name)
        yield f"{region}/{name}/concurrency", reserved.get("ReservedConcurrentExecutions")
        yield f"{region}/{name}/variables", configuration.get("Environment", {}).get("Variables")
        kept = ("Handler", "Runtime", "Timeout", "MemorySize", "Role", "CodeSha256", "State")
        yield f"{region}/{name}", {k: configuration.get(k) for k in kept}
        try:
            yield f"{region}/{name}/policy", api.get_policy(FunctionName=name)["Policy"]
        except api.exceptions.ResourceNotFoundException:
            continue


def _pauses(api: Any, region: str) -> Iterator[tuple[str, Json]]:
    for template in _all(api, "list_experiment_templates", "experimentTemplates"):
        yield f"{region}/fis-template/{template['id']}", template.get("tags")
    for experiment in _all(api, "list_experiments", "experiments"):
        if experiment["state"]["status"] in ACTIVE:
            yield f"{region}/fis/{experiment['id']}", experiment["state"]["status"]


def _alarms(api: Any, region: str) -> Iterator[tuple[str, Json]]:
    for alarm in _all(api, "describe_alarms", "MetricAlarms"):
        kept = ("Threshold", "EvaluationPeriods", "Period", "ActionsEnabled", "AlarmActions")
        yield f"{region}/alarm/{alarm['AlarmName']}", {k: alarm.get(k) for k in kept}


def _tables(api: Any, region: str) -> Iterator[tuple[str, Json]]:
    for name in _all(api, "list_tables", "TableNames"):
        table = api.describe_table(TableName=name)["Table"]
        replicas = sorted(r["RegionName"] for r in table.get("Replicas", []))
        yield f"{region}/table/{name}", (table["TableStatus"], replicas)


def _routing(api: Any) -> Iterator[tuple[str, Json]]:
    for check in _all(api, "list_health_checks", "HealthChecks"):
        yield f"health-check/{check['Id']}", check["HealthCheckConfig"]
    for zone in _all(api, "list_hosted_zones", "HostedZones"):
        for record in _all(
            api, "list_resource_record_sets", "ResourceRecordSets", HostedZoneId=zone["Id"]
        ):
            name = f"record/{record['Name']}/{record['Type']}/{record.get('SetIdentifier', '')}"
            yield name, record


def _roles(api: Any) -> Iterator[tuple[str, Json]]:
    for role in _all(api, "list_roles", "Roles"):
        for policy in _all(api, "list_role_policies", "PolicyNames", RoleName=role["RoleName"]):
            held = api.get_role_policy(RoleName=role["RoleName"], PolicyName=policy)
            yield f"role/{role['RoleName']}/{policy}", held["PolicyDocument"]


def _all(api: Any, operation: str, member: str, **arguments: str) -> list[Any]:
    pages = api.get_paginator(operation).paginate(**arguments)
    return [item for page in pages for item in page[member]]
