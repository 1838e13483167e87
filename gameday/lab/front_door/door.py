"""One Region's front door: from an HTTP request to the answer of the function behind it.

Faults of the integration become what API Gateway makes of them (page "Handle Lambda errors in API
Gateway"): throttled 500, error, timeout or malformed answer 502, more than 29 s 504. It never
retries an integration.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Any, Protocol

from gameday import clock
from gameday.lab.front_door.gateway_responses import Answer, gateway_response
from gameday.lab.front_door.hosts import Hosts, Place
from gameday.lab.front_door.mock_integration import mock_answer
from gameday.lab.front_door.proxy_event import Arrival, proxy_answer, proxy_event
from gameday.lab.functions.environment import Done, Result
from gameday.lab.http_connection import Connection, Handler, Request
from gameday.lab.log import log
from gameday.lab.request_id import new_extended_request_id, new_request_id

REQUEST_BYTES_MAX = 10 * 1024 * 1024
"""The quota "Payload size" of API Gateway."""

EVENT_BYTES_MAX = 6 * 1024 * 1024
"""The quota of a synchronous invocation."""

TIMEOUT_MS = 29_000
"""Limits work like the function's own timeout, so the lab's speed does not shorten it."""

RESERVED_PATHS = ("/ping", "/sping")
"""On a custom domain API Gateway answers these itself; useless as a health check of one's own."""


class Functions(Protocol):
    """What the door needs of the pool."""

    def __contains__(self, name: str) -> bool: ...

    def invoke(self, name: str, event: bytes, done: Done) -> str: ...


class Counter(Protocol):
    """Hears of every answer of a stage, times in milliseconds."""

    def answered(
        self, api: str, stage: str, status: int, latency_ms: float, integration_ms: float | None
    ) -> None: ...


class FrontDoor:
    """Answers requests for the APIs of `hosts`, which a snapshot replaces whole."""

    def __init__(self, account: str, hosts: Hosts, functions: Functions, counter: Counter) -> None:
        self.account, self.hosts = account, hosts
        self.functions, self.counter = functions, counter
        self.in_flight = 0

    def handler(self, scheme: str, port: int) -> Handler:
        """The handler of one listener."""

        def handle(request: Request, connection: Connection) -> None:
            Exchange(self, request, connection, scheme, port).begin()

        return handle


class Exchange:
    """One request and its one answer."""

    __slots__ = ("_arrival", "_began", "_connection", "_door", "_integration_began", "_place",
                 "_request", "_timer")  # fmt: skip

    def __init__(self, door: FrontDoor, request: Request, connection: Connection, scheme: str,
                 port: int) -> None:  # fmt: skip
        self._door, self._request, self._connection = door, request, connection
        self._began = clock.monotonic()
        self._integration_began: float | None = None
        self._timer: asyncio.TimerHandle | None = None
        self._place: Place | None = None
        query = request.target.partition(b"?")[2].decode("latin-1")
        self._arrival = Arrival(
            door.account, new_request_id(), new_extended_request_id(), clock.now(), scheme, port,
            query,
        )  # fmt: skip

    def begin(self) -> None:
        """Find what the request is for, and start it."""
        self._door.in_flight += 1
        path = _path(self._request.target)
        host = (self._request.header(b"host") or b"").decode("latin-1").lower()
        host = host.partition(":")[0].rstrip(".")
        if path in RESERVED_PATHS and host in self._door.hosts.domains:
            self._send(Answer(200, (("content-type", "text/plain"),), b"healthy"))
            return
        self._place = self._door.hosts.find(host, path)
        if self._place is None:
            self._refuse("forbidden")
        elif self._request.too_large:
            self._refuse("too_large")
        else:
            self._route(self._place)

    def _route(self, place: Place) -> None:
        match = place.stage.routes.find(place.path)
        integration = match[0].integration(self._request.method) if match else None
        if match is None or integration is None:
            self._refuse("no_route")
        elif integration["type"] == "AWS_PROXY" and integration.get("function"):
            event = proxy_event(self._request, place, *match, self._arrival)
            self._invoke(integration, event)
        elif integration["type"] == "MOCK":
            answer = mock_answer(integration)
            if answer:
                self._send(answer)
            else:
                self._refuse("misconfigured")
        else:
            log.warning("%s %s: integration type %s is not modelled; answering 500",
                        self._request.method, place.path, integration["type"])  # fmt: skip
            self._refuse("misconfigured")

    def _invoke(self, integration: Mapping[str, Any], event: bytes) -> None:
        if len(event) > EVENT_BYTES_MAX:
            self._refuse("too_large")
            return
        name = integration["function"]
        if name not in self._door.functions:
            self._refuse("misconfigured")
            return
        self._integration_began = clock.monotonic()
        timeout_s = float(integration.get("timeout_ms") or TIMEOUT_MS) / 1000
        self._timer = asyncio.get_running_loop().call_later(timeout_s, self._times_out)
        self._door.functions.invoke(name, event, self._returned)

    def _returned(self, result: Result) -> None:
        if self._timer is None:  # too late: the client has its 504
            return
        self._timer.cancel()
        self._timer = None
        if result.error is not None:
            self._refuse("throttled" if result.error == "Throttled" else "function_error")
            return
        assert self._place
        accept = (self._request.header(b"accept") or b"").decode("latin-1")
        answer = proxy_answer(result.payload, self._place.stage.binary_types, accept)
        if answer:
            self._send(answer)
        else:
            self._refuse("function_error")

    def _times_out(self) -> None:
        self._timer = None
        self._refuse("timeout")

    def _refuse(self, kind: str) -> None:
        customised = self._place.stage.gateway_responses if self._place else {}
        self._send(gateway_response(kind, customised, self._arrival.request_id))

    def _send(self, answer: Answer) -> None:
        self._door.in_flight -= 1
        arrival = self._arrival
        lines = [f"{name}: {value}\r\n" for name, value in answer.headers]
        lines.append(
            f"x-amzn-RequestId: {arrival.request_id}\r\n"
            f"x-amz-apigw-id: {arrival.extended_request_id}\r\n"
            f"X-Amzn-Trace-Id: {arrival.trace}\r\n"
        )
        head = "".join(lines).encode("latin-1", "replace")
        self._connection.respond(answer.status, head, answer.body)
        if self._place:
            now = clock.monotonic()
            began, stage = self._integration_began, self._place.stage
            self._door.counter.answered(
                stage.name, stage.stage, answer.status, (now - self._began) * 1000,
                None if began is None else (now - began) * 1000,
            )  # fmt: skip


def _path(target: bytes) -> str:
    """The path of a request target, whose absolute form (`http://host/path`) is allowed."""
    text = target.partition(b"?")[0].decode("latin-1")
    if not text.startswith("/"):
        text = "/" + text.partition("://")[2].partition("/")[2]
    return text
