"""API Gateway REST APIs: from an OpenAPI body as SAM writes it, or from explicit resources."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from gameday.lab.template.intrinsics import text
from gameday.lab.template.resource import Made, Resource, tags_of
from gameday.lab.template.resources import handles
from gameday.lab.template.resources.authorizers import authorizers_of
from gameday.lab.template.resources.rest_integrations import put_integration
from gameday.templates import body_methods

_PREFIX = "x-amazon-apigateway-"
_READ_IN_BODY = frozenset(
    {"openapi", "swagger", "info", "paths", f"{_PREFIX}gateway-responses",
     f"{_PREFIX}binary-media-types", "securityDefinitions", "components"}
)  # fmt: skip
_OPERATION_READ = frozenset(
    {f"{_PREFIX}integration", "responses", "parameters", "summary", "description", "operationId",
     "tags", "consumes", "produces", "security"}
)  # fmt: skip


_METHOD_SETTINGS = {
    "ThrottlingRateLimit": "throttling/rateLimit", "ThrottlingBurstLimit": "throttling/burstLimit",
    "MetricsEnabled": "metrics/enabled", "LoggingLevel": "logging/loglevel",
    "DataTraceEnabled": "logging/dataTrace",
}  # fmt: skip


@handles("AWS::ApiGateway::RestApi", "RootResourceId", "RestApiId")
def rest_api(resource: Resource) -> Made:
    """A REST API with the routes of its body, if it has one; Ref gives its id."""
    body = resource.take("Body") or {}
    name = resource.take("Name") or (body.get("info") or {}).get("title") or resource.generated()
    binary = resource.take("BinaryMediaTypes") or body.get(f"{_PREFIX}binary-media-types")
    made = resource.call(
        "apigateway", "create_rest_api", Name=name, BinaryMediaTypes=binary,
        tags=tags_of(resource.take("Tags")) or None,
        **resource.some("Description", "EndpointConfiguration", "DisableExecuteApiEndpoint",
                        "ApiKeySourceType", "MinimumCompressionSize", "Policy"),
    )  # fmt: skip
    resource.take("Parameters")  # how a body is imported: nothing to import here
    api_id = made["id"]
    root = made.get("rootResourceId") or _root(resource, api_id)
    _routes(resource, api_id, root, body, authorizers_of(resource, api_id, body))
    for kind, response in (body.get(f"{_PREFIX}gateway-responses") or {}).items():
        _put_gateway_response(resource, api_id, kind, response)
    resource.unread.update(f"Body.{key}" for key in body.keys() - _READ_IN_BODY)
    return Made(api_id, {"RootResourceId": root, "RestApiId": api_id})


@handles("AWS::ApiGateway::Account", "Id")
def account(resource: Resource) -> Made:
    """The account's role for logs, which the lab's API Gateway does not write."""
    resource.take("CloudWatchRoleArn")
    name = resource.generated()
    return Made(name, {"Id": name})


@handles("AWS::ApiGateway::Resource", "ResourceId")
def api_resource(resource: Resource) -> Made:
    """One segment of a path."""
    made = resource.call("apigateway", "create_resource",
                         **resource.some("RestApiId", "ParentId", "PathPart"))  # fmt: skip
    return Made(made["id"], {"ResourceId": made["id"]})


@handles("AWS::ApiGateway::Method")
def method(resource: Resource) -> Made:
    """A method of a resource with its integration."""
    place = resource.some("RestApiId", "ResourceId", "HttpMethod")
    kind = resource.take("AuthorizationType", "NONE")
    if kind not in ("NONE", "CUSTOM"):
        resource.unread.add(f"AuthorizationType {kind} (lets everybody in)")
    if text(resource.take("ApiKeyRequired", False)).lower() == "true":
        resource.unread.add("ApiKeyRequired (lets everybody in)")
    resource.call(
        "apigateway", "put_method", **place, AuthorizationType=kind,
        **resource.some("AuthorizerId", "RequestParameters", "OperationName"),
    )  # fmt: skip
    for response in resource.take("MethodResponses", []):
        resource.call("apigateway", "put_method_response", **place, **response)
    integration = resource.take("Integration")
    if integration:
        lowered = {_lower(k): v for k, v in integration.items()}
        put_integration(resource, place, lowered, str(place.get("HttpMethod")))
    return Made(resource.generated())


@handles("AWS::ApiGateway::Deployment", "DeploymentId")
def deployment(resource: Resource) -> Made:
    """A deployment; the lab serves the API as it is, not as it was then."""
    made = resource.call("apigateway", "create_deployment",
                         **resource.some("RestApiId", "StageName", "Description"))  # fmt: skip
    return Made(made["id"], {"DeploymentId": made["id"]})


@handles("AWS::ApiGateway::Stage")
def stage(resource: Resource) -> Made:
    """A stage; Ref gives its name."""
    name = resource.need("StageName")
    resource.call(
        "apigateway", "create_stage", StageName=name, Tags=tags_of(resource.take("Tags")) or None,
        **resource.some("RestApiId", "DeploymentId", "Description", "Variables", "TracingEnabled"),
    )  # fmt: skip
    changes = [
        {"op": "replace", "path": f"/{path}/{key}", "value": text(setting[member])}
        for setting in resource.take("MethodSettings", [])
        for path in [method_path(setting)]
        for member, key in _METHOD_SETTINGS.items()
        if member in setting
    ]
    if changes:
        resource.call("apigateway", "update_stage", StageName=name, patchOperations=changes,
                      RestApiId=resource.need("RestApiId"))  # fmt: skip
    return Made(str(name))


@handles("AWS::ApiGateway::GatewayResponse", "Id")
def gateway_response(resource: Resource) -> Made:
    """The gateway's own answer to one kind of error."""
    kind = resource.need("ResponseType")
    _name_mapped(resource, kind, resource.properties.get("ResponseParameters"))
    resource.call(
        "apigateway", "put_gateway_response", ResponseType=kind,
        **resource.some("RestApiId", "StatusCode", "ResponseParameters", "ResponseTemplates"),
    )  # fmt: skip
    return Made(kind, {"Id": kind})


