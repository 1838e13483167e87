"""One HTTP/1.1 connection of the lab's servers: httptools on the loop's own protocols.

It hands over one request at a time, in order, so pipelined requests are answered in the order they
came. It can be held: then it reads nothing and keeps its answers back.
"""

from __future__ import annotations

import asyncio
import functools
import http
from collections import deque
from collections.abc import Callable
from email.utils import formatdate
from typing import Protocol, cast

import httptools

from gameday import clock

HEADER_BYTES_MAX = 64 * 1024
PIPELINED_MAX = 16
"""A connection with this many unanswered requests is not read until one is answered."""

REASONS = {s.value: s.phrase.encode() for s in http.HTTPStatus}
JSON = b"content-type: application/json\r\n"


class Request:
    """One request. `target` is the raw request target, header names keep the client's case."""

    __slots__ = ("body", "headers", "keep_alive", "method", "peer", "target", "too_large")

    def __init__(self, peer: str) -> None:
        self.peer = peer
        self.method, self.target = "", b""
        self.headers: list[tuple[bytes, bytes]] = []
        self.body = b""
        self.keep_alive = True
        self.too_large = False  # the body went over the limit and was thrown away

    def header(self, name: bytes) -> bytes | None:
        """The first value of a header, `name` in lower case."""
        for key, value in self.headers:
            if key.lower() == name:
                return value
        return None

    def text(self, name: bytes) -> str | None:
        """The first value of a header as text, `name` in lower case."""
        value = self.header(name)
        return None if value is None else value.decode("latin-1")


Handler = Callable[[Request, "Connection"], None]
"""Must lead to exactly one `respond` on the connection, now or later."""


class Owner(Protocol):
    """What a connection needs of its listener."""

    handler: Handler
    body_limit: int
    silent: bool
    connections: set[Connection]


class Connection(asyncio.Protocol):
    """One client's connection. `respond` answers the request that was handed over last."""

    def __init__(self, listener: Owner) -> None:
        self._listener = listener
        self._transport: asyncio.Transport | None = None
        self.raw: asyncio.Transport | None = None  # the TCP transport below TLS
        self._held: list[bytes] | None = None  # answers kept back while held
        self._parser = httptools.HttpRequestParser(self)
        self._peer = ""
        self._building: Request | None = None
        self._chunks: list[bytes] = []
        self._size = self._header_size = 0
        self._in_headers = True
        self._waiting: deque[Request] = deque()
        self._current: Request | None = None
        self._closing = False

    # What the transport calls.

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)  # uvloop's are no subclass
        self.raw = self.raw or self._transport
        self._peer = (transport.get_extra_info("peername") or ("",))[0]
        self._listener.connections.add(self)
        if self._listener.silent:
            self.hold()

    def connection_lost(self, exc: Exception | None) -> None:
        self._listener.connections.discard(self)
        self._closing = True
        self._waiting.clear()

    def data_received(self, data: bytes) -> None:
        if self._closing:
            return
        try:
            self._parser.feed_data(data)
        except (httptools.HttpParserError, httptools.HttpParserUpgrade):
            self._refuse()
            return
        if self._building and self._in_headers:
            self._header_size += len(data)
            if self._header_size > HEADER_BYTES_MAX:
                self._refuse()

    # What the parser calls.

    def on_message_begin(self) -> None:
        self._building = Request(self._peer)
        self._chunks, self._size, self._header_size = [], 0, 0
        self._in_headers = True

    def on_url(self, url: bytes) -> None:
        assert self._building
        self._building.target += url

    def on_header(self, name: bytes, value: bytes) -> None:
        assert self._building
        self._header_size += len(name) + len(value)
        if self._header_size > HEADER_BYTES_MAX:
            raise httptools.HttpParserError("headers too large")
        self._building.headers.append((name, value))

    def on_headers_complete(self) -> None:
        assert self._building
        self._in_headers = False
        if self._building.header(b"expect") == b"100-continue" and not self._current:
            self._write(b"HTTP/1.1 100 Continue\r\n\r\n")

    def on_body(self, body: bytes) -> None:
        assert self._building
        self._size += len(body)
        if self._size > self._listener.body_limit:
            self._chunks, self._building.too_large = [], True
        elif not self._building.too_large:
            self._chunks.append(body)

    def on_message_complete(self) -> None:
        request, self._building = self._building, None
        assert request
        request.method = self._parser.get_method().decode()
        request.keep_alive = self._parser.should_keep_alive()
        request.body = self._chunks[0] if len(self._chunks) == 1 else b"".join(self._chunks)
        self._waiting.append(request)
        if self._current is None:
            self._next()
        elif len(self._waiting) == PIPELINED_MAX:
            self._set_reading()

    # What handlers and faults call.

    def respond(self, status: int, headers: bytes = JSON, body: bytes = b"") -> None:
        """Answer the current request; `headers` are whole lines, each with its CRLF."""
        request, self._current = self._current, None
        if request is None or self._closing:
            return
        close = b"" if request.keep_alive else b"connection: close\r\n"
        self._write(
            b"HTTP/1.1 %d %s\r\ncontent-length: %d\r\ndate: %s\r\n%s%s\r\n"
            % (status, REASONS.get(status, b""), len(body), date(int(clock.now())), headers, close)
            + (b"" if request.method == "HEAD" else body)
        )
        if not request.keep_alive:
            self._close()
        elif self._waiting:
            asyncio.get_running_loop().call_soon(self._next)

    def hold(self) -> None:
        """Read nothing more and keep answers back, as if the packets vanished."""
        if self._held is None:
            self._held = []
            self._set_reading()

    def release(self) -> None:
        """Undo `hold`: what was kept back leaves now."""
        held, self._held = self._held, None
        for data in held or ():
            self._write(data)
        if self._closing:
            self._close()
        self._set_reading()

    def abort(self) -> None:
        """Drop the connection at once."""
        if self.raw and not self.raw.is_closing():
            self.raw.abort()

    def _next(self) -> None:
        if self._waiting and self._current is None:
            self._current = self._waiting.popleft()
            if len(self._waiting) == PIPELINED_MAX - 1:
                self._set_reading()
            self._listener.handler(self._current, self)

    def _refuse(self) -> None:
        self._write(b"HTTP/1.1 400 Bad Request\r\ncontent-length: 0\r\nconnection: close\r\n\r\n")
        self._close()

    def _write(self, data: bytes) -> None:
        if self._held is not None:
            self._held.append(data)
        elif self._transport and not self._transport.is_closing():
            self._transport.write(data)

    def _close(self) -> None:
        self._closing = True
        if self._held is None and self._transport:
            self._transport.close()

    def _set_reading(self) -> None:
        if self.raw is None or self.raw.is_closing():
            return
        if self._held is not None or len(self._waiting) >= PIPELINED_MAX:
            self.raw.pause_reading()
        else:
            self.raw.resume_reading()


@functools.lru_cache(maxsize=2)
def date(second: int) -> bytes:
    """The value of a Date header for a whole unix second."""
    return formatdate(second, usegmt=True).encode()
