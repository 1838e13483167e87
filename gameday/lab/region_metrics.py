"""What a Region publishes to CloudWatch once per AWS minute, counted as values and how often.

Names, units and dimensions are those of the pages "Amazon API Gateway dimensions and metrics" and
"Types of metrics for Lambda functions". 4XXError and 5XXError are 0 or 1 per request, so their
average is the error rate.
"""

from __future__ import annotations

from collections import Counter
from typing import Any

Row = dict[str, Any]

NAMES = {"rest": ("ApiName", "4XXError", "5XXError"), "http": ("ApiId", "4xx", "5xx")}
"""By kind of API: its dimension, and how its two error counts are called."""


class RegionMetrics:
    """Counts since the last `take`."""

    def __init__(self) -> None:
        self._counts: dict[tuple[str, str, str, tuple[tuple[str, str], ...]], Counter[float]] = {}

    def answered(
        self, api: str, stage: str, status: int, latency_ms: float, integration_ms: float | None,
        kind: str = "rest",
    ) -> None:  # fmt: skip
        """The front door answered a request; `api` is a REST API's name, else the API's id."""
        dimension, client_error, server_error = NAMES.get(kind, NAMES["rest"])
        dimensions = ((dimension, api), ("Stage", stage))
        add = self._add
        add("AWS/ApiGateway", "Count", "Count", dimensions, 1)
        add("AWS/ApiGateway", client_error, "Count", dimensions, int(400 <= status < 500))
        add("AWS/ApiGateway", server_error, "Count", dimensions, int(status >= 500))
        add("AWS/ApiGateway", "Latency", "Milliseconds", dimensions, round(latency_ms))
        if integration_ms is not None:
            add("AWS/ApiGateway", "IntegrationLatency", "Milliseconds", dimensions,
                round(integration_ms))  # fmt: skip

    def finished(self, function: str, failed: bool, duration_ms: float) -> None:
        """A function ran, well or badly."""
        dimensions = (("FunctionName", function),)
        add = self._add
        add("AWS/Lambda", "Invocations", "Count", dimensions, 1)
        add("AWS/Lambda", "Errors", "Count", dimensions, int(failed))
        add("AWS/Lambda", "Throttles", "Count", dimensions, 0)
        add("AWS/Lambda", "Duration", "Milliseconds", dimensions, round(duration_ms, 1))

    def throttled(self, function: str) -> None:
        """A function was not run. A throttled request is neither an invocation nor an error."""
        self._add("AWS/Lambda", "Throttles", "Count", (("FunctionName", function),), 1)

    def counted(self, function: str, metric: str) -> None:
        """One more of a Lambda metric such as AsyncEventsDropped."""
        self._add("AWS/Lambda", metric, "Count", (("FunctionName", function),), 1)

    def take(self) -> list[Row]:
        """The rows since the last call; those of an API come with and without its stage."""
        counts, self._counts = self._counts, {}
        merged: dict[tuple[str, str, str, tuple[tuple[str, str], ...]], Counter[float]] = {}
        for (namespace, name, unit, dimensions), values in counts.items():
            wholes = {dimensions, dimensions[:1]}
            for kept in wholes:
                merged.setdefault((namespace, name, unit, kept), Counter()).update(values)
        return [
            {"namespace": namespace, "name": name, "unit": unit, "dimensions": dict(dimensions),
             "values": {str(value): count for value, count in values.items()}}
            for (namespace, name, unit, dimensions), values in merged.items()
        ]  # fmt: skip

    def _add(
        self, namespace: str, name: str, unit: str,
        dimensions: tuple[tuple[str, str], ...], value: float,
    ) -> None:  # fmt: skip
        key = (namespace, name, unit, dimensions)
        values = self._counts.get(key)
        if values is None:
            values = self._counts[key] = Counter()
        values[value] += 1
