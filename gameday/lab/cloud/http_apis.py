"""HTTP APIs and function URLs of the control plane, in the shapes that Regions are told.

What the two kinds of API Gateway say alike (authorizers, integration targets) is here as well.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterable, Mapping
from typing import Any
from urllib.parse import urlsplit

from gameday.lab.cloud.moto_app import Moto
from gameday.lab.cloud.permissions import Permissions

Body = dict[str, Any]

_FUNCTION = re.compile(r":function:([^:/]+(?::[^:/]+)?)")
_VARIABLE = re.compile(r"\$\{stageVariables\.(\w+)\}")
_SOURCE = re.compile(r"(?:\$|method\.)request\.(header|querystring)\.(.+)|\$?stageVariables\.(.+)")
_TIMEOUT_MS = 30_000
REST_TTL_S = 300


def function_of(uri: str | None, variables: Mapping[str, str] | None = None) -> str | None:
    """The function in an ARN or an integration's URI: `NAME`, or `NAME:QUALIFIER`.

    `variables` are the stage's, which a URI may name (`${stageVariables.alias}`).
    """
    given = variables or {}
    whole = _VARIABLE.sub(lambda found: str(given.get(found[1], "")), uri or "")
    function = _FUNCTION.search(whole)
    return function[1] if function else None


def identity_sources(sources: Iterable[str]) -> list[str]:
    """`$request.header.Auth` and `method.request.header.Auth` as `header.Auth`."""
    named = []
    for source in sources:
        found = _SOURCE.fullmatch(source.strip())
        stage = f"stage.{found[3]}" if found and found[3] else source.strip()
        named.append(f"{found[1]}.{found[2]}" if found and found[1] else stage)
    return named


def http_apis(moto: Moto, region: str) -> list[Body]:
    """One entry for each stage of each HTTP API of a Region."""
    if not _in_use(moto):
        return []
    may = Permissions(moto, region)
    return [
        {
            "id": api.api_id,
            "name": api.name,
            "kind": "http",
            "stage": stage.name,
            "stage_variables": dict(stage.stage_variables or {}),
            "binary_types": [],
            "routes": sorted(_routes(api, stage, may), key=lambda r: (r["path"], r["method"])),
            "gateway_responses": {},
            "cors": _cors(api.cors_configuration),
            "invoke_host_closed": str(api.disable_execute_api_endpoint).lower() == "true",
        }
        for api in moto.backend("apigatewayv2", region).apis.values()
        if api.protocol_type == "HTTP"
        for stage in api.stages.values()
    ]


def http_domains(moto: Moto, region: str) -> dict[str, list[Body]]:
    """The custom domains that were made by version 2 of the API, and their mappings."""
    if not _in_use(moto):
        return {}
    backend = moto.backend("apigatewayv2", region)
    found: dict[str, list[Body]] = {name: [] for name in backend.domain_names}
    for mapping in backend.api_mappings.values():
        found[mapping.domain_name].append(
            {"base_path": mapping.api_mapping_key or "", "api": mapping.api_id,
             "stage": mapping.stage}
        )  # fmt: skip
    return found


def function_urls(moto: Moto, region: str) -> list[Body]:
    """Each function URL as an API of one route."""
    if not moto.used("lambda"):
        return []
    found = []
    for function in moto.backend("lambda", region).list_functions():
        if function.url_config is not None:
            host = urlsplit(function.url_config.url).hostname or ""
            qualifier = getattr(function.url_config, "qualifier", None)
            name = function.function_name
            integration = {"type": "AWS_PROXY",
                           "function": f"{name}:{qualifier}" if qualifier else name,
                           "payload": "2.0", "timeout_ms": 900_000}  # fmt: skip
            found.append(
                {"id": host.partition(".")[0], "name": function.function_name, "kind": "url",
                 "stage": "$default", "stage_variables": {}, "binary_types": [],
                 "routes": [{"method": "ANY", "path": "$default", "integration": integration}],
                 "gateway_responses": {}, "cors": _cors(function.url_config.config.get("Cors"))}
            )  # fmt: skip
    return found


def _in_use(moto: Moto) -> bool:
    """Whether version 2 was ever called: looking at its state would import it."""
    return moto.used("apigateway") and "moto.apigatewayv2.models" in sys.modules


def _routes(api: Any, stage: Any, may: Permissions) -> Iterable[Body]:
    for route in api.routes.values():
        integration = api.integrations.get((route.target or "").removeprefix("integrations/"))
        if integration is None:
            continue
        method, _, path = route.route_key.rpartition(" ")
        body: Body = {
            "type": integration.integration_type,
            "function": function_of(integration.integration_uri, stage.stage_variables),
            "timeout_ms": integration.timeout_in_millis or _TIMEOUT_MS,
            "payload": integration.payload_format_version or "1.0",
        }
        body |= may.missing(body["function"], api.api_id, integration.credentials_arn)
        authorizer = api.authorizers.get(route.authorizer_id)
        if authorizer is not None and route.authorization_type == "CUSTOM":
            guard = _authorizer(authorizer)
            role = authorizer.auth_creds_arn
            body["authorizer"] = guard | may.missing(guard["function"], api.api_id, role)
        elif authorizer is not None and route.authorization_type == "JWT":
            body |= {"authorizer": _jwt(authorizer), "scopes": route.authorization_scopes or []}
        limit = _limit(stage, route.route_key)
        if limit:
            body["throttle"] = limit
        yield {"method": method or "ANY", "path": path, "integration": body}


def _authorizer(authorizer: Any) -> Body:
    return {
        "id": authorizer.id,
        "type": "REQUEST",
        "function": function_of(authorizer.authorizer_uri),
        "identity": identity_sources(authorizer.identity_source or []),
        "ttl_s": int(authorizer.auth_result_ttl or 0),
        "payload": authorizer.auth_payload_format_version or "1.0",
        "simple": str(authorizer.enable_simple_response).lower() == "true",
    }


def _jwt(authorizer: Any) -> Body:
    about = {_lower(name): value for name, value in (authorizer.jwt_config or {}).items()}
    return {
        "id": authorizer.id,
        "type": "JWT",
        "identity": identity_sources(authorizer.identity_source or []),
        "issuer": about.get("issuer"),
        "audience": about.get("audience") or [],
    }


def _limit(stage: Any, route_key: str) -> list[float] | None:
    """`[requests per AWS second, burst]` of a route: its own settings, else the stage's."""
    own: Mapping[str, Any] = (stage.route_settings or {}).get(route_key) or {}
    settings = {_lower(k): v for k, v in {**(stage.default_route_settings or {}), **own}.items()}
    rate = settings.get("throttlingRateLimit")
    if rate is None:
        return None
    return [float(rate), float(settings.get("throttlingBurstLimit") or rate)]


def _cors(configuration: Mapping[str, Any] | None) -> Body | None:
    if not configuration:
        return None
    cors = {_lower(name): value for name, value in configuration.items()}
    return {
        "allow_origins": cors.get("allowOrigins") or [],
        "allow_methods": cors.get("allowMethods") or [],
        "allow_headers": cors.get("allowHeaders") or [],
        "expose_headers": cors.get("exposeHeaders") or [],
        "allow_credentials": bool(cors.get("allowCredentials")),
        "max_age_s": cors.get("maxAge"),
    }


def _lower(name: str) -> str:
    return name[:1].lower() + name[1:]
