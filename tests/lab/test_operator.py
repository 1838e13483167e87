"""What an operator sets reaches who must know, and a process that was started again."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from gameday.lab.operator import Operator

NAMES = ("cloud", "dns", "checkers", "region/us-east-1")


@pytest.fixture
def sent() -> list[tuple[str, dict[str, Any]]]:
    return []


@pytest.fixture
def operator(sent: list[tuple[str, dict[str, Any]]]) -> Operator:
    def child(name: str) -> Any:
        return SimpleNamespace(send=lambda m: sent.append((name, m)))

    hub = SimpleNamespace(
        children={name: child(name) for name in NAMES},
        broadcast=lambda kind, **m: sent.extend((n, {"kind": kind} | m) for n in NAMES),
    )
    return Operator(hub, (0.6, 1.2), 0.0, lambda event: sent.append(("journal", event)))  # type: ignore[arg-type]


def kinds(sent: list[tuple[str, dict[str, Any]]], to: str) -> list[str]:
    return [m["kind"] for name, m in sent if name == to]


def test_who_hears_of_a_forced_check(operator: Operator, sent: Any) -> None:
    operator.force("hc", False)
    assert sent[0] == ("checkers", {"kind": "forced", "check": "hc", "healthy": False,
                                    "from": "supervisor"})  # fmt: skip
    assert kinds(sent, "journal") == ["lab.forced"]
    operator.force("hc", None)
    assert operator.forced == {}


def test_who_hears_of_a_stand_in(operator: Operator, sent: Any) -> None:
    operator.stand_in("cdn.", {"A": ["192.0.2.1"]})
    for name in ("cloud", "dns", "checkers"):
        assert kinds(sent, name) == ["resources"]
    assert kinds(sent, "region/us-east-1") == []


def test_d3_who_hears_of_a_propagation(operator: Operator, sent: Any) -> None:
    operator.propagate(5.0)
    told = {"kind": "propagation", "propagation_s": 5.0, "from": "supervisor"}
    assert sent[0] == ("dns", told)
    sent.clear()
    operator.retell()
    assert ("dns", told) in sent


def test_is_everything_told_again_after_a_restart(operator: Operator, sent: Any) -> None:
    operator.cut.add("us-east-1")
    operator.force("hc", False)
    operator.stand_in("cdn.", {"A": ["192.0.2.1"]})
    sent.clear()
    operator.retell()
    assert kinds(sent, "checkers") == ["fault", "resources", "forced", "retell"]
    assert ("dns", {"kind": "fault", "cut": ["us-east-1"], "lag_s": [0.6, 1.2]}) in sent
