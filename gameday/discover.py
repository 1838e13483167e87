"""Finds functions, tables, roles, health checks and alarms from the application's name.

An application's stacks are called `<stack>` or `<stack>-...` in each Region; nothing in an
experiment names a function or a table, so one file serves every application.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from gameday.aws import GLOBAL_REGION, client, translated
from gameday.errors import AwsError

_INVOKED = re.compile(r"function:([A-Za-z0-9_-]+)")


class NoCheck(AwsError):
    """No health check stands for a Region."""


@dataclass(frozen=True, slots=True)
class Resource:
    """One resource of one of the application's stacks."""

    stack: str
    region: str
    kind: str  # AWS::Lambda::Function
    logical_id: str
    physical_id: str


@dataclass(frozen=True, slots=True)
class Functions:
    """The functions of a Region's stacks, by who invokes them."""

    behind_the_api: tuple[str, ...]
    left_alone: tuple[str, ...]  # `name (why)`


def stacks(stack: str, region: str) -> list[dict[str, Any]]:
    """The application's stacks in `region` as DescribeStacks gives them, deleted ones left out.

    :raises AwsError: there is none.
    """
    with translated(f"DescribeStacks in {region}"):
        pages = client("cloudformation", region).get_paginator("describe_stacks").paginate()
        found = [s for page in pages for s in page["Stacks"] if _belongs(s["StackName"], stack)]
    found = [s for s in found if s.get("StackStatus") != "DELETE_COMPLETE"]
    if not found:
        raise AwsError(f"no stack named {stack} or {stack}-* in {region}; check GAMEDAY_STACK")
    return found


def _belongs(name: str, stack: str) -> bool:
    return name == stack or name.startswith(f"{stack}-")


def resources(stack: str, region: str) -> list[Resource]:
    """Every resource of the application's stacks in `region`.

    :raises AwsError: no such stack.
    """
    api, found = client("cloudformation", region), []
    for one in stacks(stack, region):
        name = one["StackName"]
        with translated(f"ListStackResources of {name} in {region}"):
            pages = api.get_paginator("list_stack_resources").paginate(StackName=name)
            found += [
                Resource(
                    name,
                    region,
                    r["ResourceType"],
                    r["LogicalResourceId"],
                    r.get("PhysicalResourceId", ""),
                )
                for page in pages
                for r in page["StackResourceSummaries"]
            ]
    return found


def _ids(found: list[Resource], kind: str) -> list[str]:
    return [r.physical_id for r in found if r.kind == kind]


def functions(stack: str, region: str) -> Functions:
    """The functions of the stacks in `region`: those an API or a function URL invokes, the others.

    Reserved concurrency 0 sends asynchronous events and event sources to the dead-letter queue
    or drops them (AWS Lambda, "Configuring reserved concurrency"), so functions with event sources
    are left alone, also where an API invokes them.

    :raises AwsError: no function is behind an API, or none without event sources.
    """
    found = resources(stack, region)
    invoked = set(_behind_rest_apis(_ids(found, "AWS::ApiGateway::RestApi"), region))
    invoked |= set(_behind_http_apis(_ids(found, "AWS::ApiGatewayV2::Api"), region))
    known = sorted(_ids(found, "AWS::Lambda::Function"))
    invoked |= {name for name in known if _has_url(name, region)}
    if not invoked:
        raise AwsError(
            f"no function of stack {stack} in {region} is behind an API: a program is lost "
            "with its Region's packets, by cut_region (experiments/region-cut.yaml)"
        )
    mapped = _event_sources(region)
    sources = {name: mapped[name] for name in {*known, *invoked}}
    behind = tuple(sorted(name for name in invoked if not sources[name]))
    if not behind:
        raise AwsError(f"every function of stack {stack} in {region} has event sources")
    rest = sorted(name for name in sources if name not in behind)
    return Functions(behind, tuple(f"{name} ({_why(sources[name])})" for name in rest))


def functions_at(stack: str, region: str, path: str) -> tuple[str, ...]:
    """The functions that answer `path` of the stacks' REST APIs in `region`.

    :raises AwsError: no function is behind that path.
    """
    apis = _ids(resources(stack, region), "AWS::ApiGateway::RestApi")
    found = sorted(set(_behind_rest_apis(apis, region, path)))
    if not found:
        raise AwsError(f"no function of stack {stack} in {region} answers {path}")
    return tuple(found)


def rest_api_names(stack: str, region: str) -> tuple[str, ...]:
    """The names of the stacks' REST APIs in `region`, by which CloudWatch counts requests."""
    found = []
    for api in _ids(resources(stack, region), "AWS::ApiGateway::RestApi"):
        with translated(f"GetRestApi of {api} in {region}"):
            found.append(str(client("apigateway", region).get_rest_api(restApiId=api)["name"]))
    return tuple(found)


def _behind_rest_apis(apis: list[str], region: str, path: str | None = None) -> Iterator[str]:
    for api in apis:
        with translated(f"GetResources of {api} in {region}"):
            pages = client("apigateway", region).get_paginator("get_resources")
            for page in pages.paginate(restApiId=api, embed=["methods"]):
                for item in page["items"]:
                    if path is None or item.get("path") == path:
                        yield from _invoked_by(item)


def _invoked_by(item: dict[str, Any]) -> Iterator[str]:
    for method in item.get("resourceMethods", {}).values():
        match = _INVOKED.search(method.get("methodIntegration", {}).get("uri") or "")
        if match:
            yield match[1]


