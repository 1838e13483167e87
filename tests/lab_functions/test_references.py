"""Which function, version or alias does a reference mean?"""

from __future__ import annotations

from collections import Counter
from typing import Any

import pytest

from gameday.lab.functions.references import resolve, split

ARN = "arn:aws:lambda:us-east-1:123456789012:function:shop"
CONFIGURATION: dict[str, Any] = {
    "versions": {"1": {}, "2": {}},
    "aliases": {
        "live": {"version": "1", "weights": {}},
        "canary": {"version": "1", "weights": {"2": 0.1}},
        "newest": {"version": "$LATEST", "weights": {}},
        "dangling": {"version": "9", "weights": {}},
    },
}


@pytest.mark.parametrize(
    ("reference", "means"),
    [
        ("shop", ("shop", None)),
        ("shop:live", ("shop", "live")),
        (ARN, ("shop", None)),
        (f"{ARN}:2", ("shop", "2")),
        ("123456789012:function:shop", ("shop", None)),
        ("123456789012:function:shop:live", ("shop", "live")),
    ],
)
def test_what_are_name_and_qualifier(reference: str, means: tuple[str, str | None]) -> None:
    assert split(reference) == means


@pytest.mark.parametrize(
    ("qualifier", "chance", "runs"),
    [
        (None, 0.5, "shop"),
        ("$LATEST", 0.5, "shop"),
        ("2", 0.5, "shop:2"),
        ("live", 0.99, "shop:1"),
        ("newest", 0.5, "shop"),
        ("canary", 0.09, "shop:2"),
        ("canary", 0.11, "shop:1"),
    ],
)
def test_what_runs(qualifier: str | None, chance: float, runs: str) -> None:
    assert resolve("shop", qualifier, CONFIGURATION, chance) == runs


@pytest.mark.parametrize("qualifier", ["9", "nope", "dangling"])
def test_is_what_does_not_exist_refused(qualifier: str) -> None:
    with pytest.raises(KeyError):
        resolve("shop", qualifier, CONFIGURATION, 0.5)


def test_do_weights_share_as_they_say() -> None:
    runs = Counter(resolve("shop", "canary", CONFIGURATION, n / 1000) for n in range(1000))
    assert runs == {"shop:1": 900, "shop:2": 100}
