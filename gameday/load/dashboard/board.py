"""What the tab shows, from the events of a run as they come: pure, and bounded in memory.

Rates are per AWS second, `t_s` are AWS seconds from the start of the fault (before there is one,
from the start of the load). Recovery is judged by `gameday.measure.rto`, as in the report.
"""

from __future__ import annotations

import math
from collections import Counter
from dataclasses import asdict, dataclass, field
from typing import Any

from gameday.journal import Event
from gameday.load.dashboard.lanes import Lanes
from gameday.load.windows import WINDOW_WALL_S
from gameday.measure.rto import Counts, counts, recovery_time
from gameday.model import OK

BIN_S = 5.0
SHOWN_S = 900.0
RECENT_S = 60.0
"""What the table of profiles and Regions looks back."""

SETTLING_S = 10.0
SETTLING_WALL_S = 1.0
"""Until then a request may still be answered; as in `gameday.probes.load_log`."""

Json = dict[str, Any]


@dataclass(slots=True)
class Bin:
    """The requests that were meant to start in some time, by profile, Region and outcome."""

    offered: int = 0
    unsent: int = 0
    rows: Counter[tuple[str, str, str]] = field(default_factory=Counter)

    def add(self, other: Bin) -> None:
        """Take in what another one holds."""
        self.offered += other.offered
        self.unsent += other.unsent
        self.rows.update(other.rows)

    def count(self, *, ok: bool, region: str | None = None) -> int:
        """How many succeeded, or failed; of all Regions unless one is named."""
        return sum(
            n for (_, r, o), n in self.rows.items() if (o == OK) == ok and region in (None, r)
        )


@dataclass(frozen=True, slots=True)
class Goals:
    """What the run is to show; of a load without a run there are only the defaults."""

    speed: float = 1.0
    region: str | None = None
    regions: tuple[str, ...] = ()
    endpoint: str | None = None
    rto_s: float | None = None
    share_pct: float = 99.0
    window_s: float = 10.0


@dataclass(frozen=True, slots=True)
class Totals:
    """Requests of the test so far; `waiting` had their turn and are not sent yet."""

    offered: int
    sent: int
    waiting: int
    unsent: int
    answered: int
    failed: int
    not_sent_pct: float


