from __future__ import annotations

import asyncio
import json
import threading
import urllib.error
import urllib.request
from collections.abc import Iterator

import pytest

from gameday.errors import UsageError
from gameday.lab.admin import Admin


async def cut(region: str, body: dict) -> dict:
    if region == "mars-1":
        raise UsageError("mars-1 is not a Region of this lab")
    if region == "broken":
        raise KeyError("a defect")
    return {"region": region, "body": body}


@pytest.fixture
def url() -> Iterator[str]:
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever)
    thread.start()
    admin = Admin({("PUT", "/regions/([a-z0-9-]+)/cut"): cut}, "secret", loop)
    yield admin.url
    admin.close()
    loop.call_soon_threadsafe(loop.stop)
    thread.join()
    loop.close()


def ask(
    url: str, method: str, path: str, body: bytes = b'{"why": 1}', **headers: str
) -> tuple[int, dict]:
    sent = {"Authorization": "Bearer secret"} | {k.replace("_", "-"): v for k, v in headers.items()}
    request = urllib.request.Request(url + path, method=method, data=body, headers=sent)
    try:
        with urllib.request.urlopen(request, timeout=10) as response:
            return response.status, json.load(response)
    except urllib.error.HTTPError as error:
        with error:
            return error.code, json.load(error)


def test_does_a_command_answer(url: str) -> None:
    assert ask(url, "PUT", "/regions/us-east-1/cut") == (
        200,
        {"region": "us-east-1", "body": {"why": 1}},
    )


def test_is_a_wrong_token_refused(url: str) -> None:
    assert ask(url, "PUT", "/regions/us-east-1/cut", Authorization="Bearer x")[0] == 401


@pytest.mark.parametrize(
    ("body", "error"),
    [
        (b"[]", "not a JSON object"),
        (b"3", "not a JSON object"),
        (b'{"lag_s": [0, Infinity]}', "not JSON"),
        (b"[" * 100_000, "not JSON"),
        (b"\xff", "not JSON"),
    ],
)
def test_is_a_body_that_is_no_object_refused(url: str, body: bytes, error: str) -> None:
    status, answer = ask(url, "PUT", "/regions/us-east-1/cut", body)
    assert status == 400
    assert error in answer["error"]


def test_is_a_token_of_any_letters_refused(url: str) -> None:
    assert ask(url, "PUT", "/regions/us-east-1/cut", Authorization="Bearer \xe9")[0] == 401


@pytest.mark.parametrize(("length", "status"), [("x", 400), ("-1", 400), ("9999999", 413)])
def test_is_a_length_that_is_none_refused(url: str, length: str, status: int) -> None:
    assert ask(url, "PUT", "/regions/us-east-1/cut", Content_Length=length)[0] == status


def test_is_a_defect_an_answer(url: str) -> None:
    status, answer = ask(url, "PUT", "/regions/broken/cut")
    assert (status, answer) == (500, {"error": "the lab failed: KeyError; see its log"})


def test_is_a_foreign_host_refused(url: str) -> None:
    assert ask(url, "PUT", "/regions/us-east-1/cut", Host="evil.example:80")[0] == 421


def test_is_a_mistake_one_line(url: str) -> None:
    assert ask(url, "PUT", "/regions/mars-1/cut") == (
        400,
        {"error": "mars-1 is not a Region of this lab"},
    )


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [("GET", "/regions/a/cut", 405), ("PATCH", "/regions/a/cut", 405), ("PUT", "/nothing", 404)],
)
def test_is_an_unknown_door_named(url: str, method: str, path: str, status: int) -> None:
    assert ask(url, method, path)[0] == status
