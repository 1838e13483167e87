"""Two Regions to talk to."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager

import pytest
from fake_region import FakeRegion, Store

US, EU = "us-east-1", "eu-west-1"


@contextmanager
def two_regions() -> Iterator[tuple[FakeRegion, FakeRegion]]:
    """Two Regions on one port."""
    for _ in range(20):
        us = FakeRegion(US, "127.0.1.1", Store())
        try:
            eu = FakeRegion(EU, "127.0.2.1", Store(), port=us.port)
        except OSError:
            us._server.server_close()
            continue
        with us, eu:
            yield us, eu
        return
    raise RuntimeError("no port is free on both addresses")


@pytest.fixture
def both() -> Iterator[tuple[FakeRegion, FakeRegion]]:
    with two_regions() as regions:
        yield regions


@pytest.fixture
def pairs() -> Callable[[], AbstractContextManager[tuple[FakeRegion, FakeRegion]]]:
    """Makes two Regions, as often as wanted."""
    return two_regions
