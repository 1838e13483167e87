"""Do timeouts, tolerances and safeguards mean what they say?"""

from __future__ import annotations

import signal
import time
from typing import Any

import pytest
from chaoslib.exceptions import ActivityFailed

from gameday.controls import other_safeguards
from gameday.controls.fail_fast import CAUSE, FailFast
from gameday.controls.timeout import Timeouts, limit_s, overdue

Json = dict[str, Any]


def python(**members: Any) -> Json:
    return {"type": "action", "name": "a", "provider": {"type": "python", **members}}


@pytest.mark.parametrize(
    ("activity", "limit"),
    [
        (python(timeout=2), 2.0),
        (python(), None),
        (python(timeout=[1, 2]), None),
        (python(timeout=0), None),
        ({"provider": {"type": "process", "timeout": 2}}, None),
        ({}, None),
    ],
)
def test_which_timeouts_are_ours_to_enforce(activity: Json, limit: float | None) -> None:
    assert limit_s(activity) == limit


def test_is_a_function_interrupted_in_time_and_left_alone_afterwards() -> None:
    before, timeouts = signal.getsignal(signal.SIGALRM), Timeouts()
    try:
        timeouts.start_activity(python(timeout=0.02))
        with pytest.raises(ActivityFailed, match="its timeout is over"):
            time.sleep(5)
        timeouts.start_activity(python(timeout=0.02))
        timeouts.activity_completed(python(timeout=0.02), {})
        time.sleep(0.04)
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


def test_is_what_could_not_be_interrupted_found_overdue() -> None:
    assert overdue(python(timeout=2), {"duration": 3.0}) == "it took 3.0 s, its timeout is 2 s"
    assert overdue(python(timeout=2), {"duration": 2.0}) is None
    assert overdue(python(), {"duration": 99.0}) is None


RANGE = {"type": "range", "range": [0, 5]}


@pytest.mark.parametrize(
    ("run", "tolerance", "cause"),
    [
        ({"status": "succeeded", "output": 3}, RANGE, None),
        ({"status": "succeeded", "output": 9}, RANGE, "safeguard s: 9 is not in its tolerance"),
        ({"status": "succeeded", "output": None}, RANGE, "safeguard s: None is not in"),
        ({"status": "succeeded", "output": "on"}, "${wanted}", None),
        ({"status": "succeeded", "output": 9}, None, None),  # nobody asked for one
        ({"status": "failed", "exception": ["a\n", "Refused: b\n"]}, RANGE, "answer: Refused: b"),
        ({}, RANGE, "safeguard s cannot answer: no reason given"),
    ],
)
def test_when_does_the_probe_of_a_safeguard_end_the_run(
    run: Json, tolerance: Any, cause: str | None
) -> None:
    probe = {"type": "probe", "name": "s", "tolerance": tolerance}
    found = other_safeguards.cause(probe, run, {"wanted": "on"}, {})
    assert found == cause if cause is None else cause in str(found)


def test_whose_probes_are_whose() -> None:
    own, in_method, theirs = ({"type": "probe", "name": n, "tolerance": 1} for n in "abc")
    silent = {"type": "probe", "name": "d"}
    body = {"steady-state-hypothesis": {"probes": [own]}, "method": [in_method, silent, own]}
    assert [other_safeguards.belongs_to(body, p) for p in (own, in_method, theirs)] == [
        True,
        True,
        False,
    ]
    judged = [other_safeguards.judged_by_nobody(body, p) for p in (own, in_method, silent, theirs)]
    assert judged == [False, True, False, False]


@pytest.mark.parametrize(("status", "causes"), [("failed", [CAUSE]), (None, []), ("aborted", [])])
def test_when_is_fail_fast_the_cause(status: str | None, causes: list[str]) -> None:
    said: list[str] = []
    FailFast(said.append).continuous_hypothesis_completed({}, {"status": status})
    assert said == causes


@pytest.mark.parametrize(
    ("exception", "said"),
    [
        (["Traceback", "chaoslib.exceptions.ActivityFailed: chaoslib.exceptions.ActivityFailed: "
          "disable_region:\n nothing"], "disable_region: nothing"),
        (["ValueError: x"], "ValueError: x"),
        (None, "no reason given"),
    ],
)  # fmt: skip
def test_why_did_an_activity_fail(exception: list[str] | None, said: str) -> None:
    assert other_safeguards.reason({"exception": exception}) == said
