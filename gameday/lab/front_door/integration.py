"""What an integration is given and what its result means, by its type; no I/O.

A refusal is a key of `gateway_responses.KINDS`. Types: AWS_PROXY (Lambda, payload formats 1.0 and
2.0), AWS (Lambda custom integration) and MOCK; any other is a configuration error, a 500.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from gameday.lab.front_door import custom_integration
from gameday.lab.front_door.gateway_responses import Answer
from gameday.lab.front_door.hosts import DEFAULT_STAGE, Place
from gameday.lab.front_door.http_event import http_answer, http_event
from gameday.lab.front_door.mapping_template import Scope
from gameday.lab.front_door.proxy_event import (
    Arrival,
    encoded,
    proxy_answer,
    proxy_event,
    query_values,
    request_context,
)
from gameday.lab.front_door.routes import Resource
from gameday.lab.functions.environment import Result
from gameday.lab.http_connection import Request

EVENT_BYTES_MAX = 6 * 1024 * 1024
"""The quota of a synchronous invocation."""

DEFAULT_TYPES = {"http": "text/plain; charset=utf-8", "url": "application/json"}
"""The content type of a format 2.0 answer that names none, by kind of API."""

EVERY_TYPE = frozenset({"*/*"})
"""HTTP APIs decode whatever the function says is base64."""

_encode = json.JSONEncoder(separators=(",", ":"), ensure_ascii=False).encode

Json = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Call:
    """A request that has found its route; `authorizer` is what one of its `kind` gave."""

    request: Request
    place: Place
    resource: Resource
    parameters: Mapping[str, str]
    arrival: Arrival
    authorizer: Json | None = None
    kind: str = "lambda"  # or "jwt"

    @property
    def route_key(self) -> str:
        """The HTTP API's name of the route: `GET /items/{id}` or `$default`."""
        if self.resource.path == DEFAULT_STAGE:
            return DEFAULT_STAGE
        method = self.request.method if self.request.method in self.resource.methods else "ANY"
        return f"{method} {self.resource.path}"

    def arn(self, region: str) -> str:
        """The method's or route's ARN, which an authorizer's policy allows or denies."""
        stage = self.place.stage
        what = f"{self.request.method}{self.place.path}"
        if stage.kind == "http" and self.resource.path == DEFAULT_STAGE:
            what = DEFAULT_STAGE
        account = self.arrival.account
        return f"arn:aws:execute-api:{region}:{account}:{stage.api}/{stage.stage}/{what}"

    def event(self, payload_format: str | None) -> dict[str, Any]:
        """The event of a proxy integration or of an authorizer."""
        if payload_format == "2.0":
            given = None if self.authorizer is None else {self.kind: self.authorizer}
            return http_event(self.request, self.place, self.route_key, self.parameters,
                              self.arrival, given)  # fmt: skip
        return proxy_event(self.request, self.place, self.resource, self.parameters,
                           self.arrival, self.authorizer)  # fmt: skip

    def scope(self) -> Scope:
        """What a mapping template of this request can see."""
        headers = {n.decode("latin-1"): v.decode("latin-1") for n, v in self.request.headers}
        query = {name: values[-1] for name, values in query_values(self.arrival.query).items()}
        context = request_context(self.request, self.place, self.resource, self.arrival)
        return Scope(
            body=self.request.body.decode("utf-8", "replace"),
            parameters={"path": self.parameters, "querystring": query, "header": headers},
            context={**context, "routeKey": self.route_key, "authorizer": self.authorizer or {}},
            stage_variables=self.place.stage.variables or {},
        )


def payload(integration: Json, call: Call) -> bytes | str:
    """What goes to the integration, or the kind of the refusal."""
    if integration.get("permitted") is False:
        return "misconfigured"
    if integration["type"] == "AWS_PROXY" and integration.get("function"):
        return _sized(encoded(_encode(call.event(integration.get("payload")))))
    if integration["type"] == "MOCK" or (
        integration["type"] == "AWS" and integration.get("function")
    ):
        return _mapped(integration, call)
    return "misconfigured"


def mock(integration: Json, call: Call, given: bytes) -> Answer | str:
    """The answer of a MOCK integration that was given `given`."""
    text, accept, scope = given.decode(), _accept(call), call.scope()
    return _made(lambda: custom_integration.mock_answer(integration, text, accept, scope))


def answer(integration: Json, call: Call, result: Result) -> Answer | str:
    """The client's answer for what a function's invocation came to, or the kind of the refusal."""
    if result.error == "Throttled":
        return "throttled"
    if integration["type"] == "AWS":
        failed, accept, scope = result.error is not None, _accept(call), call.scope()
        return _made(lambda: custom_integration.lambda_answer(
            integration, result.payload, failed, accept, scope
        ))  # fmt: skip
    if result.error is not None:
        return "function_error"
    stage = call.place.stage
    if integration.get("payload") == "2.0":
        return http_answer(result.payload, DEFAULT_TYPES[stage.kind]) or "function_error"
    types = stage.binary_types if stage.kind == "rest" else EVERY_TYPE
    return proxy_answer(result.payload, types, _accept(call)) or "function_error"


def _mapped(integration: Json, call: Call) -> bytes | str:
    content_type = call.request.text(b"content-type") or ""
    try:
        text = custom_integration.request_payload(integration, content_type, call.scope())
    except ValueError:  # a template asks for what is not offered; the deployment has named it
        return "misconfigured"
    if text is None:
        return "unsupported_media"
    if integration["type"] == "AWS" and not _is_json(text or "{}"):
        return "not_json"
    return _sized(encoded(text or "{}"))


def _made(make: Callable[[], Answer | None]) -> Answer | str:
    """What `make` gives; the refusal where it gives nothing or a template cannot be rendered."""
    try:
        return make() or "misconfigured"
    except ValueError:
        return "misconfigured"


def _sized(event: bytes) -> bytes | str:
    return event if len(event) <= EVENT_BYTES_MAX else "too_large"


def _is_json(text: str) -> bool:
    try:
        json.loads(text)
    except ValueError:
        return False
    return True


def _accept(call: Call) -> str:
    return call.request.text(b"accept") or ""
