"""Enforces the `timeout` of python activities, which Chaos Toolkit validates and never applies.

A function that runs in the main thread is interrupted when its time is over. One in the background
cannot be; that it took too long is said when it has ended.
"""

from __future__ import annotations

import signal
import threading
from types import FrameType
from typing import Any

from chaoslib.exceptions import ActivityFailed
from chaoslib.run import RunEventHandler

Json = dict[str, Any]


def limit_s(activity: Json) -> float | None:
    """How many seconds of wall time a python activity may take; None without such a limit.

    Chaos Toolkit itself applies the timeouts of `http` and `process`.
    """
    provider = activity.get("provider") or {}
    timeout = provider.get("timeout")
    if provider.get("type") != "python" or not isinstance(timeout, int | float) or timeout <= 0:
        return None
    return float(timeout)


def overdue(activity: Json, run: Json) -> str | None:
    """Why an activity counts as failed although it ended well; None if it need not.

    :param run: its entry in the journal.
    """
    limit, took = limit_s(activity), float(run.get("duration") or 0.0)
    if limit is None or took <= limit:
        return None
    return f"it took {took:.1f} s, its timeout is {limit:g} s"


class Timeouts(RunEventHandler):  # type: ignore[misc]
    """Told by Chaos Toolkit right before and after an activity runs; pauses do not count."""

    def start_activity(self, activity: Json) -> None:
        limit = limit_s(activity)
        if limit is not None and threading.current_thread() is threading.main_thread():
            signal.signal(signal.SIGALRM, _interrupt)
            signal.setitimer(signal.ITIMER_REAL, limit)

    def activity_completed(self, activity: Json, run: Json) -> None:
        if threading.current_thread() is threading.main_thread():
            signal.setitimer(signal.ITIMER_REAL, 0)


def _interrupt(number: int, frame: FrameType | None) -> None:
    raise ActivityFailed("its timeout is over")
