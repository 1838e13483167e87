"""Whether a load has come to its base rate and is steady, from what it has written so far.

An open load is compared with what its course was to offer; of a closed one, whose rate is
whatever its users make of it, only that it no longer changes can be told.
"""

from __future__ import annotations

import math
from collections.abc import Iterable

from gameday.clock import Clock
from gameday.journal import Event
from gameday.measure.rto import counts, success_pct
from gameday.workload.pace import Pace
from gameday.workload.workload import Workload, parse

BASE_SHARE = 0.9
"""Of what was to be offered: a client may still be about to join."""

NO_REQUEST = "the load made no request"

DEVIATIONS = 2.0
"""Independent arrivals vary by the root of their number."""


class WarmUp:
    """Feed it the events of the load processes; `lack` says what is still wanting."""

    def __init__(self, speed: Clock, span_wall_s: float) -> None:
        """`span_wall_s`: over how much of the last time the load must be steady."""
        self._clock, self._span = speed, span_wall_s
        self._course, self._windows = Workload(), list[Event]()
        self._pace = Pace(self._course)
        self._rate_per_s: float | None = None
        self._began: float | None = None

    def feed(self, events: Iterable[Event]) -> None:
        """Take in what was written since."""
        for event in events:
            if event["kind"] == "load.window":
                self._windows.append(event)
            elif event["kind"] == "load.started":
                self._rate_per_s, self._course = (
                    event["rate_per_s"],
                    parse(event.get("course") or ""),
                )
                self._pace = Pace(self._course)
                self._began = min(self._began or math.inf, float(event["at"]))

    def success_pct(self, until: float) -> float | None:
        """The share of the span's requests that were served."""
        return success_pct(map(counts, self._windows), until - self._span, until)

    def lack(self, until: float) -> str | None:
        """Why the load has not been at its base for the whole span before `until`; None if it has.

        :param until: unix seconds, up to which every outcome is known.
        """
        if self._began is None or not self._windows:
            return NO_REQUEST
        since = until - self._span
        if since < self._began + self._clock.wall(self._course.ramp_s):
            return "the load is still growing"
        if self._rate_per_s is None:
            return self._closed(since, until)
        offered = sum(w["offered"] for w in self._windows if since <= w["at"] < until)
        expected = self._rate_per_s * (self._base_s(until) - self._base_s(since))
        if offered < BASE_SHARE * expected - DEVIATIONS * math.sqrt(expected):
            return f"the load offers {offered} requests where {expected:.0f} were to be offered"
        return None

    def defect(self, until: float) -> str | None:
        """What is wanting without which no run makes sense; a closed load may go as it likes."""
        lack = self.lack(until)
        if lack and self._began is not None and self._rate_per_s is None:
            return None if self.success_pct(until) is not None else NO_REQUEST
        return lack

    def _base_s(self, at: float) -> float:
        return self._pace.base_s(max(0.0, self._clock.aws(at - (self._began or at))))

    def _closed(self, since: float, until: float) -> str | None:
        now, before = self._answered(since, until), self._answered(since - self._span, since)
        if not now:
            return NO_REQUEST
        if since - self._span < (self._began or since):
            return "the load has only begun"
        if abs(now - before) > (1.0 - BASE_SHARE) * now + DEVIATIONS * math.sqrt(now + before):
            return f"the load is not steady: {before} requests, then {now} in as much time"
        return None

    def _answered(self, since: float, until: float) -> int:
        return sum(counts(w).total for w in self._windows if since <= w["at"] < until)