@handles(
    "AWS::ApiGateway::DomainName", "RegionalDomainName", "RegionalHostedZoneId",
    "DistributionDomainName", "DistributionHostedZoneId", "DomainNameArn",
)  # fmt: skip
def domain_name(resource: Resource) -> Made:
    """A custom domain name; its Regional name is what alias records point to."""
    name = resource.need("DomainName")
    made = resource.call(
        "apigateway", "create_domain_name", DomainName=name,
        Tags=tags_of(resource.take("Tags")) or None,
        **resource.some("CertificateArn", "RegionalCertificateArn", "EndpointConfiguration",
                        "SecurityPolicy"),
    )  # fmt: skip
    arn = f"arn:aws:apigateway:{resource.region}::/domainnames/{name}"
    return Made(
        name,
        {
            "RegionalDomainName": made.get("regionalDomainName", ""),
            "RegionalHostedZoneId": made.get("regionalHostedZoneId", ""),
            "DistributionDomainName": made.get("distributionDomainName", ""),
            "DistributionHostedZoneId": made.get("distributionHostedZoneId", ""),
            "DomainNameArn": arn,
        },
    )


@handles("AWS::ApiGateway::BasePathMapping")
def base_path_mapping(resource: Resource) -> Made:
    """Which API a custom domain name serves below a base path."""
    domain, base_path = resource.need("DomainName"), resource.take("BasePath")
    resource.call("apigateway", "create_base_path_mapping", DomainName=domain, BasePath=base_path,
                  **resource.some("RestApiId", "Stage"))  # fmt: skip
    return Made(f"{domain}|{base_path or '(none)'}")


def method_path(setting: Mapping[str, Any]) -> str:
    """The place of a MethodSetting in a patch: `*/*`, or `~1items~1{id}/GET`."""
    path, verb = setting.get("ResourcePath", "/*"), setting.get("HttpMethod", "*")
    return f"*/{verb}" if path == "/*" else f"{path.replace('/', '~1')}/{verb}"


def _root(resource: Resource, api_id: str) -> str:
    items = resource.call("apigateway", "get_resources", restApiId=api_id)["items"]
    return next(str(item["id"]) for item in items if item["path"] == "/")


def _routes(
    resource: Resource, api_id: str, root: str, body: Mapping[str, Any],
    authorizers: Mapping[str, str],
) -> None:  # fmt: skip
    ids = {"": root}
    for path, verb, operation in body_methods(body):
        resource_id = _segments(resource, api_id, path, ids)
        place = {"restApiId": api_id, "resourceId": resource_id, "httpMethod": verb}
        found = [authorizers[n] for s in operation.get("security") or [] for n in s
                 if n in authorizers]  # fmt: skip
        guard = {"authorizationType": "CUSTOM", "authorizerId": found[0]} if found else {}
        resource.call("apigateway", "put_method", **place, **{"authorizationType": "NONE"} | guard)
        left = operation.keys() - _OPERATION_READ
        resource.unread.update(f"Body.paths.{path}.{verb.lower()}.{key}" for key in left)
        integration = operation.get(f"{_PREFIX}integration")
        if integration:
            put_integration(resource, place, dict(integration), f"{verb} {path}")


def _segments(resource: Resource, api_id: str, path: str, ids: dict[str, str]) -> str:
    """The id of the resource at `path`; segments on the way are created once."""
    whole = ""
    for part in filter(None, path.split("/")):
        parent, whole = ids[whole], f"{whole}/{part}"
        if whole not in ids:
            ids[whole] = resource.call("apigateway", "create_resource", restApiId=api_id,
                                       parentId=parent, pathPart=part)["id"]  # fmt: skip
    return ids[whole]


def _put_gateway_response(
    resource: Resource, api_id: str, kind: str, response: Mapping[str, Any]
) -> None:
    _name_mapped(resource, kind, response.get("responseParameters"))
    resource.call(
        "apigateway", "put_gateway_response", restApiId=api_id, responseType=kind,
        statusCode=response.get("statusCode"),
        responseParameters=response.get("responseParameters"),
        responseTemplates=response.get("responseTemplates"),
    )  # fmt: skip


def _name_mapped(resource: Resource, kind: str, parameters: Mapping[str, Any] | None) -> None:
    """Gateway responses carry static headers here; mapped ones are listed."""
    for name, value in (parameters or {}).items():
        if not str(value).startswith("'"):
            resource.unread.add(f"{kind}: {name}: {value}")


def _lower(name: str) -> str:
    return name[:1].lower() + name[1:]
