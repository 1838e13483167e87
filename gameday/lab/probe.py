"""One probe of one health checker: connect, ask, read, judge. Real sockets, no policy.

Route 53's limits (determining-health-of-endpoints): 4 s to connect, 2 s to a 2xx or 3xx, 2 s more
for a body that is searched, 10 s for TCP. The lab counts the TLS handshake to the 4 s, because
handshakes are work, which the speed does not shorten.
"""

from __future__ import annotations

import asyncio
import re
import ssl
import zlib
from collections.abc import AsyncIterator
from dataclasses import dataclass

from gameday import clock
from gameday.route53.check import HealthCheck

CONNECT_S, RESPONSE_S, BODY_S, TCP_S = 4.0, 2.0, 2.0, 10.0
HEADERS_MAX = 16_384
SEARCHED_BYTES = 5_120
FIELD_NAME = re.compile(rb"[!#$%&'*+.^_`|~0-9A-Za-z-]+")  # RFC 7230 section 3.2.6, token
SHORTEST_TIMEOUT_S = min(CONNECT_S, RESPONSE_S, BODY_S)

NO_CONNECTION = "The health checker could not establish a connection within the timeout limit."
TIMED_OUT = (
    "Connection timed out. The endpoint or the internet connection is down, or requests are being "
    "blocked by your firewall."
)


@dataclass(frozen=True, slots=True)
class Observation:
    """What one probe found. Times are wall milliseconds of work; None where it did not get there.

    `status` starts with `Success: ` or `Failure: ` (API_GetHealthCheckStatus).
    """

    ok: bool
    status: str
    at: float
    connect_ms: float | None = None
    first_byte_ms: float | None = None


class _Failed(Exception):
    """The endpoint answered, but not as it should."""


