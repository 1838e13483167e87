"""HTTP/1.1 on asyncio for the AWS endpoint: a server, and a client that keeps its connections.

Requests of one connection are answered in order, one at a time; a client that goes away cancels
what was being done for it, so a call that hangs (a Region that is cut) holds nothing for ever.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from http import HTTPStatus
from typing import cast
from urllib.parse import unquote, urlsplit

import httptools

from gameday.lab.log import log

Headers = tuple[tuple[bytes, bytes], ...]


@dataclass(frozen=True, slots=True)
class Request:
    """One request; `target` is the raw path and query, header names are lower case."""

    method: str
    target: str
    headers: Headers
    body: bytes

    @property
    def path(self) -> str:
        """The path, percent-decoded, without the query."""
        return unquote(self.raw_path)

    @property
    def raw_path(self) -> str:
        return self.target.partition("?")[0] if self.target[:1] == "/" else urlsplit(self.target)[2]

    @property
    def query(self) -> str:
        return self.target.partition("?")[2]

    def header(self, name: bytes) -> str | None:
        """The value of the first header called `name` (lower case)."""
        for key, value in self.headers:
            if key == name:
                return value.decode("latin-1")
        return None


@dataclass(frozen=True, slots=True)
class Response:
    """One response; Content-Length is added when it is written."""

    status: int
    headers: Headers = ()
    body: bytes = b""


Handle = Callable[[Request], Awaitable[Response]]

_HOP_BY_HOP = frozenset({b"content-length", b"transfer-encoding", b"connection", b"keep-alive"})
_BODYLESS = frozenset({204, 304})


def _reason(status: int) -> bytes:
    try:
        return HTTPStatus(status).phrase.encode()
    except ValueError:
        return b"Unknown"


def encode_response(response: Response, *, head: bool, close: bool) -> bytes:
    """The bytes of `response`; to HEAD its own Content-Length stands, without a body."""
    lines = [b"HTTP/1.1 %d %s" % (response.status, _reason(response.status))]
    length = b"%d" % len(response.body)
    for key, value in response.headers:
        if head and key.lower() == b"content-length":
            length = value
        if key.lower() not in _HOP_BY_HOP:
            lines.append(key + b": " + value)
    if response.status not in _BODYLESS:
        lines.append(b"Content-Length: " + length)
    if close:
        lines.append(b"Connection: close")
    return b"\r\n".join(lines) + b"\r\n\r\n" + (b"" if head else response.body)


class _Message(asyncio.Protocol):
    """What server and client connections share: collecting one message from the parser."""

    transport: asyncio.Transport

    def __init__(self) -> None:
        self._begin()

    def _begin(self) -> None:
        self._headers: list[tuple[bytes, bytes]] = []
        self._body: list[bytes] = []

    def on_header(self, name: bytes, value: bytes) -> None:
        self._headers.append((name.lower(), value))

    def on_body(self, body: bytes) -> None:
        self._body.append(body)

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast(asyncio.Transport, transport)  # uvloop's is not a subclass of it


class _ServerConnection(_Message):
    def __init__(self, handle: Handle) -> None:
        super().__init__()
        self._handle = handle
        self._parser = httptools.HttpRequestParser(self)
        self._waiting: deque[tuple[Request, bool]] = deque()
        self._work: asyncio.Task[None] | None = None
        self._target = b""

    def connection_lost(self, exc: Exception | None) -> None:
        if self._work:
            self._work.cancel()

    def data_received(self, data: bytes) -> None:
        try:
            self._parser.feed_data(data)
        except httptools.HttpParserError:
            self.transport.write(encode_response(Response(400), head=False, close=True))
            self.transport.close()

    def on_url(self, url: bytes) -> None:
        self._target += url

    def on_headers_complete(self) -> None:
        if any(k == b"expect" and v.lower() == b"100-continue" for k, v in self._headers):
            self.transport.write(b"HTTP/1.1 100 Continue\r\n\r\n")

    def on_message_complete(self) -> None:
        request = Request(
            self._parser.get_method().decode("ascii"),
            self._target.decode("latin-1"),
            tuple(self._headers),
            b"".join(self._body),
        )
        self._waiting.append((request, self._parser.should_keep_alive()))
        self._target = b""
        self._begin()
        if self._work is None or self._work.done():
            self._work = asyncio.get_running_loop().create_task(self._answer_all())

    async def _answer_all(self) -> None:
        while self._waiting:
            request, keep_alive = self._waiting.popleft()
            try:
                response = await self._handle(request)
            except Exception:
                log.exception("%s %s", request.method, request.raw_path)
                response = Response(500, body=b'{"message": "the lab failed; see its log"}')
            if self.transport.is_closing():
                return
            head = request.method == "HEAD"
            self.transport.write(encode_response(response, head=head, close=not keep_alive))
            if not keep_alive:
                self.transport.close()


async def serve(host: str, port: int, handle: Handle) -> asyncio.Server:
    """Serve `handle` on `host:port`; what it raises becomes a 500 and an entry in the log."""
    loop = asyncio.get_running_loop()
    return await loop.create_server(lambda: _ServerConnection(handle), host, port, backlog=512)


class _ClientConnection(_Message):
    def __init__(self) -> None:
        super().__init__()
        self._parser = httptools.HttpResponseParser(self)
        self._answer: asyncio.Future[Response] | None = None
        self.reusable = True
        self.used = False

    def exchange(self, request: bytes) -> asyncio.Future[Response]:
        """Send `request`; the future fails with ConnectionError when the connection does."""
        self._answer = asyncio.get_running_loop().create_future()
        self.transport.write(request)
        return self._answer

    def data_received(self, data: bytes) -> None:
        try:
            self._parser.feed_data(data)
        except httptools.HttpParserError as error:
            self._fail(ConnectionError(str(error)))
            self.transport.close()

    def connection_lost(self, exc: Exception | None) -> None:
        self.reusable = False
        self._fail(exc or ConnectionResetError("the peer closed the connection"))

    def _fail(self, error: Exception) -> None:
        if self._answer and not self._answer.done():
            self._answer.set_exception(error)

    def on_message_complete(self) -> None:
        if self._parser.get_status_code() < 200:
            return self._begin()
        self.reusable = self._parser.should_keep_alive()
        response = Response(
            self._parser.get_status_code(), tuple(self._headers), b"".join(self._body)
        )
        self._begin()
        if self._answer and not self._answer.done():
            self._answer.set_result(response)
        return None


class Upstream:
    """A server of ours at `host:port` and the idle connections to it."""

    def __init__(self, host: str, port: int) -> None:
        self._host, self._port = host, port
        self._idle: list[_ClientConnection] = []

    async def send(self, request: Request) -> Response:
        """Pass `request` on as it came and return the answer.

        An idle connection that turns out to be dead is replaced once.

        :raises OSError: nobody listens, or the connection broke.
        """
        data = _encode_request(request)
        while True:
            connection = await self._connection()
            try:
                response = await connection.exchange(data)
            except ConnectionError:
                if connection.used:
                    continue
                raise
            except asyncio.CancelledError:
                connection.transport.abort()
                raise
            if connection.reusable:
                connection.used = True
                self._idle.append(connection)
            else:
                connection.transport.close()
            return response

    async def _connection(self) -> _ClientConnection:
        while self._idle:
            connection = self._idle.pop()
            if connection.reusable:
                return connection
        loop = asyncio.get_running_loop()
        _, fresh = await loop.create_connection(_ClientConnection, self._host, self._port)
        return fresh

    def close(self) -> None:
        """Close the idle connections."""
        for connection in self._idle:
            connection.transport.close()
        self._idle.clear()


_NOT_PASSED_ON = _HOP_BY_HOP | {b"expect"}


def _encode_request(request: Request) -> bytes:
    lines = [f"{request.method} {request.target} HTTP/1.1".encode("latin-1")]
    lines += [k + b": " + v for k, v in request.headers if k not in _NOT_PASSED_ON]
    lines.append(b"Content-Length: %d" % len(request.body))
    return b"\r\n".join(lines) + b"\r\n\r\n" + request.body
