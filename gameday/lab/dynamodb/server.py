"""HTTP/1.1 for one Region's DynamoDB port: httptools parses, one function answers.

The function runs on the loop and does not wait, so answers leave in the order of the requests.
"""

from __future__ import annotations

import asyncio
import secrets
import zlib
from collections.abc import Callable
from dataclasses import dataclass
from typing import cast

import httptools

from gameday.errors import LabError
from gameday.lab.log import log

BODY_MAX_BYTES = 64 * 1024 * 1024
REASONS = {200: "OK", 400: "Bad Request", 403: "Forbidden", 404: "Not Found", 500: "Error"}


@dataclass(slots=True)
class Request:
    """One request as far as this port cares: header names are in lower case."""

    method: str
    path: str
    headers: dict[bytes, bytes]
    body: bytes


Answer = Callable[[Request], tuple[int, bytes]]


class Connection(asyncio.Protocol):
    """One client's connection, kept alive as long as it likes."""

    def __init__(self, answer: Answer, open_connections: set[Connection]) -> None:
        self._answer, self._open = answer, open_connections
        self._parser = httptools.HttpRequestParser(self)
        self.on_message_begin()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)  # uvloop's is none by class
        self._open.add(self)

    def connection_lost(self, _: Exception | None) -> None:
        self._open.discard(self)

    def close(self) -> None:
        self._transport.close()

    def data_received(self, data: bytes) -> None:
        try:
            self._parser.feed_data(data)
        except httptools.HttpParserError:
            self._transport.write(b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n")
            self._transport.close()

    # What httptools calls

    def on_message_begin(self) -> None:
        self._path, self._headers = b"", dict[bytes, bytes]()
        self._body, self._size = list[bytes](), 0

    def on_url(self, url: bytes) -> None:
        self._path += url

    def on_header(self, name: bytes, value: bytes) -> None:
        self._headers[name.lower()] = value

    def on_body(self, body: bytes) -> None:
        self._size += len(body)
        if self._size > BODY_MAX_BYTES:
            self._transport.abort()
        else:
            self._body.append(body)

    def on_message_complete(self) -> None:
        if self._transport.is_closing():
            return
        method = self._parser.get_method().decode()
        path = self._path.decode("latin-1")
        try:
            status, body = self._answer(Request(method, path, self._headers, b"".join(self._body)))
        except Exception:
            log.exception("%s %s", method, path)
            status, body = 500, b'{"__type":"com.amazon.coral.service#InternalServerError"}'
        keep = self._parser.should_keep_alive()
        self._transport.write(_response(status, body, keep))
        if not keep:
            self._transport.close()


def _response(status: int, body: bytes, keep_alive: bool) -> bytes:
    """The headers are those that DynamoDB sends; SDKs check the checksum."""
    head = (
        f"HTTP/1.1 {status} {REASONS.get(status, 'Error')}\r\n"
        "Server: Server\r\n"
        "Content-Type: application/x-amz-json-1.0\r\n"
        f"Content-Length: {len(body)}\r\n"
        f"Connection: {'keep-alive' if keep_alive else 'close'}\r\n"
        f"x-amzn-RequestId: {secrets.token_hex(26).upper()}\r\n"
        f"x-amz-crc32: {zlib.crc32(body)}\r\n\r\n"
    )
    return head.encode() + body


class Server:
    """A listening port whose open connections end with it."""

    def __init__(self, answer: Answer) -> None:
        self._answer = answer
        self._open: set[Connection] = set()
        self._server: asyncio.Server | None = None

    async def start(self, host: str, port: int) -> int:
        """Listen; the port, which differs from `port` when that is 0.

        :raises LabError: the port is taken.
        """
        loop = asyncio.get_running_loop()
        try:
            self._server = await loop.create_server(
                lambda: Connection(self._answer, self._open), host, port, backlog=256
            )
        except OSError as e:
            raise LabError(
                f"DynamoDB cannot listen on {host}:{port} ({e.strerror}); "
                "end what uses that port or give the lab another"
            ) from e
        return int(self._server.sockets[0].getsockname()[1])

    async def stop(self) -> None:
        if self._server is None:
            return
        self._server.close()
        for connection in list(self._open):
            connection.close()
        await self._server.wait_closed()