def tls_context() -> ssl.SSLContext:
    """Certificates are not validated: expired and self-signed ones pass."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context


def failure(why: str) -> Observation:
    """A probe that could not even begin."""
    return Observation(False, f"Failure: {why}", clock.now())


async def probe(
    check: HealthCheck, address: tuple[str, int], tls: ssl.SSLContext, time: clock.Clock
) -> Observation:
    """Probe `address` as `check` says; every failure becomes an observation."""
    began = clock.monotonic()
    connect_s = TCP_S if check.type == "TCP" else CONNECT_S
    try:
        async with asyncio.timeout(time.wall(connect_s)):
            reader, writer = await _connect(check, address, tls)
    except TimeoutError:
        return failure(NO_CONNECTION if check.type == "TCP" else TIMED_OUT)
    except ssl.SSLError as e:
        return failure(f"SSL alert handshake_failure: {e.reason}")
    except OSError as e:
        return failure(f"The health checker could not connect: {e.strerror or type(e).__name__}")
    connect_ms = (clock.monotonic() - began) * 1000
    if check.type == "TCP":
        writer.transport.abort()
        return Observation(True, "Success: TCP connection established", clock.now(), connect_ms)
    try:
        return await _ask(check, reader, writer, time, connect_ms)
    finally:
        writer.transport.abort()


async def _connect(
    check: HealthCheck, address: tuple[str, int], tls: ssl.SSLContext
) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    host, port = address
    if not check.is_https:
        return await asyncio.open_connection(host, port, limit=HEADERS_MAX)
    name = check.fqdn if check.sni and check.fqdn else ""
    try:
        return await asyncio.open_connection(
            host, port, limit=HEADERS_MAX, ssl=tls, server_hostname=name
        )
    except (ssl.SSLError, ConnectionResetError):  # some servers reset instead of alerting
        if not name:
            raise
        # EnableSNI: the handshake is tried once more without the name.
        return await asyncio.open_connection(
            host, port, limit=HEADERS_MAX, ssl=tls, server_hostname=""
        )


async def _ask(
    check: HealthCheck,
    reader: asyncio.StreamReader,
    writer: asyncio.StreamWriter,
    time: clock.Clock,
    connect_ms: float,
) -> Observation:
    asked = clock.monotonic()
    code, first_byte_ms = 0, None
    try:
        async with asyncio.timeout(time.wall(RESPONSE_S)):
            writer.write(_request(check))
            head = await reader.readuntil(b"\r\n\r\n")
        first_byte_ms = (clock.monotonic() - asked) * 1000
        code, headers = _parse_head(head)
        if not 200 <= code < 400:
            raise _Failed(f"HTTP Status Code {code}")
        if check.type.endswith("STR_MATCH"):
            async with asyncio.timeout(time.wall(BODY_S)):
                text = await _searched(reader, headers)
            if check.search not in text:
                raise _Failed(f"HTTP Status Code {code}, the search string was not found")
    except TimeoutError:
        what = "The body" if code else "A response"
        return failure(f"{what} was not received within the timeout limit.")
    except asyncio.LimitOverrunError:
        return failure(f"The response headers exceed {HEADERS_MAX} bytes")
    except asyncio.IncompleteReadError:
        return failure("The connection was closed before the response was complete")
    except _Failed as e:
        return Observation(False, f"Failure: {e}", clock.now(), connect_ms, first_byte_ms)
    except OSError as e:
        return failure(f"The connection was lost: {e.strerror or type(e).__name__}")
    status = f"Success: HTTP Status Code {code}, OK"
    return Observation(True, status, clock.now(), connect_ms, first_byte_ms)


def _request(check: HealthCheck) -> bytes:
    return (
        f"GET {check.path} HTTP/1.1\r\nHost: {check.host_header}\r\n"
        f"User-Agent: Amazon-Route53-Health-Check-Service (ref {check.id}; "
        "report http://amzn.to/1vsZADi)\r\n"
        "Accept: */*\r\nAccept-Encoding: identity,gzip,deflate\r\nConnection: close\r\n\r\n"
    ).encode("latin-1", "replace")


def _parse_head(head: bytes) -> tuple[int, dict[bytes, bytes]]:
    """Status code and headers (RFC 7230 section 3): names without blanks, one colon each."""
    first, *lines = head[:-4].split(b"\r\n")
    status = re.match(rb"HTTP/1\.[0-9] ([0-9]{3})(?: |$)", first)
    if not status:
        raise _Failed("the response is not HTTP/1.1")
    headers = {}
    for line in lines:
        name, colon, value = line.partition(b":")
        if not colon or not FIELD_NAME.fullmatch(name):
            raise _Failed("a response header is malformed")
        headers[name.lower()] = value.strip()
    return int(status[1]), headers


async def _searched(reader: asyncio.StreamReader, headers: dict[bytes, bytes]) -> bytes:
    """The beginning of the text that is searched, decoded; no more is read than that takes."""
    coding = headers.get(b"content-encoding", b"").lower()
    body = text = b""
    async for piece in _pieces(reader, headers):
        body += piece
        text = _decoded(body, coding)
        if len(text) == SEARCHED_BYTES:
            break
    return text


async def _pieces(
    reader: asyncio.StreamReader, headers: dict[bytes, bytes]
) -> AsyncIterator[bytes]:
    """The body as it is on the wire, piece by piece, to its end."""
    if headers.get(b"transfer-encoding", b"").lower() == b"chunked":
        while size := _chunk_size(await reader.readuntil(b"\r\n")):
            while size:
                piece = await reader.readexactly(min(size, SEARCHED_BYTES))
                size -= len(piece)
                yield piece
            await reader.readexactly(2)
        return
    length = headers.get(b"content-length", b"")
    left = int(length) if length.isdigit() else None
    while left != 0 and (piece := await reader.read(min(left or SEARCHED_BYTES, SEARCHED_BYTES))):
        left = left and left - len(piece)
        yield piece


def _chunk_size(line: bytes) -> int:
    size = line.partition(b";")[0].strip()
    if not re.fullmatch(rb"[0-9A-Fa-f]{1,16}", size):
        raise _Failed("the response body is malformed")
    return int(size, 16)


def _decoded(body: bytes, coding: bytes) -> bytes:
    """The first 5,120 bytes of the text; a torn tail is no error, another encoding is one."""
    if coding in (b"", b"identity"):
        return body[:SEARCHED_BYTES]
    if coding not in (b"gzip", b"deflate"):
        raise _Failed(f"the encoding {coding.decode('latin-1')} cannot be read")
    # "deflate" is zlib's format; some servers send the bare stream.
    for wbits in (31,) if coding == b"gzip" else (15, -15):
        try:
            return zlib.decompressobj(wbits).decompress(body, SEARCHED_BYTES)
        except zlib.error:
            continue
    raise _Failed("the compressed body is malformed")
