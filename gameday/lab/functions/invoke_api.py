"""The Invoke operation of Lambda's API in one Region, as the lab's AWS endpoint forwards it.

`POST /2015-03-31/functions/{name}/invocations` with X-Amz-Invocation-Type RequestResponse, Event
or DryRun. A function error is 200 with X-Amz-Function-Error; only a throttle or a bad call is an
HTTP error (API page "Invoke").
"""

from __future__ import annotations

import base64
import json
from urllib.parse import parse_qs, unquote

from gameday.lab.functions import references
from gameday.lab.functions.asynchronous import Asynchronous
from gameday.lab.functions.environment import Done, Result
from gameday.lab.functions.pool import Pool
from gameday.lab.http_connection import Connection, Request
from gameday.lab.request_id import new_request_id

PAYLOAD_BYTES_MAX = {"RequestResponse": 6 * 1024 * 1024, "Event": 1024 * 1024}
"""By invocation type (page "Lambda quotas": invocation payload)."""

BODY_BYTES_MAX = 4 * PAYLOAD_BYTES_MAX["RequestResponse"]
"""What is read of a body before it is given up as too large."""

_PREFIX = "/2015-03-31/functions/"
_SUFFIX = "/invocations"


class InvokeApi:
    """Handles requests of one listener; `arn_prefix` is that of the Region's functions."""

    def __init__(self, pool: Pool, asynchronous: Asynchronous, arn_prefix: str) -> None:
        self._pool, self._asynchronous, self._arn_prefix = pool, asynchronous, arn_prefix

    def handle(self, request: Request, connection: Connection) -> None:
        """Answer one Invoke call."""
        path, _, query = request.target.decode("latin-1").partition("?")
        if request.method != "POST" or not path.startswith(_PREFIX) or not path.endswith(_SUFFIX):
            _error(connection, 404, "UnknownOperationException", "not an Invoke call")
            return
        name, qualifier = references.split(unquote(path[len(_PREFIX) : -len(_SUFFIX)]))
        qualifier = parse_qs(query).get("Qualifier", [qualifier])[0]
        reference = f"{name}:{qualifier}" if qualifier else name
        kind = (request.header(b"x-amz-invocation-type") or b"RequestResponse").decode("latin-1")
        limit = PAYLOAD_BYTES_MAX.get(kind, PAYLOAD_BYTES_MAX["RequestResponse"])
        if reference not in self._pool:
            _error(connection, 404, "ResourceNotFoundException",
                   f"Function not found: {self._arn_prefix}{reference}")  # fmt: skip
        elif request.too_large or len(request.body) > limit:
            size = len(request.body) or int(request.header(b"content-length") or limit + 1)
            _error(connection, 413, "RequestEntityTooLargeException",
                   f"{size} byte payload is too large for the {kind} invocation type "
                   f"(limit {limit} bytes)")  # fmt: skip
        elif not _is_json(request.body):
            _error(connection, 400, "InvalidRequestContentException",
                   "Could not parse request body into json")  # fmt: skip
        else:
            self._invoke(kind, reference, request, connection)

    def _invoke(self, kind: str, reference: str, request: Request, connection: Connection) -> None:
        event = request.body or b"{}"
        match kind:
            case "RequestResponse":
                wants_log = request.header(b"x-amz-log-type") == b"Tail"
                request_id = new_request_id()
                done = self._responder(reference, wants_log, request_id, connection)
                self._pool.invoke(reference, event, done, request_id)
            case "Event":
                _answer(connection, 202, request_id=self._asynchronous.accept(reference, event))
            case "DryRun":
                _answer(connection, 204)
            case _:
                _error(connection, 400, "InvalidParameterValueException",
                       f"X-Amz-Invocation-Type {kind}: unknown")  # fmt: skip

    def _responder(
        self, reference: str, wants_log: bool, request_id: str, connection: Connection
    ) -> Done:
        log = self._pool.log(references.split(reference)[0])
        begin = log.position() if wants_log else 0

        def done(result: Result) -> None:
            if result.error == "Throttled":
                _error(connection, 429, "TooManyRequestsException", "Rate Exceeded.",
                       Reason=result.reason)  # fmt: skip
                return
            headers = {"X-Amz-Executed-Version": result.version}
            if result.error:
                headers["X-Amz-Function-Error"] = result.error
            if wants_log:
                headers["X-Amz-Log-Result"] = base64.b64encode(log.tail(begin)).decode()
            _answer(connection, 200, result.payload, request_id, **headers)

        return done


def _answer(
    connection: Connection, status: int, payload: bytes = b"", request_id: str = "", **headers: str
) -> None:
    lines = {"content-type": "application/json", **headers}
    lines["x-amzn-RequestId"] = request_id or new_request_id()
    text = "".join(f"{name}: {value}\r\n" for name, value in lines.items())
    connection.respond(status, text.encode(), payload)


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
