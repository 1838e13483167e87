"""When must a run end, and when not? Conditions as values, standings as values."""

from __future__ import annotations

from typing import Any

import pytest

from gameday import stop_when
from gameday.errors import UsageError
from gameday.stop_when import Alarm, Standing, SuccessOutside, cause, parse

US, EU = "us-east-1", "eu-west-1"
OUTSIDE = parse(f"success outside {US} below 95 % for 60 s")
ALARM = parse("alarm throttled")


def window(ok: int, failed: int, region: str = EU) -> dict[str, Any]:
    rows = [
        {"region": region, "outcome": "ok", "count": ok},
        {"region": region, "outcome": "http_5xx", "count": failed},
        {"region": US, "outcome": "http_5xx", "count": 100},  # the fault itself
    ]
    return {"at": 0.0, "rows": rows}


def after(*looks: list[dict[str, Any]], every_s: float = 10.0) -> str | None:
    """Why the run must end after these looks, ten AWS seconds apart."""
    assert isinstance(OUTSIDE, SuccessOutside)
    standing, at = Standing(), 0.0
    for windows in looks:
        standing = stop_when.judge_success(OUTSIDE, windows, standing, at)
        why = cause(OUTSIDE, standing, at, speed=1.0)
        if why:
            return f"{why} @{at:g}"
        at += every_s
    return None


def test_what_do_the_two_forms_say() -> None:
    assert SuccessOutside(f"success outside {US} below 95 % for 60 s", US, 95.0, 60.0) == OUTSIDE
    assert parse("success outside eu-west-1 below 99.5% for 30s").below_pct == 99.5  # type: ignore[union-attr]
    assert parse("alarm gameday-throttled") == Alarm("alarm gameday-throttled", "gameday-throttled")


@pytest.mark.parametrize(
    "text",
    [
        "success outside us-east-1 below 95 for 60 s",
        "success below 95 % for 60 s",
        "success outside us-east-1 below 95 % for 1 min",
        "success outside us-east-1 below 0 % for 60 s",
        "success outside us-east-1 below 950 % for 60 s",
        "alarm",
        "alarm a b",
        "alarm a; rm",
        "",
    ],
)
def test_is_anything_else_refused(text: str) -> None:
    with pytest.raises(UsageError, match="stop_when"):
        parse(text)


def test_does_harm_outside_the_region_end_the_run_only_when_it_lasts() -> None:
    bad, good = [window(90, 10)], [window(99, 1)]
    assert after(*[bad] * 6) is None
    assert after(*[bad] * 7) == f"stop_when {OUTSIDE.text}: 90.0 % at last @60"
    assert after(*[bad] * 6, good, *[bad] * 6) is None
    assert after(*[good] * 100) is None


def test_does_the_lost_region_itself_not_count() -> None:
    assert after(*[[window(0, 0)]] * 100) is None


def test_does_what_no_region_answered_for_count() -> None:
    assert after(*[[window(1, 9, "unattributed")]] * 7) is not None


def test_does_a_silent_load_end_the_run() -> None:
    silent: list[dict[str, Any]] = []
    assert after(*[silent] * 19) is None
    assert "nobody can tell" in str(after(*[silent] * 20))
    assert after(*[silent] * 19, [window(10, 0)], *[silent] * 19) is None


@pytest.mark.parametrize(
    ("states", "said"),
    [
        ({(EU, "gameday-throttled"): "ALARM"}, "gameday-throttled in eu-west-1 is in ALARM"),
        ({(EU, "throttled"): "ALARM", (US, "x"): "OK"}, "throttled in eu-west-1 is in ALARM"),
        ({(EU, "gameday-throttled"): "INSUFFICIENT_DATA"}, None),
        ({(EU, "gameday-throttled"): "OK", (EU, "not-mine"): "ALARM"}, None),
    ],
)
def test_does_an_alarm_end_the_run(states: dict[tuple[str, str], str], said: str | None) -> None:
    assert isinstance(ALARM, Alarm)
    why = cause(ALARM, stop_when.judge_alarm(ALARM, states, Standing(), 5.0), 5.0, 1.0)
    assert (why is None) if said is None else (why is not None and said in why)


@pytest.mark.parametrize("states", [None, {}, {(EU, "another"): "OK"}])
def test_does_an_alarm_that_nobody_can_read_end_the_run(states: Any) -> None:
    assert isinstance(ALARM, Alarm)
    standing = Standing()
    for _ in range(stop_when.UNKNOWN_MAX):
        assert cause(ALARM, standing, 0.0, 1.0) is None
        standing = stop_when.judge_alarm(ALARM, states, standing, 0.0)
    assert "nobody can tell" in str(cause(ALARM, standing, 0.0, 1.0))


@pytest.mark.parametrize(
    ("declared", "load", "strict", "expected"),
    [
        ((), True, False, [f"success outside {US} below 90 % for 300 s"]),
        ((), True, True, [f"success outside {US} below 99 % for 60 s"]),
        ((), False, True, []),
        (("alarm a",), True, True, ["alarm a"]),
    ],
)
def test_which_conditions_hold_when_none_is_named(
    declared: tuple[str, ...], load: bool, strict: bool, expected: list[str]
) -> None:
    found = stop_when.conditions(declared, region=US, load=load, strict=strict)
    assert [c.text for c in found] == expected
