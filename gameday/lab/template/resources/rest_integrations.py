"""Integrations of REST APIs on their way into the lab, and which of them it does not run."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from gameday.lab.cloud.http_apis import function_of
from gameday.lab.front_door.custom_integration import left_out
from gameday.lab.template.resource import Resource

_LISTED = ("requestParameters", "contentHandling")
"""Members of a Lambda proxy integration that API Gateway heeds and the lab does not."""


def put_integration(
    resource: Resource, place: dict[str, Any], integration: dict[str, Any], where: str
) -> None:
    """Create the integration of one method, called `where` in the list of what is left out.

    OpenAPI writes `aws_proxy` and `httpMethod`; the API wants `AWS_PROXY` and one more name.
    """
    kind = str(integration.pop("type", "AWS_PROXY")).upper()
    verb = integration.pop("integrationHttpMethod", None) or integration.pop("httpMethod", None)
    responses = integration.pop("responses", None) or integration.pop("integrationResponses", None)
    put = {str(r["statusCode"]): r for r in _responses(responses)}
    for reason in beyond(kind, {**integration, "integrationResponses": put}):
        resource.unread.add(f"{where}: {reason}")
    resource.call("apigateway", "put_integration", **place, type=kind,
                  integrationHttpMethod=verb, **integration)  # fmt: skip
    for about in put.values():
        if "AWS_PROXY" not in kind:
            resource.call("apigateway", "put_method_response", **place,
                          statusCode=about["statusCode"])  # fmt: skip
        resource.call("apigateway", "put_integration_response", **place, **about)


def beyond(kind: str, integration: Mapping[str, Any]) -> Iterator[str]:
    """What the lab leaves out of an integration of type `kind`, each named."""
    if kind == "MOCK" or (kind == "AWS" and function_of(integration.get("uri"))):
        yield from left_out(integration)
    elif kind == "AWS_PROXY":
        yield from (f"{name} of the integration" for name in _LISTED if integration.get(name))
    elif kind == "AWS":
        yield f"integration with {integration.get('uri')} (answers 500)"
    else:
        yield f"integration of type {kind} (answers 500)"


def _responses(responses: Any) -> Iterator[dict[str, Any]]:
    """From OpenAPI's mapping by pattern, or from CloudFormation's list."""
    if isinstance(responses, list):
        for response in responses:
            yield {name[:1].lower() + name[1:]: value for name, value in response.items()}
    for pattern, about in (responses or {}).items() if isinstance(responses, dict) else ():
        selection = {} if pattern == "default" else {"selectionPattern": pattern}
        yield {"statusCode": "200", **selection, **about}
