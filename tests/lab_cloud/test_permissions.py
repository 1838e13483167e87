"""Which APIs may invoke a function, by its resource policy?"""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from gameday.lab.cloud.permissions import Permissions

ARN = "arn:aws:execute-api:us-east-1:123456789012:abc/*/GET/items"


class Moto:
    """Functions by name, each with its versions' statements."""

    def __init__(self, **functions: list[list[dict[str, Any]]]) -> None:
        self._functions = functions

    def used(self, service: str) -> bool:
        return True

    def backend(self, service: str, region: str) -> Any:
        return SimpleNamespace(list_versions_by_function=lambda name: [
            SimpleNamespace(policy=SimpleNamespace(statements=statements))
            for statements in self._functions.get(name, [])
        ])  # fmt: skip


def statement(source: str | None = ARN, **members: Any) -> dict[str, Any]:
    condition = {} if source is None else {"ArnLike": {"AWS:SourceArn": source}}
    return {"Effect": "Allow", "Action": "lambda:InvokeFunction", "Condition": condition,
            "Principal": {"Service": "apigateway.amazonaws.com"}} | members  # fmt: skip


def may(*statements: dict[str, Any], function: str = "f", role: str | None = None) -> bool:
    permissions = Permissions(Moto(f=[list(statements), []]), "us-east-1")  # type: ignore[arg-type]
    return permissions.missing(function, "abc", role) == {}


@pytest.mark.parametrize(
    ("given", "allowed"),
    [
        ([statement()], True),
        ([statement(None)], True),
        ([statement("arn:aws:execute-api:*:*:*")], True),
        ([statement("arn:aws:execute-api:us-east-1:123456789012:abc/authorizers/a1")], True),
        ([statement("arn:aws:execute-api:*")], True),
        ([statement(Action="lambda:*")], True),
        ([statement(Principal="*")], True),
        ([], False),
        ([statement("arn:aws:execute-api:us-east-1:123456789012:other/*/*/*")], False),
        ([statement("arn:aws:execute-api:eu-west-1:123456789012:abc/*/*/*")], False),
        ([statement(Principal={"Service": "sns.amazonaws.com"})], False),
        ([statement(Action="lambda:InvokeFunctionUrl")], False),
        ([statement(Effect="Deny")], False),
        ([statement("arn:aws:s3:::bucket")], False),
    ],
)
def test_may_an_api_invoke_a_function(given: list[dict[str, Any]], allowed: bool) -> None:
    assert may(*given) is allowed
    assert may(*given, function="f:live") is allowed


def test_who_needs_no_permission() -> None:
    assert may(role="arn:aws:iam::123456789012:role/caller")
    assert may(function="gone")  # another error
    assert may(function="")
