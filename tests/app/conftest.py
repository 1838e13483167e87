"""The backend's handlers, imported as Lambda does: their folder first on the path."""

from __future__ import annotations

import importlib
import json
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import boto3
import pytest
from moto import mock_aws

SOURCE = Path(__file__).resolve().parents[2] / "app" / "src"
MODULES = ("answers", "table", "items", "health")
REGION = "eu-west-1"


@pytest.fixture(autouse=True)
def lambda_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("AWS_PROFILE", "AWS_ENDPOINT_URL", "AWS_ENDPOINT_URL_DYNAMODB"):
        monkeypatch.delenv(name, raising=False)
    for name in ("AWS_REGION", "AWS_DEFAULT_REGION"):
        monkeypatch.setenv(name, REGION)
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "test")
    monkeypatch.setenv("HEALTH_TIMEOUT_S", "0.2")


@pytest.fixture
def table(lambda_environment: None) -> Iterator[Any]:
    """The table, empty, in moto."""
    with mock_aws():
        yield boto3.resource("dynamodb").create_table(
            TableName="dynamo_serverless",
            BillingMode="PAY_PER_REQUEST",
            KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
            AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
        )


@pytest.fixture
def load(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[str], ModuleType]]:
    """A fresh import of one of the backend's modules: a cold start."""
    monkeypatch.syspath_prepend(str(SOURCE))

    def cold(name: str) -> ModuleType:
        for module in MODULES:
            sys.modules.pop(module, None)
        return importlib.import_module(name)

    yield cold
    for module in MODULES:
        sys.modules.pop(module, None)


@pytest.fixture
def body() -> Callable[[dict[str, Any]], Any]:
    return lambda answer: json.loads(answer["body"])
