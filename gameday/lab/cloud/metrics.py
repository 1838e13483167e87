"""CloudWatch's time series and alarms: metrics come in, alarm states go into moto.

A minute here is an AWS minute: whole minutes of unix time times speed. The other processes report
once a minute, each at a phase of its own; a report counts for the minute that its middle lies in.
Alarms are judged half a minute after a minute's end. Timestamps that clients see are wall clock.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import Any

from gameday import clock
from gameday.lab.cloud import alarms
from gameday.lab.cloud.alarms import INSUFFICIENT_DATA
from gameday.lab.cloud.moto_app import Moto
from gameday.lab.log import log

MINUTE_S = 60.0
JUDGED_AFTER_S = 31.0
DRIFT_MINUTES = 0.9
MINUTES_KEPT = 24 * 60
MOTO_ROWS_MAX = 50_000

Key = tuple[str, str, str, frozenset[tuple[str, str]]]
"""Region, namespace, metric name and dimensions."""


def minute_of_report(aws_s: float, last: int | None) -> int:
    """The minute for which a report counts that came at `aws_s`, after one for minute `last`.

    It is the one after `last` for as long as the middle of the minute reported on stays near it:
    a sender whose phase drifts over a boundary neither skips a minute nor counts one twice.
    """
    middle = aws_s / MINUTE_S - 0.5
    if last is not None and abs(middle - (last + 1.5)) < DRIFT_MINUTES:
        return last + 1
    return math.floor(middle)


class Series:
    """Samples of every metric by AWS minute, for as long as a day."""

    def __init__(self) -> None:
        self._minutes: dict[Key, dict[int, dict[float, float]]] = {}

    def add(self, key: Key, minute: int, samples: Mapping[float, float]) -> None:
        """Count `samples` in one minute of a metric."""
        minutes = self._minutes.setdefault(key, {})
        counted = minutes.setdefault(minute, {})
        for value, count in samples.items():
            counted[value] = counted.get(value, 0) + count
        while len(minutes) > MINUTES_KEPT:
            del minutes[min(minutes)]

    def window(self, key: Key, last_minute: int, minutes: int) -> dict[float, float]:
        """The samples of `minutes` minutes up to and with `last_minute`."""
        known = self._minutes.get(key, {})
        merged: dict[float, float] = {}
        for minute in range(last_minute - minutes + 1, last_minute + 1):
            for value, count in known.get(minute, {}).items():
                merged[value] = merged.get(value, 0.0) + count
        return merged


def spread(minimum: float, maximum: float, total: float, count: float) -> dict[float, float]:
    """Samples with this minimum, maximum, sum and count, for a statistic set's unknown values."""
    if count <= 1:
        return {total: count}
    samples: dict[float, float] = {minimum: 1.0}
    samples[maximum] = samples.get(maximum, 0.0) + 1.0
    if count > 2:
        middle = (total - minimum - maximum) / (count - 2)
        samples[middle] = samples.get(middle, 0.0) + count - 2
    return samples


def settings_of(alarm: Any) -> alarms.Alarm | None:
    """What decides moto's `alarm`; None for composite, metric-math and anomaly alarms.

    Those keep the state they have: a departure from CloudWatch, named in the lab's documentation.
    """
    if alarm.rule or alarm.metric_data_queries or not alarm.metric_name:
        return None
    if alarm.comparison_operator not in alarms.COMPARISONS:
        return None
    periods = int(alarm.evaluation_periods)
    return alarms.Alarm(
        threshold=float(alarm.threshold),
        comparison=alarm.comparison_operator,
        statistic=alarm.extended_statistic or alarm.statistic,
        period_s=int(alarm.period),
        evaluation_periods=periods,
        datapoints_to_alarm=int(alarm.datapoints_to_alarm or periods),
        missing=alarm.treat_missing_data or "missing",
        ignores_few_samples=alarm.evaluate_low_sample_count_percentile == "ignore",
    )


def judge(
    settings: alarms.Alarm, series: Series, key: Key, last_minute: int, previous: str
) -> tuple[str, str, list[float | None]]:
    """The state after `last_minute`, its reason, and the data points behind it, oldest first.

    Periods below a minute count as one: the lab publishes once a minute.
    """
    step = max(1, round(settings.period_s / MINUTE_S))
    windows = [
        series.window(key, last_minute - step * back, step)
        for back in reversed(range(settings.range_periods))
    ]
    points = [alarms.statistic_of(w, settings.statistic) for w in windows]
    few = windows[-1] and alarms.too_few_samples(windows[-1], settings.statistic)
    if settings.ignores_few_samples and few:
        return previous, "too few samples for the percentile", points
    state, reason = alarms.evaluate(settings, points, previous)
    return state, reason, points


