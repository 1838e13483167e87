"""REST API Lambda proxy integration: the event of payload format 1.0, and the answer it takes.

Sources: the pages "Input format of a Lambda function for proxy integration" and "Output format
...", and for the renamed headers public captures of API Gateway answers.
"""

from __future__ import annotations

import base64
import functools
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from urllib.parse import parse_qsl

from gameday.lab.front_door.gateway_responses import Answer
from gameday.lab.front_door.hosts import Place
from gameday.lab.front_door.routes import Resource
from gameday.lab.http_connection import Request

REMAPPED = frozenset({"connection", "date", "content-length", "server", "www-authenticate"})
"""The application's headers of these names arrive as `x-amzn-Remapped-*`: an application behind
API Gateway cannot close its clients' connections."""

_BREAKS = frozenset("\r\n\0")
"""Would end a header line and begin something else."""


_TEXT = ("text/", "application/json", "application/javascript", "application/xml")
"""Bodies of these media types are text; every other is base64."""


@dataclass(frozen=True, slots=True)
class Arrival:
    """What the front door knows of a request beyond its bytes."""

    account: str
    request_id: str
    extended_request_id: str
    at: float
    scheme: str
    port: int
    query: str

    @property
    def trace(self) -> str:
        """The value of X-Amzn-Trace-Id."""
        return f"Root=1-{int(self.at):08x}-{self.request_id.replace('-', '')[:24]}"


def proxy_event(
    request: Request, place: Place, resource: Resource, parameters: Mapping[str, str],
    arrival: Arrival, authorizer: Mapping[str, Any] | None = None,
) -> dict[str, Any]:  # fmt: skip
    """The event that the function gets; `authorizer` is what a Lambda authorizer gave."""
    headers = _headers(request, place, arrival)
    single = {name: values[-1] for name, values in headers.items()}
    query = query_values(arrival.query)
    if place.stage.kind == "rest":
        body, is_base64 = _body(request, single, place.stage.binary_types)
    else:
        body, is_base64 = text_or_base64(request, request.text(b"content-type") or "")
    context = request_context(request, place, resource, arrival)
    if place.stage.kind != "rest":
        context |= {"resourceId": None, "authorizer": {"claims": None, "scopes": None}}
        del context["deploymentId"]
    if authorizer is not None:
        context["authorizer"] = authorizer
    return {
        **({} if place.stage.kind == "rest" else {"version": "1.0"}),
        "resource": resource.path,
        "path": place.full_path if place.custom else place.path,
        "httpMethod": request.method,
        "headers": single,
        "multiValueHeaders": headers,
        "queryStringParameters": {k: v[-1] for k, v in query.items()} if query else None,
        "multiValueQueryStringParameters": query or None,
        "pathParameters": parameters or None,
        "stageVariables": place.stage.variables,
        "requestContext": context,
        "body": body,
        "isBase64Encoded": is_base64,
    }


def proxy_answer(payload: bytes, binary_types: frozenset[str], accept: str) -> Answer | None:
    """The answer that a function's payload means; None when it is malformed (502 on AWS)."""
    try:
        answer = json.loads(payload)
    except ValueError:
        return None
    if not isinstance(answer, dict):
        return None
    status = status_of(answer.get("statusCode"))
    headers = _answer_headers(answer)
    body = answer.get("body")
    if status is None or headers is None or not isinstance(body, str | None):
        return None
    raw = encoded(body or "")
    if answer.get("isBase64Encoded") and _is_binary(accept, headers, binary_types):
        try:
            raw = base64.b64decode(raw, validate=True)
        except ValueError:
            return None
    return Answer(status, tuple(headers), raw)


def _headers(request: Request, place: Place, arrival: Arrival) -> dict[str, list[str]]:
    headers: dict[str, list[str]] = {}
    forwarded = request.peer
    for raw_name, raw_value in request.headers:
        name, value = raw_name.decode("latin-1"), raw_value.decode("latin-1")
        lower = name.lower()
        if lower == "x-forwarded-for":
            forwarded = f"{value}, {request.peer}"
        elif lower not in ("connection", "transfer-encoding", "expect"):
            headers.setdefault("Host" if lower == "host" else name, []).append(value)
    headers["X-Amzn-Trace-Id"] = [arrival.trace]
    headers["X-Forwarded-For"] = [forwarded]
    headers["X-Forwarded-Port"] = [str(arrival.port)]
    headers["X-Forwarded-Proto"] = [arrival.scheme]
    return headers


def query_values(text: str) -> dict[str, list[str]]:
    """The decoded values of a query string, by name, in their order."""
    values: dict[str, list[str]] = {}
    if text:
        for name, value in parse_qsl(text, keep_blank_values=True):
            values.setdefault(name, []).append(value)
    return values


