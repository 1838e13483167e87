"""One HTTP/1.1 request as it stands on the wire, and its answer.

geventhttpclient goes five times through the headers of each request, which costs 8 us; here each is
a line that is checked and made once. What is no plain request (a body that is a stream, `Expect`, a
header or target that must not be sent) is left to geventhttpclient.
"""

from __future__ import annotations

import errno
import re
from functools import lru_cache
from typing import Any

from geventhttpclient.connectionpool import ConnectionPool
from geventhttpclient.header import Headers
from geventhttpclient.response import HTTPSocketPoolResponse

LINES_KEPT = 1_000
BLOCK_BYTES = 4096

_START = re.compile(r"[A-Z]+ /(?!/)[\x21-\x7e]*")
_NAME = re.compile(r"[!#$%&'*+\-.^_`|~0-9A-Za-z]+")
_VALUE = re.compile(r"[\t\x20-\x7e\x80-\xff]*")  # RFC 9110, 5.5: neither CR nor LF

WITH_CONTENT = frozenset({"POST", "PUT", "PATCH"})
"""Methods that say so when their content is empty (RFC 9110, 8.6)."""


@lru_cache(LINES_KEPT)
def line(name: str, value: str) -> str:
    """A header as a line.

    :raises ValueError: it is none.
    """
    if not _NAME.fullmatch(name) or not _VALUE.fullmatch(value):
        raise ValueError(f"no header: {name!r}: {value!r}")
    return f"{name}: {value}\r\n"


class Head:
    """What stands above the body of the requests of one client."""

    def __init__(self, defaults: Headers) -> None:
        """`defaults` are sent unless a request has headers of these names."""
        self._defaults = tuple(
            (name.lower(), line(name, value)) for name, value in defaults.items()
        )

    def of(self, method: str, target: str, headers: Headers, body: Any) -> str | None:
        """The head of one request; None when it is no plain one."""
        start = f"{method} {target}"
        if not isinstance(body, bytes) or not _START.fullmatch(start):
            return None
        if "expect" in headers or "transfer-encoding" in headers:
            return None
        lines = [f"{start} HTTP/1.1\r\n"]
        lines += [text for name, text in self._defaults if name not in headers]
        try:
            lines += [line(name, value) for name, value in headers.items()]
        except (TypeError, ValueError):
            return None
        if "content-length" not in headers and (body or method in WITH_CONTENT):
            lines.append(f"Content-Length: {len(body)}\r\n")
        return "".join(lines) + "\r\n"


def exchange(pool: ConnectionPool, method: str, head: str, body: bytes) -> Any:
    """Send a request over the pool's connection; the answer, its headers read.

    :raises OSError: it could not be sent, or no answer came.
    :raises HTTPParseError: what came is not HTTP.
    """
    request, sock = head.encode("latin-1") + body, pool.get_socket()
    try:
        sent = sock.send(request)
        if sent < len(request):
            sock.sendall(request[sent:])
    except OSError as error:
        if error.errno not in (errno.ECONNRESET, errno.EPIPE):
            pool.release_socket(sock)
            raise  # else what the server said before it hung up counts
    response = HTTPSocketPoolResponse(sock, pool, block_size=BLOCK_BYTES, method=method)
    response._sent_request = head
    return response
