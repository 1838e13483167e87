"""Regions as processes, ended with the test."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
from region_process import RegionProcess, spec


@pytest.fixture
def start_region(tmp_path: Path) -> Iterator[Callable[..., RegionProcess]]:
    """Starts a Region: `start_region(environ=None, **members of the spec)`."""
    started: list[RegionProcess] = []

    def start(environ: Mapping[str, str] | None = None, **members: Any) -> RegionProcess:
        region = RegionProcess(spec(tmp_path, **members), environ)
        started.append(region)
        return region

    yield start
    for region in started:
        region.close()


@pytest.fixture
def region(start_region: Callable[..., RegionProcess]) -> RegionProcess:
    return start_region()
