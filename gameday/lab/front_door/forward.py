"""A reverse proxy to the Region's program, over persistent connections: what a load balancer is.

Answers are taken whole, so streaming and WebSockets do not pass. Errors are those of the page
"Troubleshoot your Application Load Balancers": 502 where the target closes or cannot be reached,
504 where it says nothing for 60 s.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable
from typing import cast

import httptools

from gameday.lab.front_door.gateway_responses import Answer
from gameday.lab.http_connection import Request

IDLE_TIMEOUT_S = 60.0
"""The default idle timeout of an Application Load Balancer; the lab's speed does not shorten it."""

IDLE_MAX = 64
_HOP = frozenset({b"connection", b"keep-alive", b"proxy-connection", b"te", b"trailer",
                  b"transfer-encoding", b"upgrade", b"content-length", b"expect"})  # fmt: skip
_REPEATABLE = frozenset({"GET", "HEAD", "OPTIONS", "PUT", "DELETE"})

Done = Callable[[Answer], None]


def error(status: int, title: str) -> Answer:
    """An answer of the load balancer itself."""
    page = f"<html>\r\n<head><title>{status} {title}</title></head>\r\n<body>\r\n<center><h1>"
    page += f"{status} {title}</h1></center>\r\n</body>\r\n</html>\r\n"
    headers = (("server", "awselb/2.0"), ("content-type", "text/html"))
    return Answer(status, headers, page.encode())


class Forwarder:
    """Hands requests to `address`; each answer, or an error page, goes to its `done` once."""

    def __init__(self, address: tuple[str, int]) -> None:
        self._address = address
        self._idle: deque[_Upstream] = deque()
        self._tasks: set[asyncio.Task[None]] = set()

    def forward(self, request: Request, scheme: str, port: int, done: Done) -> None:
        """Send `request` on; returns at once."""
        turn = _Turn(self, request, request_bytes(request, scheme, port), done)
        while self._idle:
            upstream = self._idle.pop()
            if upstream.usable:
                upstream.send(turn)
                return
        self.connect(turn)

    def connect(self, turn: _Turn) -> None:
        """Give `turn` a connection of its own."""
        task = asyncio.get_running_loop().create_task(self._connect(turn))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _connect(self, turn: _Turn) -> None:
        try:
            _, upstream = await asyncio.get_running_loop().create_connection(
                lambda: _Upstream(self), *self._address
            )
        except OSError:
            turn.finish(error(502, "Bad Gateway"))
        else:
            upstream.send(turn)

    def rest(self, upstream: _Upstream) -> None:
        """Keep a connection that is free again."""
        if len(self._idle) < IDLE_MAX:
            self._idle.append(upstream)
        else:
            upstream.close()

    def close(self) -> None:
        """Close every idle connection."""
        while self._idle:
            self._idle.pop().close()


class _Turn:
    """One request on its way to the program."""

    def __init__(self, forwarder: Forwarder, request: Request, data: bytes, done: Done) -> None:
        self.forwarder, self.data, self._done = forwarder, data, done
        self.method, self.over = request.method, False

    def finish(self, answer: Answer) -> None:
        """Answer once."""
        if not self.over:
            self.over = True
            self._done(answer)


class _Upstream(asyncio.Protocol):
    """One connection to the program, one request at a time."""

    def __init__(self, forwarder: Forwarder) -> None:
        self._forwarder = forwarder
        self._transport: asyncio.Transport
        self._turn: _Turn | None = None
        self._timer: asyncio.TimerHandle | None = None
        self._used = self._began = self._framed = self._read_headers = False

    @property
    def usable(self) -> bool:
        return not self._transport.is_closing()

    def send(self, turn: _Turn) -> None:
        self._turn = turn
        self._began = self._framed = self._read_headers = False
        self._headers: list[tuple[str, str]] = []
        self._chunks: list[bytes] = []
        self._parser = httptools.HttpResponseParser(self)
        self._timer = asyncio.get_running_loop().call_later(IDLE_TIMEOUT_S, self._times_out)
        self._transport.write(turn.data)

    def close(self) -> None:
        self._transport.close()

    # What the transport calls.

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)

    def data_received(self, data: bytes) -> None:
        if self._turn is None:
            self.close()
            return
        self._began = True
        try:
            self._parser.feed_data(data)
        except (httptools.HttpParserError, httptools.HttpParserUpgrade):
            self._fail()

    def connection_lost(self, exc: Exception | None) -> None:
        turn = self._turn
        if turn is None:
            return
        if self._used and not self._began and turn.method in _REPEATABLE:
            self._take_turn()  # it was closed while idle: nobody has read this request
            self._forwarder.connect(turn)
        elif self._read_headers and not self._framed and exc is None:  # its end is the end
            self.on_message_complete()
        else:
            self._fail()

    # What the parser calls.

    def on_header(self, name: bytes, value: bytes) -> None:
        lower = name.lower()
        self._framed = self._framed or lower in (b"content-length", b"transfer-encoding")
        if lower not in _HOP and lower != b"date":
            self._headers.append((name.decode("latin-1"), value.decode("latin-1")))

    def on_headers_complete(self) -> None:
        self._read_headers = self._parser.get_status_code() >= 200
        if self._read_headers and self._turn and self._turn.method == "HEAD":
            self._answer(keep=False)  # the parser would wait for the body

    def on_body(self, body: bytes) -> None:
        self._chunks.append(body)

    def on_message_complete(self) -> None:
        if self._read_headers:  # and not 100 Continue or 103 Early Hints
            self._answer(self._parser.should_keep_alive())

    def _answer(self, keep: bool) -> None:
        status, turn = self._parser.get_status_code(), self._take_turn()
        if turn:
            turn.finish(Answer(status, tuple(self._headers), b"".join(self._chunks)))
        self._used = True
        if keep and self.usable:
            self._forwarder.rest(self)
        else:
            self.close()

    def _take_turn(self) -> _Turn | None:
        turn, self._turn = self._turn, None
        if self._timer:
            self._timer.cancel()
            self._timer = None
        return turn

    def _fail(self) -> None:
        turn = self._take_turn()
        if turn:
            turn.finish(error(502, "Bad Gateway"))
        self.close()

    def _times_out(self) -> None:
        turn = self._take_turn()
        if turn:
            turn.finish(error(504, "Gateway Time-out"))
        self.close()


def request_bytes(request: Request, scheme: str, port: int) -> bytes:
    """`request` as the program gets it, with X-Forwarded-* as a load balancer writes them."""
    lines = [b"%s %s HTTP/1.1\r\n" % (request.method.encode(), request.target)]
    forwarded = request.peer
    for name, value in request.headers:
        lower = name.lower()
        if lower == b"x-forwarded-for":
            forwarded = f"{value.decode('latin-1')}, {request.peer}"
        elif lower not in _HOP and lower not in (b"x-forwarded-proto", b"x-forwarded-port"):
            lines.append(b"%s: %s\r\n" % (name, value))
    own = f"X-Forwarded-For: {forwarded}\r\nX-Forwarded-Proto: {scheme}\r\n"
    own += f"X-Forwarded-Port: {port}\r\nconnection: keep-alive\r\n"
    if request.body or request.method in ("POST", "PUT", "PATCH"):
        own += f"content-length: {len(request.body)}\r\n"
    return b"".join(lines) + own.encode("latin-1", "replace") + b"\r\n" + request.body
