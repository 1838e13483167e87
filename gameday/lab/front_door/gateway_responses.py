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
    message: str | None
    error_type: str
    gateway_type: str
    message_key: str = "message"


_INTERNAL = "Internal server error"
_NOT_AUTHORIZED = "User is not authorized to access this resource"
KINDS = {
    "forbidden": _Kind(403, "Forbidden", "ForbiddenException", "ACCESS_DENIED"),
    "closed": _Kind(403, "Forbidden", "ForbiddenException", "ACCESS_DENIED"),
    "no_route": _Kind(403, "Missing Authentication Token", "MissingAuthenticationTokenException",
                      "MISSING_AUTHENTICATION_TOKEN"),
    "too_large": _Kind(413, "Request Too Long", "RequestTooLargeException", "REQUEST_TOO_LARGE"),
    "throttled": _Kind(500, _INTERNAL, "InternalServerErrorException", "INTEGRATION_FAILURE"),
    "misconfigured": _Kind(500, _INTERNAL, "InternalServerErrorException",
                           "API_CONFIGURATION_ERROR"),
    "function_error": _Kind(502, _INTERNAL, "InternalServerErrorException", "DEFAULT_5XX"),
    "timeout": _Kind(504, "Endpoint request timed out", "InternalServerErrorException",
                     "INTEGRATION_TIMEOUT"),
    "too_many": _Kind(429, "Too Many Requests", "TooManyRequestsException", "THROTTLED"),
    "unauthorized": _Kind(401, "Unauthorized", "UnauthorizedException", "UNAUTHORIZED"),
    "denied": _Kind(403, _NOT_AUTHORIZED, "AccessDeniedException", "ACCESS_DENIED", "Message"),
    "explicit_deny": _Kind(403, f"{_NOT_AUTHORIZED} with an explicit deny",
                           "AccessDeniedException", "ACCESS_DENIED", "Message"),
    "unsupported_media": _Kind(415, "Unsupported Media Type", "BadRequestException",
                               "UNSUPPORTED_MEDIA_TYPE"),
    "not_json": _Kind(400, "Could not parse request body into json", "BadRequestException",
                      "DEFAULT_4XX"),
    "authorizer_failed": _Kind(500, None, "AuthorizerConfigurationException",
                               "AUTHORIZER_CONFIGURATION_ERROR"),
}  # fmt: skip
"""A throttled function is 500, an error or a malformed answer of the function is 502."""

HTTP_KINDS = {
    "forbidden": (403, "Forbidden"),
    "closed": (404, "Not Found"),
    "no_route": (404, "Not Found"),
    "too_large": (413, "Request Entity Too Large"),
    "throttled": (503, "Service Unavailable"),
    "misconfigured": (500, "Internal Server Error"),
    "function_error": (500, "Internal Server Error"),
    "timeout": (503, "Service Unavailable"),
    "too_many": (429, "Too Many Requests"),
    "unauthorized": (401, "Unauthorized"),
    "denied": (403, "Forbidden"),
    "explicit_deny": (403, "Forbidden"),
    "authorizer_failed": (500, "Internal Server Error"),
}
"""HTTP APIs, which nobody can customise (page "Troubleshooting issues with HTTP API Lambda
integrations"; status and body of throttled functions, timeouts and unknown routes as observed)."""

URL_KINDS = {"throttled": (429, "Rate Exceeded."), "function_error": (502, "Internal Server Error"),
             "timeout": (504, "Gateway Timeout")}  # fmt: skip
"""Function URLs, where they differ from HTTP APIs (observed)."""

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


def http_response(kind: str, api_kind: str) -> Answer:
    """The answer of an HTTP API (`api_kind` http) or a function URL (`url`) for `kind`."""
    own = URL_KINDS if api_kind == "url" else {}
    status, message = own.get(kind) or HTTP_KINDS[kind]
    body = json.dumps({"Message" if api_kind == "url" else "message": message},
                      separators=(",", ":"))  # fmt: skip
    return Answer(status, (("content-type", "application/json"),), body.encode())


def _body(template: str | None, what: _Kind, request_id: str) -> str:
    if template is None:
        space = " " if what.status >= 500 else ""  # AWS's own two spellings
        return f'{{"{what.message_key}":{space}{json.dumps(what.message)}}}'
    values = {
        "$context.error.messageString": json.dumps(what.message),
        "$context.error.message": what.message or "",
        "$context.error.responseType": what.gateway_type,
        "$context.requestId": request_id,
    }
    for name, value in values.items():
        template = template.replace(name, value)
    return template
