"""CloudWatch alarms decided: an alarm's settings and its data points in, its state out. Pure.

Source: CloudWatch user guide, "Alarm evaluation" and "Configuring how CloudWatch alarms treat
missing data". The evaluation range, whose length AWS does not publish, is two periods longer than
the alarm's own, as in that page's examples.
"""

from __future__ import annotations

import math
import operator
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

OK, ALARM, INSUFFICIENT_DATA = "OK", "ALARM", "INSUFFICIENT_DATA"

EXTRA_PERIODS = 2

COMPARISONS: dict[str, tuple[Callable[[float, float], bool], str]] = {
    "GreaterThanOrEqualToThreshold": (operator.ge, "greater than or equal to"),
    "GreaterThanThreshold": (operator.gt, "greater than"),
    "LessThanThreshold": (operator.lt, "less than"),
    "LessThanOrEqualToThreshold": (operator.le, "less than or equal to"),
}

Samples = Mapping[float, float]
"""Values and how often each was seen in one period."""


@dataclass(frozen=True, slots=True)
class Alarm:
    """What of a metric alarm decides its state."""

    threshold: float
    comparison: str
    statistic: str = "Average"  # or an extended statistic such as p99
    period_s: int = 60
    evaluation_periods: int = 1
    datapoints_to_alarm: int = 1
    missing: str = "missing"  # or ignore, breaching, notBreaching
    ignores_few_samples: bool = False  # EvaluateLowSampleCountPercentile: ignore

    @property
    def range_periods(self) -> int:
        """How many periods are looked at."""
        return self.evaluation_periods + EXTRA_PERIODS


def statistic_of(samples: Samples, statistic: str) -> float | None:
    """`statistic` of one period's samples; None when there are none.

    A percentile is the smallest value that at least that share of the samples does not exceed.

    :raises ValueError: a statistic that is not known.
    """
    count = sum(samples.values())
    if not count:
        return None
    if statistic == "SampleCount":
        return count
    if statistic in ("Sum", "Average"):
        total = math.fsum(value * n for value, n in samples.items())
        return total if statistic == "Sum" else total / count
    if statistic in ("Minimum", "Maximum"):
        return min(samples) if statistic == "Minimum" else max(samples)
    percentile = re.fullmatch(r"p(\d{1,2}(?:\.\d+)?|100)", statistic)
    if not percentile:
        raise ValueError(f"statistic {statistic} is not one that the lab's alarms know")
    rank, seen = float(percentile[1]) / 100 * count, 0.0
    for value in sorted(samples):
        seen += samples[value]
        if seen >= rank - 1e-9:
            return value
    return max(samples)


def too_few_samples(samples: Samples, statistic: str) -> bool:
    """Whether a percentile of so few samples says little: fewer than 10 / (1 - p).

    Source: CloudWatch user guide, percentile-based alarms and low data samples; for a percentile
    below the median the distance to 0 counts.
    """
    if not statistic.startswith("p"):
        return False
    share = float(statistic[1:]) / 100
    distance = 1 - share if share >= 0.5 else share
    return distance <= 0 or sum(samples.values()) < 10 / distance - 1e-9


def evaluate(alarm: Alarm, datapoints: Sequence[float | None], previous: str) -> tuple[str, str]:
    """The state and its reason, from the data points of the evaluation range, oldest first.

    None is a missing data point.

      real points | rule
      none        | missing: INSUFFICIENT_DATA; ignore: as it was; breaching; notBreaching
      >= N        | the latest N decide, whatever missing data counts as
      < N         | missing ones are filled in, as few as needed to have N; `missing` and `ignore`
                  | alarm on real points alone, see `_unfilled`
    """
    real = [p for p in datapoints if p is not None]
    needed, periods = alarm.datapoints_to_alarm, alarm.evaluation_periods
    if not real:
        state = {
            "ignore": previous, "breaching": ALARM, "notBreaching": OK,
        }.get(alarm.missing, INSUFFICIENT_DATA)  # fmt: skip
        return state, f"no datapoints were received for {len(datapoints)} periods"
    breaches, words = COMPARISONS[alarm.comparison]
    latest = real[-periods:]
    breaching = sum(breaches(p, alarm.threshold) for p in latest)
    filled = periods - len(latest)
    if filled and alarm.missing == "breaching":
        state = ALARM if breaching + filled >= needed else OK
    elif filled and alarm.missing != "notBreaching":
        state = _unfilled(alarm, datapoints, breaching, previous)
    else:
        state = ALARM if breaching >= needed else OK
    shown = ", ".join(f"{p:g}" for p in reversed(latest))
    verb = "was" if breaching else "was not"
    reason = (
        f"Threshold Crossed: {breaching if breaching else len(latest)} out of the last "
        f"{len(latest)} datapoints [{shown}] {verb} {words} the threshold ({alarm.threshold:g})"
    )
    return state, reason


def _unfilled(
    alarm: Alarm, datapoints: Sequence[float | None], breaching: int, previous: str
) -> str:
    """With too few points and nothing to fill in: ALARM when enough of them breach.

    It also alarms when the oldest breaching point is at least as old as DatapointsToAlarm and all
    since breach or are missing; there `ignore` keeps the state.
    """
    if breaching >= alarm.datapoints_to_alarm:
        return ALARM
    breaches, _ = COMPARISONS[alarm.comparison]
    real = [p for p in datapoints if p is not None]
    if not all(breaches(p, alarm.threshold) for p in real):
        return OK
    oldest = next(i for i, p in enumerate(datapoints) if p is not None)
    if alarm.missing == "ignore":
        return previous
    old_enough = len(datapoints) - oldest >= alarm.datapoints_to_alarm
    return ALARM if old_enough else OK
