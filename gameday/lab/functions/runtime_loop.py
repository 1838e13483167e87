"""What runs inside an execution environment: awslambdaric, or a loop of our own on its protocol.

awslambdaric is the client that AWS runs, and it is the one used where it is installed; its wheels
are for Linux with glibc only. Our loop speaks the same Runtime API and passes the same tests.
"""

from __future__ import annotations

import http.client
import importlib
import importlib.util
import json
import os
import sys
import traceback
from collections.abc import Callable
from typing import Any

from gameday import clock

AWSLAMBDARIC = "awslambdaric"
OWN = "own"

Function = Callable[[Any, Any], Any]
_PATH = "/2018-06-01/runtime/"


def preferred() -> str:
    """The runtime to use on this machine: `awslambdaric` where it is installed, else `own`."""
    return AWSLAMBDARIC if importlib.util.find_spec("awslambdaric") else OWN


def run(runtime: str, handler: str, code: str) -> None:
    """Serve invocations of `handler` (`module.function`) from the directory `code` for ever."""
    layers = [p for p in os.environ.get("PYTHONPATH", "").split(os.pathsep) if p]
    sys.path[:0] = [code, *(p for p in layers if p not in sys.path)]
    if runtime == AWSLAMBDARIC:
        from awslambdaric.__main__ import main

        main(["awslambdaric", handler])
    else:
        sys.stdout.reconfigure(line_buffering=True)  # type: ignore[union-attr]
        RuntimeLoop(os.environ["AWS_LAMBDA_RUNTIME_API"]).run(handler)


class Context:
    """The second argument of a handler, with the members that AWS documents for Python."""

    def __init__(self, request_id: str, arn: str, deadline_ms: int) -> None:
        get = os.environ.get
        self.aws_request_id, self.invoked_function_arn = request_id, arn
        self.function_name = get("AWS_LAMBDA_FUNCTION_NAME")
        self.function_version = get("AWS_LAMBDA_FUNCTION_VERSION")
        self.memory_limit_in_mb = get("AWS_LAMBDA_FUNCTION_MEMORY_SIZE")
        self.log_group_name = get("AWS_LAMBDA_LOG_GROUP_NAME")
        self.log_stream_name = get("AWS_LAMBDA_LOG_STREAM_NAME")
        self.identity = self.client_context = None
        self._deadline_ms = deadline_ms

    def get_remaining_time_in_millis(self) -> int:
        """Milliseconds until the function's timeout, never below 0."""
        return max(0, self._deadline_ms - int(clock.now() * 1000))


class RuntimeLoop:
    """One environment's conversation with its Runtime API."""

    def __init__(self, address: str) -> None:
        self._connection = http.client.HTTPConnection(address)

    def run(self, handler: str) -> None:
        """Import `handler`, then answer invocations one by one; exits when the import fails."""
        try:
            function = load(handler)
        except Exception as e:
            self._post("init/error", error_of(e, handler))
            raise SystemExit(1) from e
        while True:
            self._serve_one(function)

    def _serve_one(self, function: Function) -> None:
        self._connection.request("GET", f"{_PATH}invocation/next")
        answer = self._connection.getresponse()
        event = answer.read()
        request_id = answer.headers["Lambda-Runtime-Aws-Request-Id"]
        context = Context(
            request_id,
            answer.headers["Lambda-Runtime-Invoked-Function-Arn"],
            int(answer.headers["Lambda-Runtime-Deadline-Ms"]),
        )
        try:
            payload = json.dumps(function(json.loads(event), context)).encode()
        except Exception as e:
            document = error_of(e, "")
            print("[ERROR]", document["errorType"], document["errorMessage"])
            self._post(f"invocation/{request_id}/error", document)
        else:
            self._post(f"invocation/{request_id}/response", payload)

    def _post(self, path: str, body: dict[str, Any] | bytes) -> None:
        payload = body if isinstance(body, bytes) else json.dumps(body).encode()
        self._connection.request("POST", _PATH + path, payload)
        self._connection.getresponse().read()


def load(handler: str) -> Function:
    """The function that `module.function` names; the module may have slashes or dots."""
    module, _, name = handler.rpartition(".")
    function: Function = getattr(importlib.import_module(module.replace("/", ".")), name)
    return function


def error_of(error: Exception, handler: str) -> dict[str, Any]:
    """The error document for an exception, with the types that awslambdaric reports."""
    module = handler.rpartition(".")[0]
    kind, message = type(error).__name__, str(error)
    if handler and isinstance(error, ImportError):
        kind, message = "Runtime.ImportModuleError", f"Unable to import module '{module}': {error}"
    elif handler and isinstance(error, AttributeError):
        kind = "Runtime.HandlerNotFound"
        message = f"Handler '{handler.rpartition('.')[2]}' missing on module '{module}'"
    elif handler and isinstance(error, SyntaxError):
        kind = "Runtime.UserCodeSyntaxError"
        message = f"Syntax error in module '{module}': {error}"
    return {
        "errorType": kind,
        "errorMessage": message,
        "stackTrace": traceback.format_tb(error.__traceback__)[1:],
    }
