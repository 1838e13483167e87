"""Do the presets of requests and urllib3 do what requests and urllib3 do?

The real libraries, of the versions in the lock file, and our clients ask the same two Regions; DNS
moves from one to the other after two requests.
"""

from __future__ import annotations

import socket
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import Any

import pytest
import requests
import urllib3
from fake_region import FakeRegion
from test_client import NAME
from test_retries import EU, US, caller

Ask = Callable[[str], str | None]
"""Asks a URL; the Region that answered, None when none did."""

Pairs = Callable[[], AbstractContextManager[tuple[FakeRegion, FakeRegion]]]


@contextmanager
def resolving_to(addresses: list[str]) -> Iterator[None]:
    """Every name resolves to these, for libraries that ask the operating system."""

    def getaddrinfo(_: str, port: int, *__: Any, **___: Any) -> list[Any]:
        kind = (socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP, "")
        return [(*kind, (address, port)) for address in addresses]

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(socket, "getaddrinfo", getaddrinfo)
        yield


@contextmanager
def of_requests() -> Iterator[Ask]:
    with requests.Session() as session:
        session.trust_env = False

        def ask(url: str) -> str | None:
            try:
                return session.get(url).headers.get("x-region")
            except requests.RequestException:
                return None

        yield ask


@contextmanager
def of_requests_without_a_session() -> Iterator[Ask]:
    def ask(url: str) -> str | None:
        with of_requests() as once:
            return once(url)

    yield ask


@contextmanager
def of_urllib3() -> Iterator[Ask]:
    with urllib3.PoolManager() as pool:

        def ask(url: str) -> str | None:
            try:
                return pool.request("GET", url).headers.get("x-region")
            except urllib3.exceptions.HTTPError:
                return None

        yield ask


REAL = {
    "requests": of_requests, "urllib3": of_urllib3, "per-request": of_requests_without_a_session,
}  # fmt: skip


def really(name: str, regions: tuple[FakeRegion, FakeRegion], fault: str) -> list[str | None]:
    us, addresses = regions[0], ["127.0.1.1"]
    url = f"http://{NAME}:{us.port}/items/none"
    with resolving_to(addresses), REAL[name]() as ask:
        warm = [ask(url) for _ in range(2)]
        addresses[:] = ["127.0.2.1"]
        begin(us, fault)
        return [*warm, *(ask(url) for _ in range(3))]


def ours(name: str, regions: tuple[FakeRegion, FakeRegion], fault: str) -> list[str | None]:
    one = caller(regions[0], name)

    def ask() -> str | None:
        outcome, region = one.get()
        return region if outcome.startswith("http_") else None

    warm = [ask() for _ in range(2)]
    one.addresses = ["127.0.2.1"]
    begin(regions[0], fault)
    try:
        return [*warm, *(ask() for _ in range(3))]
    finally:
        one.pool.close()


def begin(us: FakeRegion, fault: str) -> None:
    if fault == "stop":
        us.stop()
    else:
        us.mode = fault


@pytest.mark.parametrize("fault", ["serve", "error", "reset", "stop"])
@pytest.mark.parametrize("name", REAL)
def test_is_the_same_region_asked(pairs: Pairs, name: str, fault: str) -> None:
    with pairs() as regions:
        real = really(name, regions, fault)
    with pairs() as regions:
        assert ours(name, regions, fault) == real
    stays = fault in ("serve", "error") and name != "per-request"
    assert real[:2] == [US, US]
    assert real[-1] == (US if stays else EU)
