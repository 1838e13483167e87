"""REST API integrations that are no proxies: Lambda custom integrations (`AWS`) and MOCK.

A request template makes the function's event, an integration response is chosen by the error's
message (a MOCK's by its status), and its templates and parameters make the client's answer.

Sources: the pages "Method request behavior for payloads without mapping templates", "Set up an
integration response in API Gateway", "Handle Lambda errors in API Gateway" and "Set up mock
integrations in API Gateway".
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

from gameday.lab.front_door.gateway_responses import Answer
from gameday.lab.front_door.mapping_template import (
    MISSING,
    Scope,
    Unsupported,
    as_text,
    beyond,
    render,
    walk,
)
from gameday.lab.front_door.proxy_event import encoded

JSON_TYPE = "application/json"
_STATUS = re.compile(r"[\"']?statusCode[\"']?\s*:\s*[\"']?(\d{3})")
_HEADER = "method.response.header."
_BODY = "integration.response.body"

Json = Mapping[str, Any]


def request_payload(integration: Json, content_type: str, scope: Scope) -> str | None:
    """What the integration gets: a template's text or the body as it is; None is a 415."""
    templates = integration.get("templates") or {}
    template = templates.get(_media(content_type) or JSON_TYPE)
    if template is not None:
        return render(template, scope)
    behavior = str(integration.get("passthrough") or "WHEN_NO_MATCH").upper()
    if behavior == "NEVER" or (behavior == "WHEN_NO_TEMPLATES" and templates):
        return None
    return scope.body


def mock_answer(integration: Json, payload: str, accept: str, scope: Scope) -> Answer | None:
    """The answer of a MOCK integration; None when `payload` names no status (500 on AWS)."""
    found = _STATUS.search(payload)
    if found is None:
        return None
    response = choose(integration.get("responses") or {}, found[1])
    if response is None:
        return None
    answer = _answer(response, accept, replace(scope, body=""))
    return answer if answer.body or response.get("responseTemplates") else replace(answer, body=b"")


def lambda_answer(
    integration: Json, payload: bytes, failed: bool, accept: str, scope: Scope
) -> Answer | None:
    """The answer for what a function returned, or raised (`failed`).

    None when no integration response takes it, which is a configuration error (500).
    """
    text = payload.decode("utf-8", "replace")
    error = _load(text) if failed else None
    message = str(error.get("errorMessage", "")) if isinstance(error, dict) else ""
    response = choose(integration.get("responses") or {}, message)
    return None if response is None else _answer(response, accept, replace(scope, body=text))


def choose(responses: Mapping[str, Json], text: str) -> Json | None:
    """The response whose pattern matches the whole of `text`, else the one without a pattern.

    OpenAPI keeps patterns as keys and calls the other one `default`.
    """
    default = None
    for key, response in responses.items():
        pattern = response.get("selectionPattern")
        if pattern is None and not key.isdigit() and key != "default":
            pattern = key
        if pattern is None:
            default = default or response
        elif _matches(pattern, text):
            return response
    return default


def left_out(integration: Json) -> Iterator[str]:
    """What the lab does not do of a MOCK or Lambda custom integration, each named."""
    yield from _beyond(integration.get("requestTemplates") or {}, "request template")
    for response in (integration.get("integrationResponses") or {}).values():
        yield from _beyond(response.get("responseTemplates") or {}, "response template")
        for name, value in (response.get("responseParameters") or {}).items():
            if not _is_mapped(value):
                yield f"response parameter {name}: {value}"
        pattern = response.get("selectionPattern")
        if pattern and not _compiles(pattern):
            yield f"selection pattern {pattern}, which Python's expressions do not have"
        if response.get("contentHandling"):
            yield f"contentHandling {response['contentHandling']}"
    for name in ("requestParameters", "contentHandling"):
        if integration.get(name):
            yield f"{name} of the integration"


def _answer(response: Json, accept: str, scope: Scope) -> Answer:
    templates = {k: v or "" for k, v in (response.get("responseTemplates") or {}).items()}
    media = _response_type(templates, accept)
    body = render(templates[media], scope) if media in templates else scope.body
    headers = {"content-type": media}
    for name, value in (response.get("responseParameters") or {}).items():
        mapped = as_text(_mapped(value, scope))
        if name.startswith(_HEADER) and mapped:
            header = name.removeprefix(_HEADER)
            headers.pop(header.lower(), None)
            headers[header] = mapped.replace("\r", " ").replace("\n", " ")
    status = int(response.get("statusCode") or 200)
    return Answer(status, tuple(headers.items()), encoded(body))


def _response_type(templates: Mapping[str, str], accept: str) -> str:
    """The first type of Accept that has a template, else JSON, else the first there is."""
    wanted = (*(_media(part) for part in accept.split(",")), JSON_TYPE, *templates)
    return next((media for media in wanted if media in templates), JSON_TYPE)


def _mapped(value: str, scope: Scope) -> Any:
    if value.startswith("'"):
        return value[1:-1]
    if value.startswith(_BODY):
        return _in_body(_load(scope.body), value.removeprefix(_BODY))
    root, _, path = value.partition(".")
    values = {"context": scope.context, "stageVariables": scope.stage_variables}
    return walk(values[root], f".{path}") if root in values else MISSING


def _in_body(document: Any, path: str) -> Any:
    """A path through an error document, whose message may itself be a JSON document in a text."""
    if isinstance(document, dict) and isinstance(document.get("errorMessage"), str):
        inner = _load(document["errorMessage"])
        if isinstance(inner, dict) and path != ".errorMessage":
            document = {**document, "errorMessage": inner}
    return walk(document, path)


def _is_mapped(value: str) -> bool:
    if value.startswith("'"):
        return len(value) > 1 and value.endswith("'")
    root = value.partition(".")[0]
    if not value.startswith(_BODY) and root not in ("context", "stageVariables"):
        return False
    try:
        walk({}, f".{value.partition('.')[2]}".replace("..", "."))
    except Unsupported:
        return False
    return True


def _beyond(templates: Mapping[str, str | None], what: str) -> Iterator[str]:
    for media, template in templates.items():
        found = beyond(template or "")
        if found:
            yield f"{found} in the {what} for {media}"


def _load(text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError:
        return None


def _media(content_type: str) -> str:
    return content_type.partition(";")[0].strip().lower()


def _matches(pattern: str, text: str) -> bool:
    return _compiles(pattern) and re.fullmatch(pattern, text) is not None


def _compiles(pattern: str) -> bool:
    try:
        re.compile(pattern)
    except re.error:
        return False
    return True