def _behind_http_apis(apis: list[str], region: str) -> Iterator[str]:
    for api in apis:
        with translated(f"GetIntegrations of {api} in {region}"):
            found = client("apigatewayv2", region).get_integrations(ApiId=api)["Items"]
        for integration in found:
            match = _INVOKED.search(integration.get("IntegrationUri") or "")
            if match:
                yield match[1]


def _has_url(name: str, region: str) -> bool:
    api = client("lambda", region)
    with translated(f"GetFunctionUrlConfig of {name} in {region}"):
        try:
            api.get_function_url_config(FunctionName=name)
        except api.exceptions.ResourceNotFoundException:
            return False
    return True


def _event_sources(region: str) -> Counter[str]:
    """How many event sources each function has, whichever version or alias they invoke.

    All are asked for: a function's name alone may not find those of its aliases.
    """
    with translated(f"ListEventSourceMappings in {region}"):
        pages = client("lambda", region).get_paginator("list_event_source_mappings").paginate()
        arns = [m["FunctionArn"] for page in pages for m in page["EventSourceMappings"]]
    return Counter(found[1] for arn in arns if (found := _INVOKED.search(arn)))


def _why(count: int) -> str:
    return f"{count} event source{'' if count == 1 else 's'}" if count else "not behind the API"


def global_tables(stack: str, regions: tuple[str, ...]) -> tuple[str, ...]:
    """The names of the application's global tables; the stack of one Region declares each."""
    found: set[str] = set()
    for region in regions:
        try:
            found |= set(_ids(resources(stack, region), "AWS::DynamoDB::GlobalTable"))
        except AwsError:  # a Region without a stack declares no table
            continue
    return tuple(sorted(found))


def output(stack: str, regions: tuple[str, ...], key: str) -> str | None:
    """The value of the first stack output named `key`, home Region first; None if there is none."""
    for region in regions:
        try:
            found = stacks(stack, region)
        except AwsError:
            continue
        for one in found:
            for item in one.get("Outputs", []):
                if item["OutputKey"] == key:
                    return str(item["OutputValue"])
    return None


def hosted_zone(endpoint: str) -> str:
    """The id of the hosted zone whose name is the longest ending of `endpoint`.

    :raises AwsError: no hosted zone holds that name.
    """
    with translated("ListHostedZones"):
        pages = client("route53", GLOBAL_REGION).get_paginator("list_hosted_zones").paginate()
        zones = [z for page in pages for z in page["HostedZones"]]
    name = endpoint.rstrip(".").lower() + "."
    holding = [z for z in zones if name == z["Name"] or name.endswith("." + z["Name"])]
    if not holding:
        raise AwsError(f"no hosted zone holds {endpoint}; check GAMEDAY_ENDPOINT")
    return str(max(holding, key=lambda z: len(z["Name"]))["Id"]).rpartition("/")[2]


def record_sets(zone: str) -> list[dict[str, Any]]:
    """Every record set of a hosted zone, as ListResourceRecordSets gives them."""
    with translated(f"ListResourceRecordSets of {zone}"):
        api = client("route53", GLOBAL_REGION)
        pages = api.get_paginator("list_resource_record_sets").paginate(HostedZoneId=zone)
        return [r for page in pages for r in page["ResourceRecordSets"]]


def health_checks() -> list[dict[str, Any]]:
    """Every health check of the account, as ListHealthChecks gives them."""
    with translated("ListHealthChecks"):
        api = client("route53", GLOBAL_REGION)
        pages = api.get_paginator("list_health_checks").paginate()
        return [c for page in pages for c in page["HealthChecks"]]


def alarms(region: str) -> list[dict[str, Any]]:
    """Every metric alarm in `region`, as DescribeAlarms gives them."""
    with translated(f"DescribeAlarms in {region}"):
        pages = client("cloudwatch", region).get_paginator("describe_alarms").paginate()
        return [alarm for page in pages for alarm in page["MetricAlarms"]]


def composite_alarms(region: str) -> list[dict[str, Any]]:
    """Every composite alarm in `region`; DescribeAlarms leaves them out unless asked for."""
    with translated(f"DescribeAlarms in {region}"):
        pages = client("cloudwatch", region).get_paginator("describe_alarms")
        found = pages.paginate(AlarmTypes=["CompositeAlarm"])
        return [alarm for page in found for alarm in page.get("CompositeAlarms", [])]


def checks_of(region: str, endpoint: str) -> tuple[str, ...]:
    """The ids of the health checks that decide whether DNS answers `region` for `endpoint`.

    They belong to records of that name whose Region is `region` or whose identifier names it;
    where there is none, to checks whose domain name contains the Region.

    :raises NoCheck: no health check stands for the Region.
    """
    name = endpoint.rstrip(".").lower() + "."
    records = [r for r in record_sets(hosted_zone(endpoint)) if r["Name"].lower() == name]
    found = {r["HealthCheckId"] for r in records if "HealthCheckId" in r and _stands(r, region)}
    if not found:
        found = {
            c["Id"]
            for c in health_checks()
            if region in c["HealthCheckConfig"].get("FullyQualifiedDomainName", "")
        }
    if not found:
        raise NoCheck(f"no health check stands for {region} behind {endpoint}")
    return tuple(sorted(found))


def _stands(record: dict[str, Any], region: str) -> bool:
    return record.get("Region") == region or region in str(record.get("SetIdentifier", ""))
