"""How a request ended, in one word of `gameday.model`: decided from how far it got, and the error.

geventhttpclient and Locust wrap errors in several layers; what counts is the innermost one.
"""

from __future__ import annotations

import ssl
from enum import StrEnum

from gameday.model import OK


class Phase(StrEnum):
    """How far a request has got."""

    DNS = "dns"
    CONNECT = "connect"
    TLS = "tls"
    EXCHANGE = "exchange"  # from the first byte sent to the last one read


def status_outcome(status: int) -> str:
    """The outcome of a complete answer that is not a success."""
    if status == 429:
        return "http_429"
    return "http_5xx" if status >= 500 else "http_4xx"


class WrongRegion(Exception):
    """What a check fails a request with that should have been answered elsewhere."""


def outcome_of(
    error: BaseException | None, status: int, phase: Phase, *, misrouted: bool = False
) -> str:
    """The outcome of a request.

    :param error: what the request or its check failed with, None for a success.
    :param status: the HTTP status, 0 when no complete answer came.
    :param phase: where it failed.
    :param misrouted: a Region answered that is not at the address which was asked.

    A handshake that times out is a `connect_timeout` and one that is cut off a `reset`; `tls` is
    left for certificates and protocol errors. An answer that its check called wrong, or that is
    not HTTP, is a `wrong_body`.
    """
    if error is None:
        return "wrong_region" if misrouted else OK
    if isinstance(error, WrongRegion) and status < 400:
        return "wrong_region"
    if status >= 400:
        return status_outcome(status)
    if status:
        return "wrong_body"
    error = innermost(error)
    if phase is Phase.DNS:
        return "dns"
    if isinstance(error, TimeoutError) or "timed out" in str(error):
        return "read_timeout" if phase is Phase.EXCHANGE else "connect_timeout"
    if phase is Phase.CONNECT:
        return "reset" if isinstance(error, ConnectionResetError) else "refused"
    if isinstance(error, ssl.SSLError) and not isinstance(
        error, ssl.SSLEOFError | ssl.SSLZeroReturnError
    ):
        return "tls"
    if isinstance(error, OSError) or "connection closed" in str(error):
        return "reset"
    return "wrong_body"


def innermost(error: BaseException) -> BaseException:
    """The error that geventhttpclient's `RetriesExceeded` was made of, else the error itself."""
    original = getattr(error, "original", None)
    return innermost(original) if isinstance(original, BaseException) else error
