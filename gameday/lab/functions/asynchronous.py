"""Asynchronous invocations: the queue of events in front of a function, retries, and their end.

Waits are AWS's and are divided by the lab's speed. Pages "How Lambda handles errors and retries
with asynchronous invocation" and "Capturing records of Lambda asynchronous invocations".
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

from gameday import clock
from gameday.clock import Clock
from gameday.lab.functions import references
from gameday.lab.functions.environment import Done, Result
from gameday.lab.request_id import new_request_id

RETRIES_MAX = 2
RETRY_AFTER_S = 60.0  # after the first failure; twice that after the second
EVENT_AGE_MAX_S = 6 * 3600
THROTTLED_AGAIN_S, THROTTLED_AGAIN_MAX_S = 1.0, 300.0

SUCCESS = "Success"
RETRIES_EXHAUSTED = "RetriesExhausted"
TOO_OLD = "EventAgeExceeded"
NO_CONCURRENCY = "ZeroReservedConcurrency"


class Functions(Protocol):
    """What is needed of the pool."""

    def configuration(self, name: str) -> Mapping[str, Any] | None: ...

    def invoke(self, reference: str, event: bytes, done: Done, request_id: str) -> str: ...


@dataclass(slots=True)
class Event:
    """One event on its way; `arn` is the function's, with the qualifier it was called by."""

    name: str
    qualifier: str | None
    payload: bytes
    accepted_at: float  # monotonic seconds
    request_id: str = field(default_factory=new_request_id)
    attempts: int = 0  # that ran
    throttles: int = 0  # in a row

    @property
    def reference(self) -> str:
        return f"{self.name}:{self.qualifier}" if self.qualifier else self.name


Ended = Callable[[Event, str, Result], None]
"""Hears of an event that is done with: why, and the last result."""


def next_step(
    error: str | None, attempts: int, throttles: int, age_s: float, reserved: int | None,
    settings: Mapping[str, Any],
) -> float | str:  # fmt: skip
    """AWS seconds until the next attempt, or why there is none.

    `error` is the last attempt's, as `Result` has it; `age_s` is in AWS seconds.
    """
    if error is None:
        return SUCCESS
    if error == "Throttled" and reserved == 0:
        return NO_CONCURRENCY
    if error == "Throttled":
        wait_s = min(THROTTLED_AGAIN_S * 2 ** (throttles - 1), THROTTLED_AGAIN_MAX_S)
    elif attempts > settings.get("retries", RETRIES_MAX):
        return RETRIES_EXHAUSTED
    else:
        wait_s = RETRY_AFTER_S * attempts
    too_old = age_s + wait_s > settings.get("age_max_s", EVENT_AGE_MAX_S)
    return TOO_OLD if too_old else wait_s


class Asynchronous:
    """Takes events and sees each to its end. What still waits is lost with the process."""

    def __init__(
        self, functions: Functions, speed: Clock, ended: Ended,
        received: Callable[[str], None] = lambda name: None,
    ) -> None:  # fmt: skip
        self._functions, self._clock, self._ended = functions, speed, ended
        self._received = received
        self.waiting = 0

    def accept(self, reference: str, payload: bytes) -> str:
        """Queue one event for the function that `reference` means; the request id."""
        name, qualifier = references.split(reference)
        event = Event(name, qualifier, payload, clock.monotonic())
        self.waiting += 1
        self._received(name)
        asyncio.get_running_loop().call_soon(self._attempt, event)
        return event.request_id

    def _attempt(self, event: Event) -> None:
        try:
            self._functions.invoke(event.reference, event.payload,
                                   lambda result: self._tried(event, result),
                                   event.request_id)  # fmt: skip
        except KeyError:  # the function was deleted meanwhile, and its events with it
            self.waiting -= 1

    def _tried(self, event: Event, result: Result) -> None:
        if result.error == "Throttled":
            event.throttles += 1
        else:
            event.attempts, event.throttles = event.attempts + 1, 0
        about = self._functions.configuration(event.name) or {}
        age_s = self._clock.aws(clock.monotonic() - event.accepted_at)
        step = next_step(result.error, event.attempts, event.throttles, age_s,
                         about.get("reserved"), settings_of(about, event.qualifier))  # fmt: skip
        if isinstance(step, str):
            self.waiting -= 1
            self._ended(event, step, result)
        else:
            wall_s = self._clock.wall(step)
            asyncio.get_running_loop().call_later(wall_s, self._attempt, event)


def settings_of(configuration: Mapping[str, Any], qualifier: str | None) -> Mapping[str, Any]:
    """The asynchronous settings of a function, or of the version or alias that was called."""
    settings = configuration.get("asynchronous") or {}
    found: Mapping[str, Any] = settings.get(qualifier or references.LATEST) or {}
    return found


def record(event: Event, condition: str, result: Result, arn: str, at: float) -> dict[str, Any]:
    """What a destination is told of an event (page "Capturing records of ...", its example)."""
    told: dict[str, Any] = {
        "version": "1.0",
        "timestamp": clock.utc(at),
        "requestContext": {
            "requestId": event.request_id,
            "functionArn": f"{arn}:{event.qualifier or references.LATEST}",
            "condition": condition,
            "approximateInvokeCount": event.attempts,
        },
        "requestPayload": json.loads(event.payload),
    }
    if event.attempts:
        failed = {"functionError": result.error} if result.error == "Unhandled" else {}
        told["responseContext"] = {
            "statusCode": 200, "executedVersion": result.version, **failed
        }  # fmt: skip
        told["responsePayload"] = _json(result.payload)
    return told


def dead_letter_attributes(event: Event, condition: str, result: Result) -> dict[str, str]:
    """The attributes of a message to a dead-letter queue (page "Adding a dead-letter queue")."""
    if result.error == "Unhandled":
        said = _json(result.payload)
        message = said.get("errorMessage", "") if isinstance(said, dict) else str(said)
        code = "200"
    else:
        message, code = f"Function not invoked: {condition}", "429"
    return {"RequestID": event.request_id, "ErrorCode": code, "ErrorMessage": message[:1024]}


def _json(payload: bytes) -> Any:
    """A payload as JSON; what is none, as text."""
    try:
        return json.loads(payload) if payload else None
    except ValueError:
        return payload.decode("utf-8", "replace")
