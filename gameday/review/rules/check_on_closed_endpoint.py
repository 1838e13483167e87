"""An API whose execute-api endpoint is disabled answers a check of it 403 or 404 for ever: every
Region is red, and DNS fails open."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from gameday.review.model import ApplicationSubject, Hit, RegionalStack

APIS = (
    "AWS::ApiGateway::RestApi", "AWS::ApiGatewayV2::Api", "AWS::Serverless::Api",
    "AWS::Serverless::HttpApi",
)  # fmt: skip
SEVERITY = "error"
ABOUT = "application"
REMEDY = "Give each Region a second custom domain name that only it serves, and probe that."
SOURCE = "API Gateway Developer Guide: Disable the default endpoint for REST APIs"
FAILING = """\
stacks:
- name: api
  region: us-east-1
  template: api.yaml
  resources:
    Api: {Type: "AWS::Serverless::Api", Properties: {DisableExecuteApiEndpoint: true}}
    Check:
      Type: AWS::Route53::HealthCheck
      Properties:
        HealthCheckConfig: {FullyQualifiedDomainName: Api.execute-api.us-east-1.amazonaws.com}
"""
PASSING = FAILING.replace("DisableExecuteApiEndpoint: true", "DisableExecuteApiEndpoint: false")


def check(subject: ApplicationSubject) -> Iterator[Hit]:
    """Each place where it does not hold."""
    closed = [
        logical_id for _, logical_id, resource in _resources(subject)
        if resource.get("Type") in APIS
        and str(resource["Properties"].get("DisableExecuteApiEndpoint")).lower() == "true"
    ]  # fmt: skip
    for stack, logical_id, resource in _resources(subject):
        if resource.get("Type") == "AWS::Route53::HealthCheck":
            config = resource["Properties"].get("HealthCheckConfig") or {}
            name = str(config.get("FullyQualifiedDomainName", ""))
            if ".execute-api." in name and not name.startswith("d-") and closed:
                yield Hit(f"{logical_id} in {stack.region}",
                          f"probes {name}, which {closed[0]} disables",
                          file=stack.file)  # fmt: skip


def _resources(subject: ApplicationSubject) -> Iterator[tuple[RegionalStack, str, dict[str, Any]]]:
    for stack in subject.stacks:
        for logical_id, resource in stack.resources.items():
            yield stack, logical_id, {"Properties": {}, **resource}
