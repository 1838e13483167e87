"""HTTP APIs and function URLs: the event of payload format 2.0, and the answer it takes.

Sources: the pages "Create AWS Lambda proxy integrations for HTTP APIs in API Gateway" and
"Invoking Lambda function URLs". What a request does not have is left out of the event.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qsl

from gameday.lab.front_door.gateway_responses import Answer
from gameday.lab.front_door.hosts import Place
from gameday.lab.front_door.proxy_event import (
    REMAPPED,
    Arrival,
    encoded,
    header_line,
    request_time,
    status_of,
    text_or_base64,
)
from gameday.lab.http_connection import Request

_HOP = frozenset({"connection", "transfer-encoding", "expect"})


def http_event(
    request: Request, place: Place, route_key: str, parameters: Mapping[str, str],
    arrival: Arrival, authorizer: Mapping[str, Any] | None = None,
) -> dict[str, Any]:  # fmt: skip
    """The event of format 2.0; `authorizer` is `lambda` or `jwt` with what that authorizer gave."""
    headers, cookies = _headers(request, arrival)
    query: dict[str, list[str]] = {}
    for name, value in parse_qsl(arrival.query, keep_blank_values=True):
        query.setdefault(name, []).append(value)
    body, is_base64 = text_or_base64(request, headers.get("content-type", ""))
    optional = {
        "cookies": cookies,
        "queryStringParameters": {k: ",".join(v) for k, v in query.items()},
        "pathParameters": dict(parameters),
        "stageVariables": place.stage.variables,
        "body": body,
    }
    return {
        "version": "2.0",
        "routeKey": route_key,
        "rawPath": place.full_path,
        "rawQueryString": arrival.query,
        "headers": headers,
        "requestContext": _context(request, place, route_key, arrival, authorizer),
        "isBase64Encoded": is_base64,
        **{name: value for name, value in optional.items() if value},
    }


def http_answer(payload: bytes, default_type: str) -> Answer | None:
    """The answer that a function's payload means in format 2.0; None when it is malformed.

    Valid JSON without a status code is the body of a 200 itself. `default_type` is the content
    type of an answer with a status code that names none.
    """
    try:
        answer = json.loads(payload)
    except ValueError:
        return None
    if not isinstance(answer, dict) or "statusCode" not in answer:
        body = encoded(answer) if isinstance(answer, str) else payload
        return Answer(200, (("content-type", "application/json"),), body)
    status, headers = status_of(answer["statusCode"]), answer.get("headers") or {}
    cookies, text = answer.get("cookies") or [], answer.get("body")
    if status is None or not isinstance(headers, dict) or not isinstance(cookies, list):
        return None
    raw = _raw(text, bool(answer.get("isBase64Encoded")))
    lines = [header_line(n, v) for n, v in headers.items() if v is not None]
    lines += [header_line("set-cookie", c) for c in cookies]
    if raw is None or None in lines:
        return None
    kept = [line for line in lines if line and line[0].lower() not in REMAPPED | _HOP]
    if not any(name.lower() == "content-type" for name, _ in kept):
        kept.append(("content-type", default_type))
    return Answer(status, tuple(kept), raw)


def _headers(request: Request, arrival: Arrival) -> tuple[dict[str, str], list[str]]:
    """Lower-cased headers, repetitions joined by commas; cookies apart."""
    headers: dict[str, list[str]] = {}
    cookies: list[str] = []
    for raw_name, raw_value in request.headers:
        name, value = raw_name.decode("latin-1").lower(), raw_value.decode("latin-1")
        if name == "cookie":
            cookies += [c.strip() for c in value.split(";") if c.strip()]
        elif name not in _HOP:
            headers.setdefault(name, []).append(value)
    headers.setdefault("x-forwarded-for", []).append(request.peer)
    headers["x-forwarded-port"] = [str(arrival.port)]
    headers["x-forwarded-proto"] = [arrival.scheme]
    headers["x-amzn-trace-id"] = [arrival.trace]
    return {name: ",".join(values) for name, values in headers.items()}, cookies


def _context(
    request: Request, place: Place, route_key: str, arrival: Arrival,
    authorizer: Mapping[str, Any] | None,
) -> dict[str, Any]:  # fmt: skip
    agent = request.header(b"user-agent")
    context = {
        "accountId": "anonymous" if place.stage.kind == "url" else arrival.account,
        "apiId": place.stage.api,
        "domainName": place.domain,
        "domainPrefix": place.domain.partition(".")[0],
        "http": {
            "method": request.method,
            "path": place.full_path,
            "protocol": "HTTP/1.1",
            "sourceIp": request.peer,
            "userAgent": agent.decode("latin-1") if agent else "",
        },
        "requestId": arrival.extended_request_id,
        "routeKey": route_key,
        "stage": place.stage.stage,
        "time": request_time(int(arrival.at)),
        "timeEpoch": int(arrival.at * 1000),
    }
    return context if authorizer is None else {**context, "authorizer": authorizer}


def _raw(text: Any, is_base64: bool) -> bytes | None:
    if text is None:
        return b""
    if not isinstance(text, str):
        return None
    if not is_base64:
        return encoded(text)
    try:
        return base64.b64decode(text, validate=True)
    except ValueError:
        return None
