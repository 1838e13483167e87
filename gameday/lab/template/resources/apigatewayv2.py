"""API Gateway HTTP APIs: from an OpenAPI body as SAM writes it, or from explicit routes.

WebSocket APIs and VPC links are not in the lab; signatures of JWTs are not checked.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from gameday.errors import TemplateError
from gameday.lab.cloud.moto_app import EXECUTE_API_ZONES, OTHER_EXECUTE_API_ZONE
from gameday.lab.template.resource import Made, Resource, tags_of
from gameday.lab.template.resources import handles
from gameday.templates import body_methods

_PREFIX = "x-amazon-apigateway-"
_READ_IN_BODY = frozenset({"openapi", "info", "paths", "tags", "components", f"{_PREFIX}cors"})
_CORS = ("AllowCredentials", "AllowHeaders", "AllowMethods", "AllowOrigins", "ExposeHeaders",
         "MaxAge")  # fmt: skip
_INTEGRATION = {
    "type": "IntegrationType", "uri": "IntegrationUri", "httpMethod": "IntegrationMethod",
    "payloadFormatVersion": "PayloadFormatVersion", "timeoutInMillis": "TimeoutInMillis",
    "connectionType": "ConnectionType", "credentials": "CredentialsArn",
}  # fmt: skip
_AUTHORIZER = {
    "authorizerUri": "AuthorizerUri", "authorizerCredentialsArn": "AuthorizerCredentialsArn",
    "identitySource": "IdentitySource",
    "authorizerPayloadFormatVersion": "AuthorizerPayloadFormatVersion",
    "enableSimpleResponses": "EnableSimpleResponses",
    "authorizerResultTtlInSeconds": "AuthorizerResultTtlInSeconds",
}  # fmt: skip


_UNSIGNED = "the signatures of its tokens (their claims are checked)"


@handles("AWS::ApiGatewayV2::Api", "ApiEndpoint", "ApiId")
def api(resource: Resource) -> Made:
    """An HTTP API with the routes of its body, if it has one; Ref gives its id."""
    body = resource.take("Body") or {}
    resource.take("FailOnWarnings")
    title = (body.get("info") or {}).get("title")
    name = resource.take("Name") or title or resource.generated()
    cors = resource.take("CorsConfiguration") or body.get(f"{_PREFIX}cors")
    made = _call(
        resource, "create_api", Name=name, ProtocolType=resource.take("ProtocolType", "HTTP"),
        CorsConfiguration=_cors(cors), Tags=tags_of(resource.take("Tags")) or None,
        **resource.some("Description", "DisableExecuteApiEndpoint", "Version"),
    )  # fmt: skip
    api_id = made["ApiId"]
    _routes(resource, api_id, body)
    target = resource.take("Target")
    if target:
        resource.take("RouteKey")
        integration = _integration(resource, api_id, {"type": "AWS_PROXY", "uri": target,
                                                      "payloadFormatVersion": "2.0"})  # fmt: skip
        key = resource.properties.get("RouteKey") or "$default"
        _call(resource, "create_route", ApiId=api_id, RouteKey=key, Target=integration)
        _call(resource, "create_stage", ApiId=api_id, StageName="$default", AutoDeploy=True)
    resource.unread.update(f"Body.{key}" for key in body.keys() - _READ_IN_BODY)
    return Made(api_id, {"ApiId": api_id, "ApiEndpoint": made["ApiEndpoint"]})


@handles("AWS::ApiGatewayV2::Integration", "IntegrationId")
def integration(resource: Resource) -> Made:
    """What a route calls; Ref gives its id."""
    names = ("ApiId", "ConnectionType", "CredentialsArn", "Description", "IntegrationMethod",
             "IntegrationType", "IntegrationUri", "PayloadFormatVersion",
             "TimeoutInMillis")  # fmt: skip
    given = resource.some(*names)
    if given.get("IntegrationType") != "AWS_PROXY":
        resource.unread.add(f"IntegrationType {given.get('IntegrationType')} (answers 500)")
    made = _call(resource, "create_integration", **given)
    return Made(made["IntegrationId"], {"IntegrationId": made["IntegrationId"]})


@handles("AWS::ApiGatewayV2::Route", "RouteId")
def route(resource: Resource) -> Made:
    """A route; Ref gives its id."""
    given = resource.some("ApiId", "RouteKey", "Target", "AuthorizationType", "AuthorizerId",
                          "AuthorizationScopes", "OperationName")  # fmt: skip
    kind = given.get("AuthorizationType")
    if kind == "AWS_IAM":
        resource.unread.add("AuthorizationType AWS_IAM (lets everybody in)")
    elif kind in ("CUSTOM", "JWT") and not given.get("AuthorizerId"):
        raise TemplateError(f"AuthorizationType {kind} needs the property AuthorizerId")
    made = _call(resource, "create_route", **given)
    return Made(made["RouteId"], {"RouteId": made["RouteId"]})


@handles("AWS::ApiGatewayV2::Authorizer", "AuthorizerId")
def authorizer(resource: Resource) -> Made:
    """A Lambda or JWT authorizer; Ref gives its id."""
    given = resource.some("ApiId", "AuthorizerType", "Name", "JwtConfiguration",
                          *_AUTHORIZER.values())  # fmt: skip
    given.setdefault("IdentitySource", [])
    if given.get("AuthorizerType") == "JWT":
        resource.unread.add(_UNSIGNED)
    made = _call(resource, "create_authorizer", **given)
    return Made(made["AuthorizerId"], {"AuthorizerId": made["AuthorizerId"]})


@handles("AWS::ApiGatewayV2::Stage")
def stage(resource: Resource) -> Made:
    """A stage; Ref gives its name."""
    name = resource.need("StageName")
    _call(
        resource, "create_stage", StageName=name, Tags=tags_of(resource.take("Tags")) or None,
        **resource.some("ApiId", "AutoDeploy", "DefaultRouteSettings", "DeploymentId",
                        "Description", "RouteSettings", "StageVariables"),
    )  # fmt: skip
    return Made(str(name))


@handles("AWS::ApiGatewayV2::Deployment", "DeploymentId")
def deployment(resource: Resource) -> Made:
    """Nothing to do: the lab serves the API as it is, not as it was then."""
    resource.some("ApiId", "Description", "StageName")
    name = resource.generated(20)
    return Made(name, {"DeploymentId": name})


@handles("AWS::ApiGatewayV2::DomainName", "RegionalDomainName", "RegionalHostedZoneId",
         "DomainNameArn")  # fmt: skip
def domain_name(resource: Resource) -> Made:
    """A custom domain name; its Regional name is what alias records point to."""
    name = resource.need("DomainName")
    _call(resource, "create_domain_name", DomainName=name,
          Tags=tags_of(resource.take("Tags")) or None,
          **resource.some("DomainNameConfigurations"))  # fmt: skip
    target = f"d-{resource.generated()[-10:].lower()}.execute-api.{resource.region}.amazonaws.com"
    arn = f"arn:aws:apigateway:{resource.region}::/domainnames/{name}"
    zone = EXECUTE_API_ZONES.get(resource.region, OTHER_EXECUTE_API_ZONE)
    return Made(str(name), {"RegionalDomainName": target, "RegionalHostedZoneId": zone,
                            "DomainNameArn": arn})  # fmt: skip


@handles("AWS::ApiGatewayV2::ApiMapping", "ApiMappingId")
def api_mapping(resource: Resource) -> Made:
    """Which API a custom domain name serves below a key."""
    key = resource.take("ApiMappingKey", "")
    made = _call(resource, "create_api_mapping", ApiMappingKey=key,
                 **resource.some("ApiId", "DomainName", "Stage"))  # fmt: skip
    return Made(made["ApiMappingId"], {"ApiMappingId": made["ApiMappingId"]})


def _call(resource: Resource, method: str, **given: Any) -> Any:
    return resource.call("apigatewayv2", method, **given)


def _cors(value: Mapping[str, Any] | None) -> dict[str, Any] | None:
    """CORS as the API wants it; SAM's `CorsConfiguration: true` allows every origin."""
    if not value:
        return None
    if not isinstance(value, Mapping):
        return {"AllowOrigins": ["*"]}
    return {name: item for name, item in (
        (n, value.get(n, value.get(n[:1].lower() + n[1:]))) for n in _CORS
    ) if item is not None}  # fmt: skip


