"""What the data plane must know, read from the control plane's state: bodies of snapshots.

The shapes are those of docs/architecture.md. Nothing here changes state; `Publisher` sends a
body only when it differs from the last one sent.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Iterable
from typing import Any

from gameday.lab.channel import Channel
from gameday.lab.cloud.http_apis import (
    REST_TTL_S,
    function_of,
    function_urls,
    http_apis,
    http_domains,
    identity_sources,
)
from gameday.lab.cloud.moto_app import Moto
from gameday.lab.cloud.permissions import Permissions
from gameday.lab.log import log

Body = dict[str, Any]

_HEADER = "gatewayresponse.header."
_TIMEOUT_MS = 29_000


def apis(moto: Moto, region: str) -> list[Body]:
    """One entry for each stage of each API of a Region, and one for each function URL.

    On AWS a stage serves the API as it was when deployed; here it serves the API as it is.
    """
    return _rest_apis(moto, region) + http_apis(moto, region) + function_urls(moto, region)


def _rest_apis(moto: Moto, region: str) -> list[Body]:
    if not moto.used("apigateway"):
        return []
    may = Permissions(moto, region)
    return [
        {
            "id": api.id,
            "name": api.name,
            "kind": "rest",
            "stage": stage.name,
            "stage_variables": dict(stage.variables or {}),
            "binary_types": list(api.binaryMediaTypes or []),
            "routes": sorted(_routes(api, stage, may), key=lambda r: (r["path"], r["method"])),
            "gateway_responses": {
                name: _gateway_response(r) for name, r in sorted(api.gateway_responses.items())
            },
            "invoke_host_closed": bool(api.disableExecuteApiEndpoint),
        }
        for api in moto.backend("apigateway", region).apis.values()
        for stage in api.stages.values()
    ]


def _routes(api: Any, stage: Any, may: Permissions) -> Iterable[Body]:
    for resource in api.resources.values():
        path = resource.get_path()
        for name, method in resource.resource_methods.items():
            if method.method_integration is not None:
                about = method.method_integration.to_json()
                integration = _integration(about, stage)
                integration |= may.missing(integration["function"], api.id, about["credentials"])
                authorizer = api.authorizers.get(method.authorizer_id)
                if authorizer is not None and method.authorization_type == "CUSTOM":
                    guard = _authorizer(authorizer)
                    role = authorizer.authorizer_credentials
                    integration["authorizer"] = guard | may.missing(guard["function"], api.id, role)
                limit = _limit(stage.method_settings, path, name)
                if limit:
                    integration["throttle"] = limit
                yield {"method": name, "path": path, "integration": integration}


def _integration(integration: Body, stage: Any) -> Body:
    return {
        "type": integration["type"],
        "function": function_of(integration["uri"], stage.variables),
        "timeout_ms": int(integration["timeoutInMillis"] or _TIMEOUT_MS),
        "templates": integration["requestTemplates"] or {},
        "passthrough": integration["passthroughBehavior"] or "WHEN_NO_MATCH",
        "responses": integration["integrationResponses"] or {},
    }


def _authorizer(authorizer: Any) -> Body:
    ttl = authorizer.authorizer_result_ttl
    sources = filter(None, (authorizer.identity_source or "").split(","))
    return {
        "id": authorizer.id,
        "type": authorizer.type,
        "function": function_of(authorizer.authorizer_uri),
        "identity": identity_sources(sources),
        "ttl_s": REST_TTL_S if ttl is None else int(ttl),
        "pattern": authorizer.identity_validation_expression,
    }


def _limit(settings: Body, path: str, method: str) -> list[float] | None:
    """`[requests per AWS second, burst]` of a method: its own settings, else the stage's."""
    escaped = path.replace("/", "~1")
    for key in (f"{escaped}/{method}", f"{escaped}/*", "*/*"):
        found = settings.get(key)
        if found:
            return [found["throttlingRateLimit"], found["throttlingBurstLimit"]]
    return None


def _gateway_response(response: Any) -> Body:
    """Static headers only (`'value'` in quotes); mapped ones are left out."""
    parameters = (response.response_parameters or {}).items()
    return {
        "headers": {
            name.removeprefix(_HEADER): value[1:-1]
            for name, value in parameters
            if name.startswith(_HEADER) and len(value) > 1 and value[0] == value[-1] == "'"
        },
        "status": int(response.status_code) if response.status_code else None,
        "templates": dict(response.response_templates or {}),
    }


def domains(moto: Moto, region: str) -> dict[str, list[Body]]:
    """The custom domains of a Region and what their base paths lead to."""
    if not moto.used("apigateway"):
        return {}
    backend = moto.backend("apigateway", region)
    return http_domains(moto, region) | {
        name: [
            {
                "base_path": "" if m.base_path == "(none)" else m.base_path,
                "api": m.rest_api_id,
                "stage": m.stage,
            }
            for m in backend.base_path_mappings.get(name, {}).values()
        ]
        for name in backend.domain_names
    }


class Publisher:
    """Sends each child the newest body that concerns it, once."""

    def __init__(self, channel: Channel) -> None:
        self._channel = channel
        self._sent: dict[str, str] = {}
        self.acknowledged: dict[str, int] = {}

    async def publish(self, bodies: dict[str, Callable[[], Body]]) -> None:
        """Send what changed; returns when all have applied it, or after 1 s of wall time."""
        changed = []
        for child, build in bodies.items():
            body = build()
            text = json.dumps(body, sort_keys=True)
            if self._sent.get(child) != text:
                self._sent[child] = text
                changed.append(self._send(child, body))
        if changed:
            await asyncio.gather(*changed)

    async def _send(self, child: str, body: Body) -> None:
        if await self._channel.publish(child, body):
            self.acknowledged[child] = self.acknowledged.get(child, 0) + 1
        else:
            log.warning("%s did not apply its configuration within 1 s", child)

    def forget(self, child: str) -> None:
        """Send the next body to `child` whatever it is: the process was started again."""
        self._sent.pop(child, None)
