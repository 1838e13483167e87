from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))

from cloud_process import Cloud, running
from region_double import RegionDouble


@pytest.fixture(scope="module")
def cloud(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cloud]:
    with running(tmp_path_factory.mktemp("cloud")) as process:
        yield process


@pytest.fixture(scope="module")
def doubles() -> Iterator[dict[str, RegionDouble]]:
    with RegionDouble("us-east-1") as near, RegionDouble("eu-west-1") as far:
        yield {"us-east-1": near, "eu-west-1": far}


@pytest.fixture(scope="module")
def cloud_with_regions(
    tmp_path_factory: pytest.TempPathFactory, doubles: dict[str, RegionDouble]
) -> Iterator[Cloud]:
    ports = {n.replace("-", "_"): d.ports for n, d in doubles.items()}
    with running(tmp_path_factory.mktemp("cloud"), **ports) as process:
        yield process