class Metrics:
    """Keeps moto's CloudWatch of every Region fed and its alarms judged."""

    def __init__(self, moto: Moto, speed: float) -> None:
        self._moto, self._speed = moto, speed
        self._series = Series()
        self._known: dict[tuple[str, str], Any] = {}
        self._data_states: dict[str, str] = {}
        self._rows_seen: dict[str, int] = {}
        self._reported: dict[tuple[str, str], int] = {}

    def minute_of(self, at: float) -> int:
        """The AWS minute that unix time `at` falls in."""
        return int(at * self._speed // MINUTE_S)

    def until_judged_s(self) -> float:
        """Wall seconds until the next minute is over and its metrics have come in."""
        now_s = clock.now() * self._speed
        return (MINUTE_S - (now_s - JUDGED_AFTER_S) % MINUTE_S) / self._speed

    # -- what comes in -------------------------------------------------------------------------

    def received(self, sender: str, region: str, rows: Iterable[Mapping[str, Any]]) -> None:
        """Rows of a `metrics` message that process `sender` has counted since its last one."""
        now = clock.now()
        minute = minute_of_report(now * self._speed, self._reported.get((sender, region)))
        self._reported[sender, region] = minute
        for row in rows:
            samples = {float(v): float(n) for v, n in row["values"].items()}
            dimensions = frozenset((k, str(v)) for k, v in row["dimensions"].items())
            self._series.add((region, row["namespace"], row["name"], dimensions), minute, samples)
            self._store(region, row, samples, now)
        self._rows_seen[region] = self._trimmed(region)

    def _store(
        self, region: str, row: Mapping[str, Any], samples: Mapping[float, float], now: float
    ) -> None:
        models = __import__("moto.cloudwatch.models", fromlist=["MetricAggregatedDatum"])
        count = sum(samples.values())
        if not count:
            return
        self._moto.backend("monitoring", region).metric_data.append(
            models.MetricAggregatedDatum(
                row["namespace"],
                row["name"],
                min(samples),
                max(samples),
                count,
                sum(v * n for v, n in samples.items()),
                [{"Name": k, "Value": str(v)} for k, v in row["dimensions"].items()],
                datetime.fromtimestamp(now, UTC).replace(tzinfo=None),
                row.get("unit"),
            )
        )

    def _trimmed(self, region: str) -> int:
        rows = self._moto.backend("monitoring", region).metric_data
        del rows[: max(0, len(rows) - MOTO_ROWS_MAX)]
        return len(rows)

    def client_put(self, region: str) -> None:
        """Take in what a client's PutMetricData has added to moto since the last look."""
        backend = self._moto.backend("monitoring", region)
        for row in backend.metric_data[self._rows_seen.get(region, 0) :]:
            dimensions = frozenset((d.name, str(d.value)) for d in row.dimensions)
            if hasattr(row, "sample_count"):
                samples = spread(row.min, row.max, row.sum, row.sample_count)
            else:
                samples = {float(row.value): 1.0}
            stamp = row.timestamp
            at = (stamp if stamp.tzinfo else stamp.replace(tzinfo=UTC)).timestamp()
            key = (region, row.namespace, row.name, dimensions)
            self._series.add(key, self.minute_of(at), samples)
        self._rows_seen[region] = self._trimmed(region)

    # -- alarms --------------------------------------------------------------------------------

    def adopt(self, region: str) -> None:
        """Give alarms that a client has just put their first state.

        A new alarm begins as INSUFFICIENT_DATA; a replaced one keeps its state (API reference,
        PutMetricAlarm). moto begins with OK each time.
        """
        backend = self._moto.backend("monitoring", region)
        for name, alarm in backend.alarms.items():
            known = self._known.get((region, name))
            if known is alarm:
                continue
            if known is None:
                alarm.state_value = INSUFFICIENT_DATA
                self._data_states[f"{region}/{name}"] = INSUFFICIENT_DATA
            else:
                alarm.state_value, alarm.state_reason = known.state_value, known.state_reason
                alarm.state_updated_timestamp = known.state_updated_timestamp
                alarm.history = known.history
            self._known[region, name] = alarm
        for where, name in list(self._known):
            if where == region and name not in backend.alarms:
                del self._known[where, name]
                self._data_states.pop(f"{where}/{name}", None)

    def judge_all(self) -> None:
        """Evaluate every metric alarm after the minute that has just ended."""
        last_minute = self.minute_of(clock.now()) - 1
        for (region, name), alarm in self._known.items():
            path = f"{region}/{name}"
            try:
                settings = settings_of(alarm)
                if settings is None:
                    continue
                dimensions = frozenset((d.name, str(d.value)) for d in alarm.dimensions)
                key = (region, alarm.namespace, alarm.metric_name, dimensions)
                state, reason, points = judge(
                    settings, self._series, key, last_minute, self._data_states[path]
                )
            except (KeyError, ValueError, TypeError) as error:
                log.warning("alarm %s is not judged: %s", path, error)
                continue
            self._data_states[path] = state
            if state != alarm.state_value:
                alarm.update_state(reason, _reason_data(settings, points), state)

    def data_states(self) -> dict[str, str]:
        """What the data say of every alarm by `region/name`, whatever SetAlarmState has set."""
        return dict(self._data_states)

    def states(self) -> dict[str, str]:
        """The state of every alarm as DescribeAlarms shows it, by `region/name`."""
        return {f"{region}/{n}": alarm.state_value for (region, n), alarm in self._known.items()}

    def state_of_arn(self, arn: str) -> str | None:
        """The state of the alarm with this ARN; None when there is none."""
        for alarm in self._known.values():
            if alarm.alarm_arn == arn:
                return str(alarm.state_value)
        return None


def _reason_data(settings: alarms.Alarm, points: list[float | None]) -> str:
    return json.dumps(
        {
            "version": "1.0",
            "statistic": settings.statistic,
            "period": settings.period_s,
            "recentDatapoints": [p for p in points if p is not None],
            "threshold": settings.threshold,
        }
    )
