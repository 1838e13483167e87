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


def ask(url: str, method: str, path: str, **headers: str) -> tuple[int, dict]:
    sent = {"Authorization": "Bearer secret"} | headers
    request = urllib.request.Request(url + path, method=method, data=b'{"why": 1}', headers=sent)
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


def test_is_a_foreign_host_refused(url: str) -> None:
    assert ask(url, "PUT", "/regions/us-east-1/cut", Host="evil.example:80")[0] == 421


def test_is_a_mistake_one_line(url: str) -> None:
    assert ask(url, "PUT", "/regions/mars-1/cut") == (
        400,
        {"error": "mars-1 is not a Region of this lab"},
    )


@pytest.mark.parametrize(
    ("method", "path", "status"), [("GET", "/regions/a/cut", 405), ("PUT", "/nothing", 404)]
)
def test_is_an_unknown_door_named(url: str, method: str, path: str, status: int) -> None:
    assert ask(url, method, path)[0] == status
