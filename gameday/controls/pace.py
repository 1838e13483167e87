"""Brings the durations of an experiment file onto the AWS clock: `pauses`, timeouts, frequency.

Our own probes take AWS seconds themselves; these are the ones that Chaos Toolkit waits for.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from chaoslib.run import RunEventHandler

from gameday.clock import Clock

Json = dict[str, Any]


def rewrite(experiment: Json, clock: Clock) -> list[str]:
    """Divide `pauses` and provider timeouts in place; one line for each that changed."""
    if clock.speed == 1:
        return []
    return [line for activity in activities(experiment) for line in _rewrite(activity, clock)]


def activities(experiment: Json) -> Iterator[Json]:
    """Every activity that the experiment names: of its hypothesis, its method, its rollbacks."""
    yield from (experiment.get("steady-state-hypothesis") or {}).get("probes", [])
    yield from experiment.get("method") or []
    yield from experiment.get("rollbacks") or []


def _rewrite(activity: Json, clock: Clock) -> Iterator[str]:
    name = activity.get("name", activity.get("ref", "?"))
    pauses = activity.get("pauses") or {}
    for when, seconds in list(pauses.items()):
        if isinstance(seconds, int | float):
            pauses[when] = clock.wall(float(seconds))
            yield f"{name}: pause {when} {seconds} s is {pauses[when]:g} s of wall time"
    provider = activity.get("provider") or {}
    timeout = provider.get("timeout")
    if isinstance(timeout, int | float):
        provider["timeout"] = clock.client_timeout(float(timeout))
        yield f"{name}: timeout {timeout} s is {provider['timeout']:g} s of wall time"


class FrequencyPace(RunEventHandler):  # type: ignore[misc]
    """Divides how long a continuous hypothesis waits between two looks, once it is known."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock

    def running(
        self,
        experiment: Json,
        journal: Json,
        configuration: Json,
        secrets: Json,
        schedule: Any,
        settings: Json,
    ) -> None:
        schedule.continuous_hypothesis_frequency = self._clock.wall(
            float(schedule.continuous_hypothesis_frequency)
        )
