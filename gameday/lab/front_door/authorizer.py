"""Lambda authorizers: who asks, what the function is told, and what its answer allows.

TOKEN and REQUEST authorizers of REST APIs, and those of HTTP APIs in both formats with IAM
policies or simple responses. Decisions are cached by identity for the authorizer's time to live.

Sources: the pages "Use API Gateway Lambda authorizers", "Input to an API Gateway Lambda
authorizer", "Output from an API Gateway Lambda authorizer" and "Control access to HTTP APIs with
AWS Lambda authorizers in API Gateway".
"""

from __future__ import annotations

import json
import re
from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from gameday.lab.front_door.integration import Call
from gameday.lab.front_door.mapping_template import as_text, walk
from gameday.lab.front_door.proxy_event import query_values

Json = Mapping[str, Any]

HELD_MAX = 10_000
"""Decisions that are kept at once; beyond it those that no longer hold are dropped first."""


@dataclass(frozen=True, slots=True)
class Decision:
    """What an authorizer answered: statements of a policy, and the context for the function."""

    statements: tuple[tuple[bool, tuple[str, ...]], ...]  # (allow, resources)
    context: Json

    def verdict(self, arn: str) -> str | None:
        """None if `arn` may be invoked, else the kind of the refusal."""
        matching = [allow for allow, names in self.statements
                    if any(_covers(name, arn) for name in names)]  # fmt: skip
        if not all(matching):
            return "explicit_deny"
        return None if matching else "denied"


class Decisions:
    """Decisions that still hold, by authorizer and identity."""

    def __init__(self) -> None:
        self._held: dict[Hashable, tuple[float, Decision]] = {}

    def get(self, key: Hashable, now: float) -> Decision | None:
        """The decision for `key` if it still holds at `now`."""
        until, decision = self._held.get(key, (0.0, None))
        return decision if until > now else None

    def put(self, key: Hashable, decision: Decision, until: float) -> None:
        """Keep a decision until `until`."""
        if len(self._held) >= HELD_MAX:
            ordered = sorted(self._held.items(), key=lambda item: item[1][0])
            self._held = dict(ordered[HELD_MAX // 2 :])
        self._held[key] = (until, decision)


def identity(authorizer: Json, call: Call) -> tuple[str, ...] | None:
    """The values of the identity sources in order; None if one is missing, which is a 401."""
    values = tuple(_value(source, call) for source in authorizer["identity"])
    if not all(values):
        return None
    pattern = authorizer.get("pattern")
    if pattern and not re.fullmatch(pattern, values[0] or ""):
        return None
    return tuple(v or "" for v in values)


def request_event(authorizer: Json, values: Sequence[str], arn: str, call: Call) -> bytes:
    """What the authorizer's function gets; for REQUEST it begins with the proxy event of `call`."""
    if authorizer["type"] == "TOKEN":
        return _dump({"type": "TOKEN", "methodArn": arn, "authorizationToken": values[0]})
    event = call.event(authorizer.get("payload"))
    body = {k: v for k, v in event.items() if k not in ("body", "isBase64Encoded")}
    if authorizer.get("payload") == "2.0":
        own: Json = {"type": "REQUEST", "routeArn": arn, "identitySource": list(values)}
    elif authorizer.get("payload") == "1.0":
        joined = ",".join(values)
        own = {"type": "REQUEST", "methodArn": arn, "identitySource": joined,
               "authorizationToken": joined}  # fmt: skip
    else:
        own = {"type": "REQUEST", "methodArn": arn}
    return _dump({**body, **own})


def decision(authorizer: Json, payload: bytes) -> Decision | None:
    """What the function's answer means; None when it is malformed (500)."""
    try:
        answer = json.loads(payload)
        context = dict(answer.get("context") or {})
        if "payload" not in authorizer:  # a REST API's
            context = {name: _scalar(value) for name, value in context.items()}
        if authorizer.get("simple"):
            return Decision(((answer["isAuthorized"] is True, ("*",)),), context)
        found = answer["policyDocument"]["Statement"]
        statements = tuple(_statement(s) for s in ([found] if isinstance(found, dict) else found))
        if "principalId" not in answer:
            return None
    except (ValueError, TypeError, KeyError, AttributeError):
        return None
    return Decision(statements, {"principalId": answer["principalId"], **context})


def is_unauthorized(payload: bytes) -> bool:
    """Whether the function said so by raising `Unauthorized`, which is a 401."""
    try:
        return bool(json.loads(payload)["errorMessage"] == "Unauthorized")
    except (ValueError, TypeError, KeyError):
        return False


def _statement(statement: Json) -> tuple[bool, tuple[str, ...]]:
    names = statement["Resource"]
    listed = [names] if isinstance(names, str) else list(names)
    if not all(isinstance(name, str) for name in listed):
        raise TypeError("a resource is a text")
    return statement["Effect"] == "Allow", tuple(listed)


def _covers(pattern: str, arn: str) -> bool:
    """IAM's wildcards: `*` any text, `?` any one character."""
    escaped = re.escape(pattern).replace(r"\*", ".*").replace(r"\?", ".")
    return re.fullmatch(escaped, arn, re.DOTALL) is not None


def _value(source: str, call: Call) -> str | None:
    """`header.NAME`, `querystring.NAME`, `stage.NAME`, `context.NAME` of a request."""
    kind, _, name = source.partition(".")
    if kind == "header":
        return call.request.text(name.lower().encode()) or None
    if kind == "querystring":
        return query_values(call.arrival.query).get(name, [""])[-1]
    if kind == "stage":
        return str((call.place.stage.variables or {}).get(name) or "")
    return as_text(walk(call.scope().context, f".{name}"))


def _scalar(value: Any) -> str:
    """A value of a REST API's context, which becomes text; objects and lists are refused."""
    if isinstance(value, dict | list):
        raise TypeError("a REST API takes texts, numbers and booleans only")
    return value if isinstance(value, str) else json.dumps(value)


def _dump(event: Json) -> bytes:
    return json.dumps(event, separators=(",", ":"), ensure_ascii=False).encode("utf-8", "replace")
