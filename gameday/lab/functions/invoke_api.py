"""The Invoke operation of Lambda's API in one Region, as the lab's AWS endpoint forwards it.

`POST /2015-03-31/functions/{name}/invocations` with X-Amz-Invocation-Type RequestResponse, Event
or DryRun. A function error is 200 with X-Amz-Function-Error; only a throttle or a bad call is an
HTTP error (API page "Invoke").
"""

from __future__ import annotations

import asyncio
import json
from urllib.parse import unquote

from gameday.clock import Clock
from gameday.lab.functions.environment import Done, Result
from gameday.lab.functions.pool import Pool
from gameday.lab.http_connection import Connection, Request
from gameday.lab.log import log
from gameday.lab.request_id import new_request_id

PAYLOAD_BYTES_MAX = 6 * 1024 * 1024
RETRIES_AFTER_S = (60.0, 120.0)
"""When a failed asynchronous event is tried again (page "Asynchronous invocation")."""

_PREFIX = "/2015-03-31/functions/"
_SUFFIX = "/invocations"


class InvokeApi:
    """Handles requests of one listener."""

    def __init__(self, pool: Pool, clock: Clock) -> None:
        self._pool, self._clock = pool, clock

    def handle(self, request: Request, connection: Connection) -> None:
        """Answer one Invoke call."""
        path = request.target.partition(b"?")[0].decode("latin-1")
        if request.method != "POST" or not path.startswith(_PREFIX) or not path.endswith(_SUFFIX):
            _error(connection, 404, "UnknownOperationException", "not an Invoke call")
            return
        name = function_name(unquote(path[len(_PREFIX) : -len(_SUFFIX)]))
        kind = (request.header(b"x-amz-invocation-type") or b"RequestResponse").decode("latin-1")
        if name not in self._pool:
            _error(connection, 404, "ResourceNotFoundException", f"Function not found: {name}")
        elif request.too_large or len(request.body) > PAYLOAD_BYTES_MAX:
            _error(connection, 413, "RequestTooLargeException",
                   f"Request must be smaller than {PAYLOAD_BYTES_MAX} bytes")  # fmt: skip
        elif not _is_json(request.body):
            _error(connection, 400, "InvalidRequestContentException",
                   "Could not parse request body into json")  # fmt: skip
        else:
            self._invoke(kind, name, request.body or b"{}", connection)

    def _invoke(self, kind: str, name: str, event: bytes, connection: Connection) -> None:
        match kind:
            case "RequestResponse":
                self._pool.invoke(name, event, _responder(connection))
            case "Event":
                _answer(connection, 202)
                self._attempt(name, event, list(RETRIES_AFTER_S))
            case "DryRun":
                _answer(connection, 204)
            case _:
                _error(connection, 400, "InvalidParameterValueException",
                       f"X-Amz-Invocation-Type {kind}: unknown")  # fmt: skip

    def _attempt(self, name: str, event: bytes, retries_after_s: list[float]) -> None:
        """Run an asynchronous event. A throttled one is dropped: the lab models no destinations,
        and with a reserved concurrency of 0 AWS does not retry either."""

        def done(result: Result) -> None:
            if result.error == "Throttled":
                log.warning("%s: an asynchronous event was throttled and dropped", name)
            elif result.error and retries_after_s:
                delay_s = self._clock.wall(retries_after_s[0])
                loop = asyncio.get_running_loop()
                loop.call_later(delay_s, self._attempt, name, event, retries_after_s[1:])
            elif result.error:
                log.warning("%s: an asynchronous event failed three times and is dropped", name)

        if name in self._pool:
            self._pool.invoke(name, event, done)


def function_name(reference: str) -> str:
    """The name in a function name, partial ARN or ARN, without its qualifier."""
    parts = reference.split(":")
    if "function" in parts:
        return parts[parts.index("function") + 1]
    return parts[0]


def _responder(connection: Connection) -> Done:
    def done(result: Result) -> None:
        if result.error == "Throttled":
            _error(connection, 429, "TooManyRequestsException", "Rate Exceeded.",
                   Reason=result.reason)  # fmt: skip
        else:
            _answer(connection, 200, result.payload, result.error)

    return done


def _answer(
    connection: Connection, status: int, payload: bytes = b"", error: str | None = None
) -> None:
    failed = f"X-Amz-Function-Error: {error}\r\n" if error else ""
    connection.respond(
        status,
        f"content-type: application/json\r\nX-Amz-Executed-Version: $LATEST\r\n"
        f"x-amzn-RequestId: {new_request_id()}\r\n{failed}".encode(),
        payload,
    )


def _error(connection: Connection, status: int, kind: str, message: str, **members: str) -> None:
    body = {"Type": "User", "message": message, **members}
    connection.respond(
        status,
        f"content-type: application/json\r\nx-amzn-ErrorType: {kind}\r\n"
        f"x-amzn-RequestId: {new_request_id()}\r\n".encode(),
        json.dumps(body).encode(),
    )


def _is_json(body: bytes) -> bool:
    if not body:
        return True
    try:
        json.loads(body)
    except ValueError:
        return False
    return True