def _routes(resource: Resource, api_id: str, body: Mapping[str, Any]) -> None:
    schemes = (body.get("components") or {}).get("securitySchemes") or {}
    authorizers = {name: _body_authorizer(resource, api_id, name, about)
                   for name, about in schemes.items()}  # fmt: skip
    targets: dict[str, str] = {}
    for path, verb, operation in body_methods(body):
        about = operation.get(f"{_PREFIX}integration")
        if about is None:
            resource.unread.add(f"Body.paths.{path}.{verb.lower()} (it has no integration)")
            continue
        target = targets.setdefault(repr(about), "") or _integration(resource, api_id, about)
        targets[repr(about)] = target
        guard = _guard(operation, authorizers)
        key = path if path == "$default" else f"{verb} {path}"
        _call(resource, "create_route", ApiId=api_id, RouteKey=key, Target=target, **guard)


def _integration(resource: Resource, api_id: str, about: Mapping[str, Any]) -> str:
    given = {_INTEGRATION[k]: v for k, v in about.items() if k in _INTEGRATION}
    given["IntegrationType"] = str(given.get("IntegrationType", "AWS_PROXY")).upper()
    resource.unread.update(f"Body integration {k}" for k in about.keys() - _INTEGRATION.keys())
    if given["IntegrationType"] != "AWS_PROXY":
        resource.unread.add(f"Body integration of type {given['IntegrationType']} (answers 500)")
    made = _call(resource, "create_integration", ApiId=api_id, **given)
    return f"integrations/{made['IntegrationId']}"


