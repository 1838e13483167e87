"""What a template says about failover: routes, names, tables, routing; and what it leaves open."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from gameday import templates
from gameday.templates import Route, Template

_DOMAINS = ("AWS::ApiGateway::DomainName", "AWS::ApiGatewayV2::DomainName")
_APIS = ("AWS::Serverless::Api", "AWS::Serverless::HttpApi")
_FUNCTIONS = ("AWS::Serverless::Function", "AWS::Lambda::Function")


@dataclass(frozen=True, slots=True)
class Recognised:
    """What was found in a template."""

    routes: tuple[Route, ...]
    endpoint: str | None  # the name clients use
    functions: tuple[str, ...]  # logical ids, as are the following
    global_tables: tuple[str, ...]
    tables: tuple[str, ...]  # of one Region
    latency_records: tuple[str, ...]
    health_checks: tuple[str, ...]
    parameters: tuple[str, ...]  # without a default


def recognise(template: Template) -> Recognised:
    """What `template` says."""
    return Recognised(
        routes=tuple(templates.routes(template)),
        endpoint=next(_names(template), None),
        functions=_of(template, *_FUNCTIONS),
        global_tables=_of(template, "AWS::DynamoDB::GlobalTable"),
        tables=_of(template, "AWS::DynamoDB::Table", "AWS::Serverless::SimpleTable"),
        latency_records=tuple(
            i
            for i, r in template.resources.items()
            if r["Type"] == "AWS::Route53::RecordSet" and "Region" in r["Properties"]
        ),
        health_checks=_of(template, "AWS::Route53::HealthCheck"),
        parameters=tuple(
            name for name, about in template.section("Parameters").items() if "Default" not in about
        ),
    )


def found(what: Recognised) -> list[str]:
    """What was recognised, one line each."""
    lines = [f"route {r.method} {r.path}" for r in what.routes]
    counted = (
        ("function", what.functions), ("global table", what.global_tables),
        ("latency record", what.latency_records), ("health check", what.health_checks),
    )  # fmt: skip
    lines += [f"{kind} {name}" for kind, names in counted for name in names]
    return lines + ([f"endpoint {what.endpoint}"] if what.endpoint else [])


def open_points(what: Recognised) -> list[str]:
    """What the template does not say and a failover needs, one line each with the remedy."""
    points = [f"parameter {p} has no default: fill it in in deploy/stacks.yaml"
              for p in what.parameters]  # fmt: skip
    points += [f"table {t} lives in one Region: what it holds is lost with the Region; make it an "
               f"AWS::DynamoDB::GlobalTable" for t in what.tables]  # fmt: skip
    if not what.routes:
        points.append("no API route: fill in the locustfile by hand")
    if not what.endpoint:
        points.append("no custom domain name: set `endpoint` in deploy/stacks.yaml to the name "
                      "that clients use")  # fmt: skip
    if not what.latency_records:
        points.append("no latency records: nothing moves clients to another Region; "
                      "`gameday init --reference` shows a routing.yaml that does")  # fmt: skip
    if not what.health_checks:
        points.append("no health check: Route 53 would go on sending clients to a lost Region")
    return points


def _of(template: Template, *types: str) -> tuple[str, ...]:
    return tuple(i for i, r in template.resources.items() if r["Type"] in types)


def _names(template: Template) -> Iterator[str]:
    """The domain names an API is given, those that can be read without deploying."""
    for resource in template.resources.values():
        properties = resource["Properties"]
        if resource["Type"] in _DOMAINS:
            yield from _plain(template, properties.get("DomainName"))
        elif resource["Type"] in _APIS and isinstance(properties.get("Domain"), dict):
            yield from _plain(template, properties["Domain"].get("DomainName"))


def _plain(template: Template, value: Any) -> Iterator[str]:
    """A text as it stands, or the default of the parameter it refers to."""
    if isinstance(value, dict) and set(value) == {"Ref"}:
        value = template.section("Parameters").get(value["Ref"], {}).get("Default")
    if isinstance(value, str) and value:
        yield value
