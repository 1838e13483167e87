"""The Lambda Runtime API of one execution environment, on a loopback port of its own.

A port each, not a path prefix: awslambdaric drops the prefix when it reports an init error. The
paths are those of the page "Using the Lambda runtime API for custom runtimes" (2018-06-01).
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from gameday.lab.http_connection import JSON, Connection, Request
from gameday.lab.http_server import Listener

RESPONSE_BYTES_MAX = 6 * 1024 * 1024 + 100
"""Of an answer to a synchronous invocation (page "Lambda quotas")."""

_PREFIX = b"/2018-06-01/runtime/"
_ACCEPTED = b'{"status":"OK"}\n'


@dataclass(frozen=True, slots=True)
class RuntimeEvents:
    """What an environment's owner wants to know."""

    asks: Callable[[], None]  # the runtime is ready for an invocation
    responds: Callable[[str, bytes], None]  # request id, payload
    fails: Callable[[str, bytes], None]  # request id, error document
    init_fails: Callable[[bytes], None]  # error document


class RuntimeApi:
    """Serves one runtime. `give` answers its standing question for the next invocation."""

    def __init__(self, events: RuntimeEvents) -> None:
        self._events = events
        self._asking: Connection | None = None
        self._listener = Listener(("127.0.0.1", 0), self._handle, body_limit=RESPONSE_BYTES_MAX)
        self.address = f"127.0.0.1:{self._listener.port}"

    async def start(self) -> None:
        await self._listener.serve()

    def close(self) -> None:
        self._listener.close()

    def give(self, request_id: str, arn: str, deadline_ms: int, event: bytes) -> None:
        """Hand one invocation to the runtime that asked."""
        asking, self._asking = self._asking, None
        if asking:
            asking.respond(200, _invocation_headers(request_id, arn, deadline_ms), event)

    def _handle(self, request: Request, connection: Connection) -> None:
        parts = request.target.removeprefix(_PREFIX).decode("latin-1").split("/")
        match request.method, parts:
            case "GET", ["invocation", "next"]:
                self._asking = connection
                self._events.asks()
            case "POST", ["invocation", request_id, "response"]:
                self._answered(request, request_id, connection)
            case "POST", ["invocation", request_id, "error"]:
                connection.respond(202, JSON, _ACCEPTED)
                self._events.fails(request_id, request.body)
            case "POST", ["init", "error"]:
                connection.respond(202, JSON, _ACCEPTED)
                self._events.init_fails(request.body)
            case _:
                connection.respond(404, JSON, b'{"errorType":"InvalidPath"}')

    def _answered(self, request: Request, request_id: str, connection: Connection) -> None:
        if request.too_large:
            connection.respond(413, JSON, b'{"errorType":"RequestEntityTooLarge"}')
            self._events.fails(request_id, error_document(
                "Function.ResponseSizeTooLarge",
                f"Response payload size exceeded maximum allowed payload size "
                f"({RESPONSE_BYTES_MAX} bytes).",
            ))  # fmt: skip
            return
        connection.respond(202, JSON, _ACCEPTED)
        self._events.responds(request_id, request.body)


def error_document(error_type: str, message: str, **members: Any) -> bytes:
    """The JSON document of a function error, as Invoke returns it."""
    return json.dumps({"errorType": error_type, "errorMessage": message, **members}).encode()


def _invocation_headers(request_id: str, arn: str, deadline_ms: int) -> bytes:
    return (
        b"content-type: application/json\r\n"
        b"Lambda-Runtime-Aws-Request-Id: %s\r\n"
        b"Lambda-Runtime-Deadline-Ms: %d\r\n"
        b"Lambda-Runtime-Invoked-Function-Arn: %s\r\n"
    ) % (request_id.encode(), deadline_ms, arn.encode())
