"""One request at the front door: from its first byte to the answer of the function behind it.

Faults of the integration become what API Gateway makes of them (page "Handle Lambda errors in API
Gateway"): at a REST API throttled is 500, an error, timeout or malformed answer 502, more than 29 s
504. It never retries an integration.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from gameday import clock
from gameday.lab.front_door.authorizer import (
    Decision,
    decision,
    identity,
    is_unauthorized,
    request_event,
)
from gameday.lab.front_door.cors import preflight, with_cors
from gameday.lab.front_door.gateway_responses import Answer, gateway_response, http_response
from gameday.lab.front_door.hosts import Place, Stage
from gameday.lab.front_door.integration import Call, answer, mock, payload
from gameday.lab.front_door.jwt import judge
from gameday.lab.front_door.proxy_event import Arrival
from gameday.lab.functions.environment import Result
from gameday.lab.http_connection import Connection, Request
from gameday.lab.log import log
from gameday.lab.request_id import new_extended_request_id, new_request_id

if TYPE_CHECKING:
    from gameday.lab.front_door.door import FrontDoor

TIMEOUT_MS = 29_000
"""Limits work like the function's own timeout, so the lab's speed does not shorten it."""

RESERVED_PATHS = ("/ping", "/sping")
"""On a custom domain API Gateway answers these itself; useless as a health check of one's own."""


