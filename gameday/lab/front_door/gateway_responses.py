"""What API Gateway answers by itself, and how an API may customise it (GatewayResponses).

Sources: the pages "Gateway response types for API Gateway" and "Handle Lambda errors in API
Gateway". Without customisation these answers carry no header of the application's, so a failing
Region can only be named by the headers that DEFAULT_4XX and DEFAULT_5XX add.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Answer:
    """A whole answer: status, header pairs and body."""

    status: int
    headers: tuple[tuple[str, str], ...]
    body: bytes


@dataclass(frozen=True, slots=True)
class _Kind:
    status: int
    message: str
    error_type: str
    gateway_type: str


_INTERNAL = "Internal server error"
KINDS = {
    "forbidden": _Kind(403, "Forbidden", "ForbiddenException", "ACCESS_DENIED"),
    "no_route": _Kind(403, "Missing Authentication Token", "MissingAuthenticationTokenException",
                      "MISSING_AUTHENTICATION_TOKEN"),
    "too_large": _Kind(413, "Request Too Long", "RequestTooLargeException", "REQUEST_TOO_LARGE"),
    "throttled": _Kind(500, _INTERNAL, "InternalServerErrorException", "INTEGRATION_FAILURE"),
    "misconfigured": _Kind(500, _INTERNAL, "InternalServerErrorException",
                           "API_CONFIGURATION_ERROR"),
    "function_error": _Kind(502, _INTERNAL, "InternalServerErrorException", "DEFAULT_5XX"),
    "timeout": _Kind(504, "Endpoint request timed out", "InternalServerErrorException",
                     "INTEGRATION_TIMEOUT"),
}  # fmt: skip
"""A throttled function is 500, an error or a malformed answer of the function is 502."""

INTEGRATION_FAILURE_STATUS = 504
"""Customising INTEGRATION_FAILURE brings its own default in place of a throttled function's 500."""


def gateway_response(
    kind: str, customised: Mapping[str, Mapping[str, Any]], request_id: str
) -> Answer:
    """The answer for `kind` (a key of KINDS) under an API's own gateway responses."""
    what = KINDS[kind]
    default = customised.get("DEFAULT_4XX" if what.status < 500 else "DEFAULT_5XX") or {}
    own = customised.get(what.gateway_type) or {}
    status = what.status
    if own and what.gateway_type == "INTEGRATION_FAILURE":
        status = INTEGRATION_FAILURE_STATUS
    chosen = own or default
    headers = {
        "content-type": "application/json",
        "x-amzn-ErrorType": what.error_type,
        **{name: value.strip("'") for name, value in (chosen.get("headers") or {}).items()},
    }
    template = (chosen.get("templates") or {}).get("application/json")
    return Answer(
        int(chosen.get("status") or status),
        tuple(headers.items()),
        _body(template, what, request_id).encode(),
    )


def _body(template: str | None, what: _Kind, request_id: str) -> str:
    if template is None:
        space = " " if what.status >= 500 else ""  # AWS's own two spellings
        return f'{{"message":{space}"{what.message}"}}'
    values = {
        "$context.error.messageString": json.dumps(what.message),
        "$context.error.message": what.message,
        "$context.error.responseType": what.gateway_type,
        "$context.requestId": request_id,
    }
    for name, value in values.items():
        template = template.replace(name, value)
    return template