def _guard(
    operation: Mapping[str, Any], authorizers: Mapping[str, tuple[str, str] | None]
) -> dict[str, Any]:
    """How a route is guarded: by the first authorizer that its `security` names."""
    for wanted in operation.get("security") or []:
        for name, scopes in wanted.items():
            found = authorizers.get(name)
            if found:
                kind, authorizer_id = found
                given = {"AuthorizationType": kind, "AuthorizerId": authorizer_id}
                return given | ({"AuthorizationScopes": scopes} if scopes else {})
    return {}


def _body_authorizer(
    resource: Resource, api_id: str, name: str, about: Mapping[str, Any]
) -> tuple[str, str] | None:
    """The route's AuthorizationType and the id; None for a kind that is not modelled but listed."""
    own = about.get(f"{_PREFIX}authorizer") or {}
    kind = str(own.get("type", "")).upper()
    if kind not in ("REQUEST", "JWT"):
        resource.unread.add(f"authorizer {name} of type {own.get('type')} (lets everybody in)")
        return None
    if kind == "JWT":
        resource.unread.add(f"authorizer {name}: {_UNSIGNED}")
    given = {_AUTHORIZER[k]: v for k, v in own.items() if k in _AUTHORIZER}
    sources = given.get("IdentitySource") or []
    given["IdentitySource"] = sources if isinstance(sources, list) else sources.split(",")
    made = _call(resource, "create_authorizer", ApiId=api_id, Name=name, AuthorizerType=kind,
                 JwtConfiguration=own.get("jwtConfiguration"), **given)  # fmt: skip
    return ("JWT" if kind == "JWT" else "CUSTOM"), str(made["AuthorizerId"])
