"""The application `shop` on an AWS endpoint of its own, for runs in processes of their own."""

from __future__ import annotations

import sys
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parents[1] / "actions"))

import aws_double


@pytest.fixture
def shop(
    monkeypatch: pytest.MonkeyPatch,
) -> Iterator[tuple[aws_double.AwsDouble, dict[str, str]]]:
    """The double, and the environment of a target that it is."""
    double = aws_double.AwsDouble()
    with aws_double.serving(double) as endpoint:
        urllib.request.urlopen(
            urllib.request.Request(f"{endpoint}/moto-api/reset", method="POST")
        ).close()
        for name, value in aws_double.environment(endpoint).items():
            monkeypatch.setenv(name, value)
        aws_double.deploy(double, endpoint)
        yield double, aws_double.environment(endpoint)
