"""The application `shop` on an AWS endpoint of its own, and a run directory, for each test."""

from __future__ import annotations

import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import aws_double
import pytest

from gameday import aws


@pytest.fixture(scope="session")
def endpoint_of_double() -> Iterator[tuple[aws_double.AwsDouble, str]]:
    double = aws_double.AwsDouble()
    with aws_double.serving(double) as endpoint:
        yield double, endpoint


@pytest.fixture
def shop(
    endpoint_of_double: tuple[aws_double.AwsDouble, str],
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
) -> aws_double.AwsDouble:
    """The double with the application deployed; this process's environment points to it."""
    double, endpoint = endpoint_of_double
    reset = urllib.request.Request(f"{endpoint}/moto-api/reset", method="POST")
    urllib.request.urlopen(reset).close()
    for held in (double.stacks, double.observations, double.templates, double.experiments):
        held.clear()
    double.refuse = None
    for name, value in aws_double.environment(endpoint).items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("GAMEDAY_RUN_DIR", str(tmp_path))
    monkeypatch.delenv("GAMEDAY_ADMIN", raising=False)
    aws_double.deploy(double, endpoint)
    return double


@pytest.fixture
def lambda_api(shop: aws_double.AwsDouble) -> Any:
    return aws.client("lambda", "us-east-1")
