"""The application `shop` on an AWS endpoint of its own, for runs in processes of their own."""

from __future__ import annotations

import sys
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parents[1] / "actions"))
sys.path.insert(0, str(Path(__file__).parent))

import aws_double
from staging import Stage

Shop = tuple[aws_double.AwsDouble, dict[str, str]]


@pytest.fixture
def shop(monkeypatch: pytest.MonkeyPatch) -> Iterator[Shop]:
    """The double, and the environment of a target that it is."""
    with deployed(monkeypatch) as made:
        yield made


@pytest.fixture(scope="module")
def lasting_shop() -> Iterator[Shop]:
    """One for all questions of a module, each of which leaves it as it was."""
    with pytest.MonkeyPatch.context() as patch, deployed(patch) as made:
        yield made


@pytest.fixture
def stage(lasting_shop: Shop, tmp_path: Path) -> Iterator[Stage]:
    double, target = lasting_shop
    made = Stage(double, target, tmp_path)
    yield made
    made.restore()


@contextmanager
def deployed(patch: pytest.MonkeyPatch) -> Iterator[Shop]:
    double = aws_double.AwsDouble()
    with aws_double.serving(double) as endpoint:
        urllib.request.urlopen(
            urllib.request.Request(f"{endpoint}/moto-api/reset", method="POST")
        ).close()
        for name, value in aws_double.environment(endpoint).items():
            patch.setenv(name, value)
        aws_double.deploy(double, endpoint)
        yield double, aws_double.environment(endpoint)
