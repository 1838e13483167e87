"""Authorizers of REST APIs: explicit ones, and those of an OpenAPI body."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from gameday.lab.template.resource import Made, Resource
from gameday.lab.template.resources import handles

_EXTENSION = "x-amazon-apigateway-authorizer"
_AUTH_TYPE = "x-amazon-apigateway-authtype"
_LAMBDA = ("TOKEN", "REQUEST")


@handles("AWS::ApiGateway::Authorizer", "AuthorizerId")
def authorizer(resource: Resource) -> Made:
    """An authorizer; Ref gives its id."""
    given = resource.some(
        "RestApiId", "Name", "Type", "AuthorizerUri", "IdentitySource", "AuthType",
        "AuthorizerCredentials", "AuthorizerResultTtlInSeconds", "IdentityValidationExpression",
        "ProviderARNs",
    )  # fmt: skip
    if given.get("Type") not in _LAMBDA:
        resource.unread.add(f"Type {given.get('Type')} (lets everybody in)")
    made = resource.call("apigateway", "create_authorizer", **given)
    return Made(made["id"], {"AuthorizerId": made["id"]})


def authorizers_of(resource: Resource, api_id: str, body: Mapping[str, Any]) -> dict[str, str]:
    """Create the Lambda authorizers of an OpenAPI body; id by name. Other kinds are listed."""
    schemes = body.get("securityDefinitions") or {}
    schemes = schemes or (body.get("components") or {}).get("securitySchemes") or {}
    made = {}
    for name, about in schemes.items():
        own = about.get(_EXTENSION) or {}
        kind = str(own.get("type") or about.get(_AUTH_TYPE) or about.get("type")).upper()
        if kind not in _LAMBDA:
            resource.unread.add(f"authorizer {name} of type {kind} (lets everybody in)")
            continue
        header = f"method.request.header.{about.get('name')}"
        source = own.get("identitySource") or (header if kind == "TOKEN" else None)
        made[name] = resource.call(
            "apigateway", "create_authorizer", restApiId=api_id, name=name, type=kind,
            authorizerUri=own.get("authorizerUri"), identitySource=source,
            authorizerCredentials=own.get("authorizerCredentials"),
            authorizerResultTtlInSeconds=own.get("authorizerResultTtlInSeconds"),
            identityValidationExpression=own.get("identityValidationExpression"),
        )["id"]  # fmt: skip
    return made