class Board:
    """Feed it every event in the order in which they come; ask for the view whenever one looks."""

    def __init__(self, goals: Goals) -> None:
        self._goals = goals
        self.reset()

    def reset(self) -> None:
        """Forget everything: a new test begins."""
        self._bins: dict[int, Bin] = {}
        self._offered = self._unsent = self._answered = self._failed = 0
        self._waiting: dict[int, int] = {}
        self._started: set[int] = set()
        self._ended: set[int] = set()
        self._clients: set[str] = set()
        self._first_at: float | None = None
        self._fault_at: float | None = None
        self._until: float | None = None  # when the rollback began
        self._expected: Json | None = None
        self._since_fault: list[Counts] = []
        self._lanes = Lanes(self._goals.region, self._goals.endpoint)

    def feed(self, event: Event) -> None:
        """Take one event in; kinds it does not know are let pass."""
        kind = event["kind"]
        if kind == "load.window":
            self._window(event)
        elif kind == "load.started":
            self._start(event)
        elif kind == "load.ended":
            self._ended.add(int(event.get("process", 0)))
            self._waiting.pop(int(event.get("process", 0)), None)
        else:
            if kind == "load.lost":
                self._waiting.pop(int(event["process"]), None)
            if kind == "fault.started" and self._fault_at is None:
                self._fault_at = float(event["at"])
            elif kind == "rollback.started" and self._until is None:
                self._until = float(event["at"])
            self._lanes.feed(event)

    def lacks_expectation(self, now: float) -> bool:
        """Whether it is known whom the fault hits, and not yet what it was predicted to do.

        Whom it hits is known when every client's answers before it are in the journal.
        """
        if self._fault_at is None or self._expected is not None:
            return False
        return now >= self._fault_at + SETTLING_S / self._goals.speed + SETTLING_WALL_S

    def expect(self, found: Json) -> None:
        """Take in what was predicted, as `gameday.measure.expected` gives it."""
        self._expected = found

    def _start(self, event: Event) -> None:
        process = int(event.get("process", 0))
        if process in self._ended:  # a second test of the same Locust
            self.reset()
        self._started.add(process)
        self._clients |= {c["client"] for c in event["clients"]}

    def _window(self, event: Event) -> None:
        at, process = float(event["at"]), int(event.get("process", 0))
        if self._first_at is None or at < self._first_at:
            self._first_at = at
        found = self._bins.setdefault(_window(at), Bin())
        found.offered += event["offered"]
        found.unsent += event["unsent"]
        self._offered += event["offered"]
        self._unsent += event["unsent"]
        if process not in self._ended:
            self._waiting[process] = event.get("waiting", 0)
        for row in event["rows"]:
            found.rows[row["profile"], row["region"], row["outcome"]] += row["count"]
            self._answered += row["count"]
            self._failed += row["count"] * (row["outcome"] != OK)
        if self._fault_at is not None and at >= self._fault_at - 1.0:
            self._since_fault.append(counts(event))
        self._forget()

    def _forget(self) -> None:
        while len(self._bins) > SHOWN_S / self._goals.speed / WINDOW_WALL_S + 20:
            del self._bins[min(self._bins)]

    def view(self, now: float) -> Json:
        """Everything the page shows, as JSON values, at unix time `now`."""
        zero = self._fault_at if self._fault_at is not None else self._first_at
        zero = now if zero is None else zero
        return {
            "totals": asdict(self.totals()),
            "clients": len(self._clients),
            "running": bool(self._started - self._ended),
            "region": self._goals.region,
            "from": "fault" if self._fault_at is not None else "start",
            "now_s": self._t(now, zero),
            "clock": self._clock(now),
            "series": self._series(now, zero),
            "kinds": self._kinds(now),
            **self._lanes.view(lambda at: self._t(at, zero)),
        }

    def totals(self) -> Totals:
        """The requests of this test so far."""
        waiting = sum(self._waiting.values())
        missing = waiting + self._unsent
        pct = 100.0 * missing / self._offered if self._offered else 0.0
        return Totals(
            self._offered, max(0, self._offered - missing), waiting, self._unsent,
            self._answered, self._failed, round(pct, 2),
        )  # fmt: skip

    def _t(self, at: float, zero: float) -> float:
        return round((at - zero) * self._goals.speed, 1)

    def _clock(self, now: float) -> Json | None:
        """The recovery clock: runs from the fault until clients are served again and stay so."""
        if self._fault_at is None:
            return None
        goals = self._goals
        settled = now - SETTLING_S / goals.speed - SETTLING_WALL_S
        until = min(settled, self._until) if self._until else settled
        recovered = recovery_time(
            self._since_fault, self._fault_at, until, goals.share_pct, goals.window_s, goals.speed
        )
        runs_to = min(now, self._until) if self._until else now
        return {
            "elapsed_s": max(0.0, self._t(runs_to, self._fault_at)),
            "recovered_s": recovered,
            "over": self._until is not None,
            "rto_s": goals.rto_s,
            "share_pct": goals.share_pct,
            "window_s": goals.window_s,
            "predicted": self._expected,
        }

    def _series(self, now: float, zero: float) -> Json:
        """Bins that begin at `zero`, each rate per AWS second; the newest one is still filling."""
        last = self._bin(now, zero)
        oldest = self._bin(min(self._bins, default=0) * WINDOW_WALL_S, zero)
        first = max(last - int(SHOWN_S / BIN_S), oldest) if self._bins else last
        shown = [Bin() for _ in range(first, last + 1)]
        for window, found in self._bins.items():
            index = self._bin(window * WINDOW_WALL_S, zero) - first
            if 0 <= index < len(shown):
                shown[index].add(found)
        regions = list(self._goals.regions)
        regions += sorted({r for b in shown for _, r, o in b.rows if o == OK} - set(regions))
        return {
            "step_s": BIN_S,
            "start_s": first * BIN_S,
            "offered": [b.offered / BIN_S for b in shown],
            "unsent": [b.unsent / BIN_S for b in shown],
            "failed": [b.count(ok=False) / BIN_S for b in shown],
            "ok": {r: [b.count(ok=True, region=r) / BIN_S for b in shown] for r in regions},
        }

    def _bin(self, at: float, zero: float) -> int:
        return math.floor((at - zero) * self._goals.speed / BIN_S + 1e-6)

    def _kinds(self, now: float) -> list[Json]:
        """By profile and Region over the last minute: share of the profile's requests, failures."""
        since = _window(now - RECENT_S / self._goals.speed)
        rows: Counter[tuple[str, str, str]] = Counter()
        for index, found in self._bins.items():
            if index >= since:
                rows.update(found.rows)
        of_profile: Counter[str] = Counter()
        of_region: Counter[tuple[str, str]] = Counter()
        failures: dict[tuple[str, str], dict[str, int]] = {}
        for (profile, region, outcome), n in rows.items():
            of_profile[profile] += n
            of_region[profile, region] += n
            if outcome != OK:
                failures.setdefault((profile, region), {})[outcome] = n
        return [
            {
                "profile": profile, "region": region, "count": n,
                "share_pct": round(100.0 * n / of_profile[profile], 1),
                "failed": sum(failures.get((profile, region), {}).values()),
                "outcomes": failures.get((profile, region), {}),
            }
            for (profile, region), n in sorted(of_region.items())
        ]  # fmt: skip


def _window(at: float) -> int:
    return math.floor(at / WINDOW_WALL_S + 1e-6)
