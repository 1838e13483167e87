"""CloudWatch's alarm rules, row by row. Tables: "Configuring how alarms treat missing data"."""

from __future__ import annotations

import pytest

from gameday.lab.cloud.alarms import ALARM, INSUFFICIENT_DATA, OK, Alarm, evaluate, statistic_of
from gameday.lab.cloud.alarms import too_few_samples as few

KEEP = "kept"
TREATMENTS = ("missing", "ignore", "breaching", "notBreaching")


def points(row: str) -> list[float | None]:
    return [{"-": None, "X": 9.0, "0": 0.0}[c] for c in row.split()]


def states(row: str, n: int, m: int) -> list[str]:
    return [
        evaluate(
            Alarm(5, "GreaterThanThreshold", evaluation_periods=n, datapoints_to_alarm=m,
                  missing=missing),
            points(row), KEEP,
        )[0]
        for missing in TREATMENTS
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("row", "expected"),
    [
        ("0 - X - X", [OK, OK, OK, OK]),
        ("- - - - 0", [OK, OK, OK, OK]),
        ("- - - - -", [INSUFFICIENT_DATA, KEEP, ALARM, OK]),
        ("0 X X - X", [ALARM, ALARM, ALARM, ALARM]),
        ("- - X - -", [ALARM, KEEP, ALARM, OK]),
        ("- - - X X", [OK, KEEP, ALARM, OK]),
        ("X X X 0 0", [OK, OK, OK, OK]),
    ],
)
def test_three_out_of_three(row: str, expected: list[str]) -> None:
    assert states(row, 3, 3) == expected


@pytest.mark.parametrize(
    ("row", "expected"),
    [
        ("0 - X - X", [ALARM, ALARM, ALARM, ALARM]),
        ("0 0 X 0 X", [ALARM, ALARM, ALARM, ALARM]),
        ("0 - X - -", [OK, OK, ALARM, OK]),
        ("- - - - 0", [OK, OK, ALARM, OK]),
        ("- - - X -", [ALARM, KEEP, ALARM, OK]),
        ("- - - - X", [OK, KEEP, ALARM, OK]),
    ],
)
def test_two_out_of_three(row: str, expected: list[str]) -> None:
    assert states(row, 3, 2) == expected


@pytest.mark.parametrize(
    ("row", "expected"),
    [
        ("0 0 X", [ALARM, ALARM, ALARM, ALARM]),
        ("X X 0", [OK, OK, OK, OK]),
        ("X - -", [ALARM, ALARM, ALARM, ALARM]),  # the latest real point decides
        ("- - -", [INSUFFICIENT_DATA, KEEP, ALARM, OK]),
    ],
)
def test_one_out_of_one(row: str, expected: list[str]) -> None:
    assert states(row, 1, 1) == expected


@pytest.mark.parametrize(
    ("comparison", "breaching"),
    [
        ("GreaterThanOrEqualToThreshold", {5.0, 6.0}),
        ("GreaterThanThreshold", {6.0}),
        ("LessThanThreshold", {4.0}),
        ("LessThanOrEqualToThreshold", {4.0, 5.0}),
    ],
)
def test_comparison(comparison: str, breaching: set[float]) -> None:
    alarm = Alarm(5.0, comparison)
    assert {v for v in (4.0, 5.0, 6.0) if evaluate(alarm, [v], OK)[0] == ALARM} == breaching


def test_the_reason_names_the_points_and_the_threshold() -> None:
    alarm = Alarm(1, "GreaterThanOrEqualToThreshold", evaluation_periods=2, datapoints_to_alarm=2)
    assert evaluate(alarm, [None, 3.0, 7.0], OK)[1] == (
        "Threshold Crossed: 2 out of the last 2 datapoints [7, 3] was greater than or equal to "
        "the threshold (1)"
    )


@pytest.mark.parametrize(
    ("statistic", "value"),
    [
        ("SampleCount", 10), ("Sum", 55), ("Average", 5.5), ("Minimum", 1), ("Maximum", 10),
        ("p50", 5), ("p90", 9), ("p99", 10), ("p10", 1), ("p100", 10), ("p99.9", 10),
    ],
)  # fmt: skip
def test_statistic_of_one_to_ten(statistic: str, value: float) -> None:
    assert statistic_of({float(v): 1.0 for v in range(1, 11)}, statistic) == value


def test_counts_weigh() -> None:
    assert statistic_of({0.0: 98.0, 100.0: 2.0}, "p98") == 0.0
    assert statistic_of({0.0: 98.0, 100.0: 2.0}, "p99") == 100.0
    assert statistic_of({0.0: 98.0, 100.0: 2.0}, "Average") == 2.0


def test_no_samples_have_no_statistic() -> None:
    assert statistic_of({}, "Sum") is None


def test_an_unknown_statistic_is_named() -> None:
    with pytest.raises(ValueError, match="IQM"):
        statistic_of({1.0: 1.0}, "IQM")


@pytest.mark.parametrize(
    ("samples", "statistic", "expected"),
    [(999, "p99", True), (1000, "p99", False), (19, "p50", True), (20, "p50", False),
     (1, "Average", False)],
)  # fmt: skip
def test_low_samples(samples: int, statistic: str, expected: bool) -> None:
    assert few({1.0: float(samples)}, statistic) is expected
