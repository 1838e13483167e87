"""CloudWatch's metrics of the health checks: rows of namespace AWS/Route53, once per AWS minute.

Statuses are sampled six times a minute (monitoring-cloudwatch: use the minimum); latencies, for
checks with MeasureLatency, are wall milliseconds of real work and not scaled.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from typing import Any

from gameday.lab.check_board import Board, Checker
from gameday.lab.probe import Observation
from gameday.route53.check import HealthCheck

Key = tuple[str, str, str, str]  # name, unit, health check, checker Region or ""


class Metrics:
    """Values counted since they were last taken."""

    def __init__(self) -> None:
        self._values: defaultdict[Key, Counter[float]] = defaultdict(Counter)

    def sample(self, board: Board) -> None:
        """Count every check's status and share of healthy checkers as they are now."""
        for check_id, healthy in board.healthy.items():
            check = board.checks[check_id]
            self._count("HealthCheckStatus", "None", check_id, "", float(healthy))
            votes, of = board.votes(check_id)
            if check.type == "CALCULATED":
                self._count("ChildHealthCheckHealthyCount", "Count", check_id, "", float(votes))
            elif of:
                share_pct = round(100 * votes / of, 2)
                self._count("HealthCheckPercentageHealthy", "Percent", check_id, "", share_pct)

    def probed(self, check: HealthCheck, checker: Checker, observation: Observation) -> None:
        """Count one probe's times where the check measures latency."""
        if not check.measure_latency:
            return
        # HTTPS connections are timed with their handshake, which AWS reports by itself.
        times = {
            "ConnectionTime": None if check.is_https else observation.connect_ms,
            "SSLHandshakeTime": observation.connect_ms if check.is_https else None,
            "TimeToFirstByte": observation.first_byte_ms,
        }
        for name, value_ms in times.items():
            if value_ms is not None:
                rounded_ms = round(value_ms, 1)
                self._count(name, "Milliseconds", check.id, checker.region, rounded_ms)

    def take(self) -> list[dict[str, Any]]:
        """The rows of a `metrics` message; counting begins anew."""
        values, self._values = self._values, defaultdict(Counter)
        return [
            {
                "namespace": "AWS/Route53", "name": name, "unit": unit,
                "dimensions": {"HealthCheckId": check_id} | ({"Region": region} if region else {}),
                "values": {str(value): count for value, count in counts.items()},
            }
            for (name, unit, check_id, region), counts in values.items()
        ]  # fmt: skip

    def _count(self, name: str, unit: str, check_id: str, region: str, value: float) -> None:
        self._values[name, unit, check_id, region][value] += 1
