"""When is an asynchronous event tried again, when is it given up, and who is told what?"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping
from typing import Any

import pytest

from gameday.clock import Clock
from gameday.lab.functions.asynchronous import (
    Asynchronous,
    Event,
    dead_letter_attributes,
    next_step,
    record,
)
from gameday.lab.functions.environment import Done, Result

ARN = "arn:aws:lambda:us-east-1:123456789012:function:shop"
FAILED = Result(b'{"errorType": "ValueError", "errorMessage": "no"}', "Unhandled")


@pytest.mark.parametrize(
    ("error", "attempts", "throttles", "age_s", "reserved", "settings", "step"),
    [
        (None, 1, 0, 0, None, {}, "Success"),
        ("Unhandled", 1, 0, 0, None, {}, 60.0),
        ("Unhandled", 2, 0, 61, None, {}, 120.0),
        ("Unhandled", 3, 0, 182, None, {}, "RetriesExhausted"),
        ("Unhandled", 1, 0, 0, None, {"retries": 0}, "RetriesExhausted"),
        ("Unhandled", 2, 0, 61, None, {"retries": 1}, "RetriesExhausted"),
        ("Unhandled", 1, 0, 1, None, {"age_max_s": 60}, "EventAgeExceeded"),
        ("Throttled", 0, 1, 0, 0, {}, "ZeroReservedConcurrency"),
        ("Throttled", 0, 1, 0, 5, {}, 1.0),
        ("Throttled", 0, 2, 1, 5, {}, 2.0),
        ("Throttled", 0, 12, 1, 5, {}, 300.0),
        ("Throttled", 0, 1, 21_600, None, {}, "EventAgeExceeded"),
        ("Throttled", 2, 1, 59.5, None, {"age_max_s": 60}, "EventAgeExceeded"),
    ],
)  # fmt: skip
def test_what_comes_next(
    error: str | None, attempts: int, throttles: int, age_s: float, reserved: int | None,
    settings: Mapping[str, Any], step: float | str,
) -> None:  # fmt: skip
    assert next_step(error, attempts, throttles, age_s, reserved, settings) == step


class Functions:
    """A pool whose results are given beforehand."""

    def __init__(self, *results: Result, **about: Any) -> None:
        self.results, self.about = list(results), about
        self.ids: list[str] = []

    def configuration(self, name: str) -> Mapping[str, Any] | None:
        return self.about if name == "shop" else None

    def invoke(self, reference: str, event: bytes, done: Done, request_id: str) -> str:
        if not reference.startswith("shop"):
            raise KeyError(reference)
        self.ids.append(request_id)
        done(self.results.pop(0))
        return request_id


def ends(functions: Functions, reference: str = "shop") -> tuple[Event, str, Result]:
    """How one event ends; the waits are a thousandth of AWS's."""

    async def run() -> tuple[Event, str, Result]:
        ended: asyncio.Future[tuple[Event, str, Result]] = asyncio.Future()
        queue = Asynchronous(functions, Clock(10_000.0), lambda *told: ended.set_result(told))
        queue.accept(reference, b'{"n": 1}')
        assert queue.waiting == 1
        found = await asyncio.wait_for(ended, 10)
        assert queue.waiting == 0
        return found

    return asyncio.run(run())


def test_does_an_event_keep_its_request_id_through_its_attempts() -> None:
    functions = Functions(FAILED, FAILED, Result(b"1"))
    event, condition, result = ends(functions)
    assert (condition, event.attempts, result.payload) == ("Success", 3, b"1")
    assert set(functions.ids) == {event.request_id}


def test_are_two_retries_the_most() -> None:
    event, condition, _ = ends(Functions(FAILED, FAILED, FAILED))
    assert (condition, event.attempts) == ("RetriesExhausted", 3)


def test_is_a_throttle_no_attempt() -> None:
    throttled = Result(b"", "Throttled")
    event, condition, _ = ends(Functions(throttled, throttled, FAILED, Result(b"1")))
    assert (condition, event.attempts) == ("Success", 2)


def test_is_there_no_retry_with_a_reserved_concurrency_of_0() -> None:
    event, condition, _ = ends(Functions(Result(b"", "Throttled"), reserved=0))
    assert (condition, event.attempts) == ("ZeroReservedConcurrency", 0)


def test_whose_settings_hold_for_an_alias() -> None:
    about = {"asynchronous": {"$LATEST": {"retries": 0}, "live": {"retries": 1}}}
    assert ends(Functions(FAILED, **about))[0].attempts == 1
    assert ends(Functions(FAILED, FAILED, **about), "shop:live")[0].attempts == 2


def test_is_an_event_of_a_deleted_function_forgotten() -> None:
    async def run() -> int:
        queue = Asynchronous(Functions(), Clock(1.0), lambda *told: pytest.fail("ended"))
        queue.accept("gone", b"{}")
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        return queue.waiting

    assert asyncio.run(run()) == 0


def test_is_the_record_of_a_failure_as_awss_example() -> None:
    """Page "Capturing records of Lambda asynchronous invocations", its example."""
    event = Event("shop", None, b'{"ORDER_IDS": ["9e07af03"]}', 0.0, "e4b46cbf", attempts=3)
    assert record(event, "RetriesExhausted", FAILED, ARN, 0.0) == {
        "version": "1.0",
        "timestamp": "1970-01-01T00:00:00.000Z",
        "requestContext": {
            "requestId": "e4b46cbf",
            "functionArn": f"{ARN}:$LATEST",
            "condition": "RetriesExhausted",
            "approximateInvokeCount": 3,
        },
        "requestPayload": {"ORDER_IDS": ["9e07af03"]},
        "responseContext": {
            "statusCode": 200, "executedVersion": "$LATEST", "functionError": "Unhandled",
        },
        "responsePayload": {"errorType": "ValueError", "errorMessage": "no"},
    }  # fmt: skip


def test_has_the_record_of_an_event_that_never_ran_no_response() -> None:
    event = Event("shop", "live", b"{}", 0.0, "id")
    told = record(event, "ZeroReservedConcurrency", Result(b"", "Throttled"), ARN, 0.0)
    assert told["requestContext"]["functionArn"] == f"{ARN}:live"
    assert not {"responseContext", "responsePayload"} & told.keys()


def test_what_does_a_dead_letter_queue_learn() -> None:
    event = Event("shop", None, b"{}", 0.0, "id", attempts=3)
    assert dead_letter_attributes(event, "RetriesExhausted", FAILED) == {
        "RequestID": "id", "ErrorCode": "200", "ErrorMessage": "no",
    }  # fmt: skip
    long = Result(json.dumps({"errorMessage": "x" * 2000}).encode(), "Unhandled")
    assert len(dead_letter_attributes(event, "", long)["ErrorMessage"]) == 1024
    throttled = dead_letter_attributes(event, "ZeroReservedConcurrency", Result(b"", "Throttled"))
    assert throttled["ErrorCode"] == "429"
