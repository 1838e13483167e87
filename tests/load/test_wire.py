"""What stands on the wire?"""

from __future__ import annotations

import errno
import io
from typing import Any

import pytest
from geventhttpclient.header import Headers

from gameday.load import wire

HEAD = wire.Head(Headers({"User-Agent": "ours", "Host": "api.example.test"}))


def lines(method: str, body: Any = b"", **headers: str) -> list[str] | None:
    """The head of a request for /items."""
    head = HEAD.of(
        method, "/items", Headers({k.replace("_", "-"): v for k, v in headers.items()}), body
    )
    return head.split("\r\n") if head else None


def test_what_does_a_request_without_headers_say() -> None:
    said = ["GET /items HTTP/1.1", "User-Agent: ours", "Host: api.example.test", "", ""]
    assert lines("GET") == said


def test_does_a_request_say_how_long_its_body_is_even_when_there_is_none() -> None:
    assert "Content-Length: 4" in (lines("POST", b"body") or ())
    assert "Content-Length: 0" in (lines("POST") or ())
    assert lines("POST", b"body", content_length="4") is not None
    assert (lines("POST", b"body", content_length="4") or []).count("Content-Length: 4") == 0


def test_do_headers_of_a_request_stand_for_ours() -> None:
    said = lines("GET", HOST="other.example.test") or []
    assert [one for one in said if one.lower().startswith("host")] == ["HOST: other.example.test"]


def test_is_a_header_of_two_values_sent_in_two_lines() -> None:
    headers = Headers([("Accept", "text/html"), ("Accept", "text/plain")])
    head = HEAD.of("GET", "/", headers, b"") or ""
    assert "Accept: text/html\r\nAccept: text/plain\r\n" in head


@pytest.mark.parametrize(
    ("method", "target", "headers", "body"),
    [
        ("GET", "/a\r\nX: y", {}, b""),
        ("GET", "//elsewhere.example.test/", {}, b""),
        ("GET", "http://api.example.test/", {}, b""),
        ("get", "/", {}, b""),
        ("GET", "/", {"X-Of": "a\r\nX: y"}, b""),
        ("GET", "/", {"X Of": "a"}, b""),
        ("GET", "/", {"X-Of": 1}, b""),
        ("GET", "/", {"X-Of": "\u20ac"}, b""),
        ("POST", "/", {"Expect": "100-continue"}, b"body"),
        ("POST", "/", {"transfer-encoding": "chunked"}, b"body"),
        ("POST", "/", {}, io.BytesIO(b"body")),
    ],
)
def test_is_what_is_no_plain_request_left_alone(
    method: str, target: str, headers: dict[str, Any], body: Any
) -> None:
    assert HEAD.of(method, target, Headers(headers), body) is None


class Line:
    """A connection and the pool that holds it; `error` meets what is sent, beyond `takes` bytes."""

    def __init__(self, answer: bytes, error: int = 0, takes: int = 1_000_000) -> None:
        self.answer, self.error, self.takes = answer, error, takes
        self.sent, self.events = b"", list[str]()

    def get_socket(self) -> Line:
        return self

    def return_socket(self, _: Line) -> None:
        self.events.append("kept")

    def release_socket(self, _: Line) -> None:
        self.events.append("dropped")

    def send(self, request: bytes) -> int:
        if self.error:
            raise OSError(self.error, "no")
        self.sent += request[: self.takes]
        return min(len(request), self.takes)

    def sendall(self, rest: bytes) -> None:
        self.sent += rest

    def recv(self, _: int) -> bytes:
        answer, self.answer = self.answer, b""
        return answer


NO = b"HTTP/1.1 413 Too Large\r\ncontent-length: 0\r\n\r\n"


def test_is_a_request_sent_whole_and_its_connection_kept() -> None:
    line = Line(NO, takes=3)
    answer = wire.exchange(line, "POST", "POST / HTTP/1.1\r\n\r\n", b"body")
    assert (answer.status_code, line.sent) == (413, b"POST / HTTP/1.1\r\n\r\nbody")
    assert line.events == ["kept"]


@pytest.mark.parametrize("error", [errno.EPIPE, errno.ECONNRESET])
def test_does_an_answer_count_that_came_before_the_body_was_sent(error: int) -> None:
    assert wire.exchange(Line(NO, error), "POST", "POST / HTTP/1.1\r\n\r\n", b"").status_code == 413


def test_is_a_connection_dropped_that_takes_nothing() -> None:
    line = Line(NO, errno.ETIMEDOUT)
    with pytest.raises(OSError, match="no"):
        wire.exchange(line, "POST", "POST / HTTP/1.1\r\n\r\n", b"")
    assert line.events == ["dropped"]
