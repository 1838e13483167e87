"""The management API: what only a simulator can do. HTTP on loopback, behind the lab's token.

One thread a request; each command runs on the supervisor's loop and its result is the answer.
A foreign Host header is refused, so that no web page can reach it through a browser.
"""

from __future__ import annotations

import asyncio
import hmac
import json
import re
import threading
from collections.abc import Awaitable, Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from gameday.errors import GamedayError
from gameday.lab.log import log

Command = Callable[..., Awaitable[Any]]

ANSWER_WITHIN_S = 10.0
BODY_MAX = 1 << 20


class Admin:
    """Serves `routes`: (method, path pattern) -> coroutine function(*groups, body)."""

    def __init__(
        self,
        routes: dict[tuple[str, str], Command],
        token: str,
        loop: asyncio.AbstractEventLoop,
    ) -> None:
        self._routes = [(m, re.compile(p + r"\Z"), c) for (m, p), c in routes.items()]
        self._token, self._loop = token, loop
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self._server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self._server.server_port}"
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def close(self) -> None:
        """Stop listening."""
        self._server.shutdown()
        self._server.server_close()

    def answer(self, method: str, path: str, headers: Any, body: bytes) -> tuple[int, Any]:
        """Status and JSON answer of one request."""
        host = (headers.get("Host") or "").rpartition(":")[0]
        if host not in ("127.0.0.1", "localhost"):
            return 421, {"error": "the management API answers on 127.0.0.1 only"}
        given = (headers.get("Authorization") or "").encode("utf-8", "replace")
        if not hmac.compare_digest(given, f"Bearer {self._token}".encode()):
            return 401, {"error": "send `Authorization: Bearer <lab.token>`"}
        try:
            value = json.loads(body, parse_constant=_refuse) if body else {}
        except (ValueError, RecursionError):
            return 400, {"error": "the body is not JSON"}
        if not isinstance(value, dict):
            return 400, {"error": "the body is not a JSON object"}
        known = False
        for wanted, pattern, command in self._routes:
            match = pattern.match(path)
            if match and wanted == method:
                return self._run(command, match.groups(), value)
            known = known or bool(match)
        return (
            (405, {"error": "no such method here"}) if known else (404, {"error": "no such path"})
        )

    def _run(self, command: Command, groups: tuple[str, ...], value: Any) -> tuple[int, Any]:
        future = asyncio.run_coroutine_threadsafe(_call(command, groups, value), self._loop)
        try:
            return 200, future.result(ANSWER_WITHIN_S) or {}
        except GamedayError as error:
            return 400, {"error": str(error)}
        except TimeoutError:
            return 504, {"error": "the lab did not answer in time"}
        except Exception as error:
            log.exception("the management API failed")
            return 500, {"error": f"the lab failed: {type(error).__name__}; see its log"}

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        admin = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            timeout = 30
            wbufsize = -1

            def handle_any(self) -> None:
                length = self.headers.get("Content-Length") or "0"
                if not length.isdecimal():
                    status, answer = self.unread(400, "Content-Length is no number")
                elif int(length) > BODY_MAX:
                    status, answer = self.unread(413, "the body is too large")
                else:
                    body = self.rfile.read(int(length))
                    status, answer = admin.answer(self.command, self.path, self.headers, body)
                content = json.dumps(answer).encode()
                self.send_response(status)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(content)))
                self.end_headers()
                self.wfile.write(content)

            def unread(self, status: int, error: str) -> tuple[int, Any]:
                """A refusal that leaves the body on the connection, which therefore ends."""
                self.close_connection = True
                return status, {"error": error}

            do_GET = do_PUT = do_POST = do_DELETE = do_PATCH = handle_any

            def log_message(self, format: str, *args: Any) -> None:
                """Requests are not logged: the effects are, as events."""

        return Handler


def _refuse(constant: str) -> None:
    """NaN and infinities, which are not JSON."""
    raise ValueError(constant)


async def _call(command: Command, groups: tuple[str, ...], value: Any) -> Any:
    return await command(*groups, value)
