"""What one load process writes down: windows, segments and the totals, nothing else decides.

Callers pass times of the monotonic clock, events carry wall clock; the difference is taken once.
`tick` is called every 100 ms, so a reader of the file is never more than that behind.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from gameday import clock
from gameday.load.logs import Log, SentLog
from gameday.load.schedule import Arrivals, Client, Course, Turns
from gameday.load.segments import Segments
from gameday.load.windows import WINDOW_WALL_S, Window, Windows
from gameday.model import OK

OPEN_SEGMENTS_S = 10.0
"""AWS seconds after which a segment that still lasts is written again."""

EXAMPLES_MAX = 100
"""So many wrong reads are written one by one; all of them are counted."""


class Recorder:
    """The journal of one load process; without a log it only keeps the totals."""

    def __init__(self, log: Log | None, course: Course) -> None:
        self.wall_offset = clock.now() - clock.monotonic()
        self._log, self._course = log, course
        self._arrivals, self._running = Arrivals(), dict[int, Turns]()
        self._windows, self._segments = Windows(), Segments()
        self._open_every_s = course.clock.wall(OPEN_SEGMENTS_S)
        self._next_open = clock.monotonic() + self._open_every_s
        self.offered = self.sent = self.answered = self.failed = self.unsent = self.resent = 0
        self._begun, self._stopped, self._process, self._examples = 0, float("inf"), 0, 0

    def start(
        self,
        clients: Sequence[Client],
        rate_per_s: float | None,
        process: int = 0,
        course: str = "",
        even: bool = True,
    ) -> None:
        """Say who will send.

        :param rate_per_s: of the whole load, over all its processes; None: a closed load.
        :param course: how that rate goes, as `gameday.workload` reads it.
        :param even: whether every client asks at much the same intervals.
        """
        self._process = process
        self.event(
            "load.started",
            process=process,
            clients=[
                {
                    "client": c.id, "profile": c.profile.name, "network": c.network.id,
                    "cache": c.cache, "subnet": c.subnet, "period_s": c.period_s,
                }
                for c in clients
            ],
            rate_per_s=rate_per_s,
            workload="open" if rate_per_s else "closed",
            course=course,
            even=even,
            profiles=sorted({c.profile.name for c in clients}),
        )  # fmt: skip

    def event(self, kind: str, *, at: float | None = None, **members: Any) -> None:
        """Write one event of this process."""
        if self._log:
            self._log.append(kind, at=at, **members)

    def join(self, turns: Turns) -> None:
        """A client begins to run."""
        self._running[id(turns)] = turns
        self._arrivals.join(turns)

    def leave(self, turns: Turns) -> None:
        """A client stops; its turns that came and were not taken are `unsent`.

        A turn that came within the last window was about to be taken and is not counted at all.
        """
        if self._running.pop(id(turns), None) is None:
            return
        self._offer_until(min(clock.monotonic(), self._stopped) - WINDOW_WALL_S)
        self._arrivals.leave(turns)
        self._offer(turns.ahead())
        for base_s in turns.unsent():
            self.unsent += 1
            self._begun += 1  # it no longer waits
            self._windows.unsent(self._course.instant(base_s) + self.wall_offset)

    def stopping(self) -> None:
        """The load is about to stop: no further turn is offered."""
        self._stopped = clock.monotonic()

    def begin(self, turns: Turns) -> float:
        """A client takes its next turn; returns the intended start."""
        self.sent += 1
        self._begun += 1
        return self._course.instant(turns.begin())

    def begin_extra(self) -> float:
        """A client sends a second request within its turn, meant to start now; returns now."""
        now = clock.monotonic()
        self.sent += 1
        self._begun += 1
        self.offered += 1
        self._windows.offer(now + self.wall_offset)
        return now

    def answer(
        self,
        client: Client,
        region: str,
        outcome: str,
        intended: float,
        started: float,
        resent: int = 0,
    ) -> float:
        """A request has ended now; returns its latency in ms, from the intended start.

        :param resent: how often the client sent it again by itself, retries and hedges.
        """
        latency_ms = (clock.monotonic() - intended) * 1000.0
        profile, network = client.profile.name, client.network.id
        self.answered += 1
        self.failed += outcome != OK
        self.resent += resent
        self._windows.add(intended + self.wall_offset, (profile, region, outcome), latency_ms)
        broken = self._segments.add(
            client.id, profile, network, region, outcome, round(started + self.wall_offset, 4)
        )
        if broken and self._log:
            self.event("client.segment", **broken.members())
        return latency_ms

    def read(
        self, intended: float, broken: str | None, behind_s: float | None, **example: Any
    ) -> None:
        """The answer to a request was checked as a read.

        :param broken: which promise to its session it broke.
        :param behind_s: AWS seconds since something newer was acknowledged that it did not show.
        :param example: what is written of the first such reads.
        """
        behind_ms = None if behind_s is None else behind_s * 1000.0
        self._windows.read(intended + self.wall_offset, broken, behind_ms)
        if (broken or behind_s is not None) and self._examples < EXAMPLES_MAX:
            self._examples += 1
            self.event("load.read", broken=broken, behind_s=behind_s, **example)

    def tick(self) -> None:
        """Write what has come together since the last call."""
        now = clock.monotonic()
        self._offer_until(now if now < self._stopped else self._stopped - WINDOW_WALL_S)
        waiting = max(0, self.offered - self._begun)
        for at, window in self._windows.take():
            if self._log:
                self.event(
                    "load.window", at=at, process=self._process, wall_s=WINDOW_WALL_S,
                    offered=window.offered, unsent=window.unsent, waiting=waiting,
                    **_reads(window), rows=window.rows(),
                )  # fmt: skip
        if clock.monotonic() >= self._next_open:
            self._next_open = clock.monotonic() + self._open_every_s
            self._write_open_segments()
        if isinstance(self._log, SentLog):
            self._log.sync()

    def totals(self) -> dict[str, int]:
        """Requests so far; `unanswered` were in flight when their client stopped.

        `resent` is what clients sent beside these by themselves.
        """
        return {
            "offered": self.offered,
            "sent": self.sent,
            "answered": self.answered,
            "failed": self.failed,
            "unsent": self.unsent,
            "unanswered": self.sent - self.answered,
            "resent": self.resent,
        }

    def end(self) -> None:
        """Write the rest; afterwards nothing is recorded."""
        for turns in list(self._running.values()):
            self.leave(turns)
        self.tick()
        self._write_open_segments()
        self.event("load.ended", process=self._process, **self.totals())
        if self._log:
            self._log.sync()
            self._log.close()
            self._log = None

    def _offer_until(self, instant: float) -> None:
        self._offer(self._arrivals.due(self._course.base_s(instant)))

    def _offer(self, starts: Iterable[float]) -> None:
        for base_s in starts:
            self.offered += 1
            self._windows.offer(self._course.instant(base_s) + self.wall_offset)

    def _write_open_segments(self) -> None:
        for segment in self._segments.grown():
            self.event("client.segment", **segment.members())


def _reads(window: Window) -> dict[str, Any]:
    """The members about reads, of a window that has any."""
    if not window.reads:
        return {}
    return {"reads": dict(window.reads), "behind": window.behind}