class Exchange:
    """One request and its one answer."""

    __slots__ = ("_arrival", "_began", "_call", "_connection", "_door", "_integration",
                 "_integration_began", "_place", "_request", "_timer")  # fmt: skip

    def __init__(self, door: FrontDoor, request: Request, connection: Connection, scheme: str,
                 port: int) -> None:  # fmt: skip
        self._door, self._request, self._connection = door, request, connection
        self._began = clock.monotonic()
        self._integration_began: float | None = None
        self._timer: asyncio.TimerHandle | None = None
        self._place: Place | None = None
        self._call: Call
        self._integration: Mapping[str, Any]
        query = request.target.partition(b"?")[2].decode("latin-1")
        self._arrival = Arrival(
            door.account, new_request_id(), new_extended_request_id(), clock.now(), scheme, port,
            query,
        )  # fmt: skip

    def begin(self) -> None:
        """Find what the request is for, and start it."""
        self._door.in_flight += 1
        path = _path(self._request.target)
        host = (self._request.text(b"host") or "").lower()
        host = host.partition(":")[0].rstrip(".")
        if path in RESERVED_PATHS and host in self._door.hosts.domains:
            self._send(Answer(200, (("content-type", "text/plain"),), b"healthy"))
            return
        self._place = self._door.hosts.find(host, path)
        if self._request.too_large:
            self._refuse("too_large")
        elif self._place is None and self._door.program:
            arrival = self._arrival
            self._door.program.forward(self._request, arrival.scheme, arrival.port, self._send)
        elif self._place is None:
            self._refuse("forbidden")
        else:
            self._route(self._place)

    def _route(self, place: Place) -> None:
        stage, request = place.stage, self._request
        if place.closed:
            self._refuse("closed")
            return
        if stage.cors:
            wanted = request.text(b"access-control-request-method")
            allowed = preflight(stage.cors, request.method, request.text(b"origin"), wanted)
            if allowed:
                self._send(allowed, has_cors=True)
                return
        match = stage.routes.find(place.path, None if stage.kind == "rest" else request.method)
        integration = match[0].integration(request.method) if match else None
        if match is None or integration is None:
            self._refuse("no_route")
            return
        self._integration = integration
        self._call = Call(request, place, match[0], match[1], self._arrival)
        limit, key = integration.get("throttle"), (stage.api, stage.stage, match[0].path)
        if not self._door.throttles.admit(limit, self._began, *key, request.method):
            self._refuse("too_many")
        elif integration.get("authorizer"):
            self._authorize(integration["authorizer"])
        else:
            self._integrate(None)

    # Whether it may pass.

    def _authorize(self, authorizer: Mapping[str, Any]) -> None:
        values = identity(authorizer, self._call)
        if values is None:
            self._refuse("unauthorized")
            return
        if authorizer["type"] == "JWT":
            scopes = self._integration.get("scopes") or ()
            self._judged(judge(authorizer, "".join(values[:1]), scopes, self._arrival.at))
            return
        stage = self._call.place.stage
        key = (stage.api, stage.stage, authorizer["id"], *values)
        held = self._door.decisions.get(key, self._began) if values else None
        if held:
            self._decided(held)
        elif (authorizer["function"] not in self._door.functions
              or authorizer.get("permitted") is False):  # fmt: skip
            self._refuse("authorizer_failed")
        else:
            arn = self._call.arn(self._door.hosts.region)
            event = request_event(authorizer, values, arn, self._call)

            def answered(result: Result) -> None:
                self._judge(authorizer, key, result)

            self._door.functions.invoke(authorizer["function"], event, answered)

    def _judge(self, authorizer: Mapping[str, Any], key: tuple[str, ...], result: Result) -> None:
        if result.error is not None:
            said_no = result.error == "Unhandled" and is_unauthorized(result.payload)
            self._refuse("unauthorized" if said_no else "authorizer_failed")
            return
        made = decision(authorizer, result.payload)
        if made is None:
            self._refuse("authorizer_failed")
            return
        if authorizer["ttl_s"]:
            until = clock.monotonic() + authorizer["ttl_s"] / self._door.speed
            self._door.decisions.put(key, made, until)
        self._decided(made)

    def _decided(self, made: Decision) -> None:
        refusal = made.verdict(self._call.arn(self._door.hosts.region))
        if refusal:
            self._refuse(refusal)
        else:
            self._integrate(made.context)

    def _judged(self, found: Mapping[str, Any] | str) -> None:
        if isinstance(found, str):
            self._refuse(found)
        else:
            self._call = replace(self._call, kind="jwt")
            self._integrate(found)

    # What it is passed on to.

    def _integrate(self, context: Mapping[str, Any] | None) -> None:
        integration = self._integration
        if context is not None:
            self._call = replace(self._call, authorizer=context)
        given = payload(integration, self._call)
        if isinstance(given, str):
            self._log_unknown(integration)
            self._refuse(given)
        elif integration["type"] == "MOCK":
            self._finish(mock(integration, self._call, given))
        elif integration["function"] not in self._door.functions:
            self._refuse("misconfigured")
        else:
            self._integration_began = clock.monotonic()
            timeout_s = float(integration.get("timeout_ms") or TIMEOUT_MS) / 1000
            self._timer = asyncio.get_running_loop().call_later(timeout_s, self._times_out)
            self._door.functions.invoke(integration["function"], given, self._returned)

    def _log_unknown(self, integration: Mapping[str, Any]) -> None:
        if integration.get("permitted") is False:
            log.warning("%s: the API may not invoke %s: it needs a permission "
                        "(AWS::Lambda::Permission); answering 500",
                        self._call.place.stage.name, integration["function"])  # fmt: skip
        if integration["type"] not in ("AWS_PROXY", "MOCK") and not integration.get("function"):
            where = f"{self._request.method} {self._call.place.path}"
            log.warning(
                "%s: integration type %s is not modelled; answering 500", where, integration["type"]
            )

    def _returned(self, result: Result) -> None:
        if self._timer is None:  # too late: the client has its 504
            return
        self._timer.cancel()
        self._timer = None
        self._finish(answer(self._integration, self._call, result))

    def _finish(self, made: Answer | str) -> None:
        if isinstance(made, str):
            self._refuse(made)
        else:
            self._send(made)

    def _times_out(self) -> None:
        self._timer = None
        self._refuse("timeout")

    def _refuse(self, kind: str) -> None:
        if self._place and self._place.stage.kind != "rest":
            self._send(http_response(kind, self._place.stage.kind))
            return
        customised = self._place.stage.gateway_responses if self._place else {}
        self._send(gateway_response(kind, customised, self._arrival.request_id))

    def _send(self, answer: Answer, has_cors: bool = False) -> None:
        self._door.in_flight -= 1
        place, arrival = self._place, self._arrival
        if place and place.stage.cors and not has_cors:
            answer = with_cors(place.stage.cors, self._request.text(b"origin"), answer)
        lines = [f"{name}: {value}\r\n" for name, value in answer.headers]
        if place is None and self._door.program:  # a load balancer adds nothing
            pass
        elif place and place.stage.kind == "http":
            lines.append(f"apigw-requestid: {arrival.extended_request_id}\r\n")
        else:
            lines.append(
                f"x-amzn-RequestId: {arrival.request_id}\r\n"
                f"x-amz-apigw-id: {arrival.extended_request_id}\r\n"
                f"X-Amzn-Trace-Id: {arrival.trace}\r\n"
            )
        head = "".join(lines).encode("latin-1", "replace")
        self._connection.respond(answer.status, head, answer.body)
        if place:
            self._count(place.stage, answer.status)

    def _count(self, stage: Stage, status: int) -> None:
        if stage.kind == "url":  # counted as invocations only
            return
        now, began = clock.monotonic(), self._integration_began
        self._door.counter.answered(
            stage.api if stage.kind == "http" else stage.name, stage.stage, status,
            (now - self._began) * 1000, None if began is None else (now - began) * 1000,
            stage.kind,
        )  # fmt: skip


def _path(target: bytes) -> str:
    """The path of a request target, whose absolute form (`http://host/path`) is allowed."""
    text = target.partition(b"?")[0].decode("latin-1")
    if not text.startswith("/"):
        text = "/" + text.partition("://")[2].partition("/")[2]
    return text
