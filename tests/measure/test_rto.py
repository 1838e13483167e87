"""When were clients served again? Windows of wall time in, AWS seconds out."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gameday.measure.rto import Counts, counts, recovery_time, success_pct


def load(pattern: str, per_window: int = 8) -> list[Counts]:
    """One load window of 0.1 s for each character: `.` all succeed, `x` all fail, ` ` none sent."""
    return [
        Counts(1000.0 + i * 0.1, per_window if c == "." else 0, 0 if c == " " else per_window)
        for i, c in enumerate(pattern)
    ]


def ask(pattern: str, **options: float) -> float | None:
    """At speed 10: a character is an AWS second, ten of them are a window."""
    windows = load(pattern)
    return recovery_time(windows, 1000.0, 1000.0 + len(pattern) * 0.1, speed=10.0, **options)


def test_is_it_zero_when_nobody_failed() -> None:
    assert ask("." * 60) == 0


def test_does_it_end_with_the_last_failure_that_matters() -> None:
    assert ask("x" * 20 + "." * 40) == 20
    assert ask("x" * 20 + "." * 5 + "x" + "." * 40) == 26


@pytest.mark.parametrize(("into_window", "says"), [(0.0, 20.0), (0.03, 19.7), (0.099, 19.01)])
def test_is_it_never_before_the_last_failure_wherever_in_a_window_the_fault_begins(
    into_window, says
) -> None:
    """The last of the twenty failing windows ends 2 s of wall time after the first began."""
    for epoch in (1000.0, 1795463916.0):
        windows = [Counts(epoch + w.at - 1000.0, *w[1:]) for w in load("x" * 20 + "." * 40)]
        fault_at = epoch + into_window
        assert recovery_time(windows, fault_at, epoch + 6.0, speed=10.0) == says


def test_does_a_relapse_count_although_it_was_good_for_long() -> None:
    assert ask("x" * 20 + "." * 200 + "x" + "." * 40) == 221


def test_is_it_never_when_the_end_is_bad() -> None:
    assert ask("." * 30 + "x" * 30) is None
    assert ask("x" * 30 + "." * 9) is None, "nine good seconds are not a window"
    assert ask("x" * 30 + "." * 10) == 30


def test_does_silence_prove_anything() -> None:
    assert ask("." * 20 + " " * 20 + "." * 20) == 31, "a window without a request is not good"
    assert ask("") is None
    assert ask("." * 9) is None


def test_does_the_share_decide() -> None:
    """1 s of failures in a 10 s window is 90 %."""
    assert ask("." * 20 + "x" + "." * 40, share_pct=90.0) == 0
    assert ask("." * 20 + "x" + "." * 40, share_pct=90.1) == 21


def test_do_windows_come_in_any_order_and_in_parts() -> None:
    whole = load("x" * 20 + "." * 40)
    parts = [Counts(w.at, w.ok // 2, w.total // 2) for w in whole for _ in range(2)]
    assert recovery_time(parts[::-1], 1000.0, 1006.0, speed=10.0) == 20


def test_is_what_was_before_the_fault_or_after_the_rollback_left_out() -> None:
    windows = load("x" * 10 + "." * 30 + "x" * 10)
    assert recovery_time(windows, 1001.0, 1004.0, speed=10.0) == 0


@pytest.mark.parametrize("speed", [1.0, 10.0])
def test_is_the_same_run_the_same_at_another_speed(speed) -> None:
    """106 AWS seconds of failures are 106 s, whatever the speed."""
    bins = int(300 / speed / 0.1)
    windows = [Counts(50.0 + i * 0.1, 0 if i * 0.1 * speed < 106 else 8, 8) for i in range(bins)]
    found = recovery_time(windows, 50.0, 50.0 + 300 / speed, speed=speed)
    assert found == pytest.approx(106, abs=0.1 * speed)


@given(st.lists(st.tuples(st.integers(0, 9), st.integers(0, 9)), min_size=12, max_size=80))
def test_is_every_window_after_it_good_and_the_one_before_bad(pairs) -> None:
    rows = [Counts(i * 0.1, min(a, b), max(a, b)) for i, (a, b) in enumerate(pairs)]
    found = recovery_time(rows, 0.0, len(rows) * 0.1, 80.0, 10.0, 10.0)

    def good(start: int) -> bool:
        window = rows[start : start + 10]
        total = sum(w.total for w in window)
        return total > 0 and sum(w.ok for w in window) >= 0.8 * total

    last = len(rows) - 10
    if found is None:
        assert not good(last)
    else:
        first = round(found)
        assert all(good(i) for i in range(first, last + 1))
        assert first == 0 or not good(first - 1)


def test_is_a_request_that_could_not_be_sent_served() -> None:
    rows = [{"outcome": "ok", "count": 7}, {"outcome": "http_5xx", "count": 2}]
    assert counts({"at": 1.0, "rows": rows, "unsent": 3}) == Counts(1.0, 7, 12)


def test_what_share_succeeded_between_two_instants() -> None:
    assert success_pct(load("..xx"), 1000.0, 1000.25) == pytest.approx(200 / 3)
    assert success_pct([], 0, 1) is None