def _body(
    request: Request, headers: Mapping[str, str], binary_types: frozenset[str]
) -> tuple[str | None, bool]:
    if not request.body:
        return None, False
    if binary_types:
        content_type = request.header(b"content-type") or b""
        if _matches(content_type.decode("latin-1"), binary_types):
            return base64.b64encode(request.body).decode(), True
    return request.body.decode("utf-8", "replace"), False


def text_or_base64(request: Request, content_type: str) -> tuple[str | None, bool]:
    """A body as HTTP APIs and function URLs pass it on, and whether it is in base64."""
    if not request.body:
        return None, False
    media = content_type.partition(";")[0].strip().lower()
    if not media or media.startswith(_TEXT) or media.endswith(("+json", "+xml")):
        try:
            return request.body.decode(), False
        except UnicodeDecodeError:
            pass
    return base64.b64encode(request.body).decode(), True


def request_context(
    request: Request, place: Place, resource: Resource, arrival: Arrival
) -> dict[str, Any]:
    """`requestContext` of format 1.0, which is also what `$context` shows in mapping templates."""
    stage = place.stage
    agent = request.header(b"user-agent")
    return {
        "resourceId": resource.id,
        "resourcePath": resource.path,
        "httpMethod": request.method,
        "extendedRequestId": arrival.extended_request_id,
        "requestTime": request_time(int(arrival.at)),
        "path": place.full_path,
        "accountId": arrival.account,
        "protocol": "HTTP/1.1",
        "stage": stage.stage,
        "domainPrefix": place.domain.partition(".")[0],
        "requestTimeEpoch": int(arrival.at * 1000),
        "requestId": arrival.request_id,
        "identity": {
            "cognitoIdentityPoolId": None, "accountId": None, "cognitoIdentityId": None,
            "caller": None, "sourceIp": request.peer, "principalOrgId": None, "accessKey": None,
            "cognitoAuthenticationType": None, "cognitoAuthenticationProvider": None,
            "userArn": None, "userAgent": agent.decode("latin-1") if agent else None,
            "user": None,
        },
        "domainName": place.domain,
        "deploymentId": "lab",
        "apiId": stage.api,
    }  # fmt: skip


@functools.lru_cache(maxsize=4)
def request_time(second: int) -> str:
    """A whole unix second as API Gateway writes it: `12/Mar/2020:19:03:58 +0000`."""
    return datetime.fromtimestamp(second, UTC).strftime("%d/%b/%Y:%H:%M:%S +0000")


def status_of(value: Any) -> int | None:
    """AWS takes a number, or a string that is one."""
    if isinstance(value, bool) or not isinstance(value, int | str | float):
        return None
    try:
        status = int(value)
    except (ValueError, OverflowError):
        return None
    return status if 100 <= status <= 599 else None


def _answer_headers(answer: Mapping[str, Any]) -> list[tuple[str, str]] | None:
    single, multiple = answer.get("headers") or {}, answer.get("multiValueHeaders") or {}
    if not isinstance(single, dict) or not isinstance(multiple, dict):
        return None
    pairs = [(n, v) for n, v in single.items() if n not in multiple]
    for name, values in multiple.items():
        if not isinstance(values, list):
            return None
        pairs.extend((name, v) for v in values)
    result, typed = [], False
    for name, value in pairs:
        lower = name.lower()
        if value is None or lower == "transfer-encoding":  # the framing is API Gateway's
            continue
        line = header_line(f"x-amzn-Remapped-{name}" if lower in REMAPPED else name, value)
        if line is None:
            return None
        typed = typed or lower == "content-type"
        result.append(line)
    if not typed:
        result.append(("content-type", "application/json"))
    return result


def encoded(text: str) -> bytes:
    """A text as it goes out; what is no Unicode character becomes a question mark."""
    return text.encode("utf-8", "replace")


def header_line(name: str, value: Any) -> tuple[str, str] | None:
    """A header as it goes out; None for a value that is no scalar or would break the line."""
    text = ("true" if value else "false") if isinstance(value, bool) else str(value)
    if isinstance(value, dict | list) or not _BREAKS.isdisjoint(name + text):
        return None
    return name, text


def _is_binary(
    accept: str, headers: Iterable[tuple[str, str]], binary_types: frozenset[str]
) -> bool:
    """API Gateway looks at the first media type of Accept; then at what the function says."""
    first = accept.partition(",")[0]
    if _matches(first, binary_types):
        return True
    return any(n.lower() == "content-type" and _matches(v, binary_types) for n, v in headers)


def _matches(content_type: str, binary_types: frozenset[str]) -> bool:
    media = content_type.partition(";")[0].strip().lower()
    family = f"{media.partition('/')[0]}/*"
    return "*/*" in binary_types or media in binary_types or family in binary_types
