"""Ends the run when a `stop_when` condition comes true, or when nobody can tell any more.

One thread looks at what the load writes, at the alarms and at the kill switch. It fails closed:
if it cannot go on, it stops the run, and the verdict demands its marks.
"""

from __future__ import annotations

import logging
import threading
from collections import deque
from collections.abc import Callable, Sequence
from pathlib import Path

from gameday import clock, discover, kill_switch, stop_when
from gameday.clock import Clock
from gameday.errors import GamedayError
from gameday.journal import Event, Tail
from gameday.probes.load_log import settled_until
from gameday.settings import Target
from gameday.stop_when import Condition, KillSwitch, Standing, SuccessOutside

LOOK_EVERY_S = 1.0
LOOK_WALL_S = 0.25
API_EVERY_S = 5.0
API_WALL_S = 0.5

logger = logging.getLogger("chaostoolkit")


class Safeguard:
    """Looks until stopped; `trip` is called once, with the cause, from its thread."""

    def __init__(
        self,
        run_dir: Path,
        target: Target,
        conditions: Sequence[Condition],
        trip: Callable[[str], None],
    ) -> None:
        self.looks = 0
        self._tail, self._target, self._trip = Tail(run_dir), target, trip
        self._clock = Clock(target.speed)
        self._standings: dict[Condition, Standing] = {c: Standing() for c in conditions}
        self._windows: deque[Event] = deque()
        self._api_due = 0.0
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="safeguard", daemon=True)

    def start(self) -> None:
        if self._standings:
            self._thread.start()

    def stop(self) -> None:
        """Trip no more; returns at once, even from within `trip`."""
        self._stop.set()

    def _run(self) -> None:
        try:
            while not self._stop.wait(max(LOOK_WALL_S, self._clock.wall(LOOK_EVERY_S))):
                why = self._look()
                self.looks += 1
                if why:
                    self._say(why)
                    return
        except Exception as e:
            logger.debug("gameday: the safeguard failed", exc_info=True)
            self._say(f"the stop conditions can no longer be judged: {type(e).__name__}: {e}")

    def _say(self, why: str) -> None:
        if not self._stop.is_set():
            self._trip(why)

    def _look(self) -> str | None:
        """Judge every condition by what there is to see now; why the run must end, if it must."""
        now = clock.now()
        until = settled_until(now, self._target.speed)
        recent = self._recent(until - self._clock.wall(stop_when.WINDOW_S), until)
        api_due = clock.monotonic() >= self._api_due
        for condition, standing in self._standings.items():
            if isinstance(condition, SuccessOutside):
                fresh = stop_when.judge_success(condition, recent, standing, until)
            elif not api_due:
                continue
            elif isinstance(condition, KillSwitch):
                fresh = stop_when.judge_kill_switch(self._switches(condition), standing, now)
            else:
                fresh = stop_when.judge_alarm(condition, self._alarms(), standing, now)
            self._standings[condition] = fresh
            at = until if isinstance(condition, SuccessOutside) else now
            if why := stop_when.cause(condition, fresh, at, self._target.speed):
                return why
        if api_due:
            pause = max(API_WALL_S, self._clock.wall(API_EVERY_S))
            self._api_due = clock.monotonic() + pause
        return None

    def _recent(self, since: float, until: float) -> list[Event]:
        """The load windows that began in [since, until)."""
        self._windows.extend(e for e in self._tail.new() if e["kind"] == "load.window")
        while self._windows and self._windows[0]["at"] < since:
            self._windows.popleft()
        return [w for w in self._windows if since <= w["at"] < until]

    def _alarms(self) -> dict[tuple[str, str], str]:
        """The alarms' states of every Region whose API answers: a lost one's may not."""
        found: dict[tuple[str, str], str] = {}
        for region in self._target.regions:
            try:
                found |= {
                    (region, a["AlarmName"]): a["StateValue"] for a in discover.alarms(region)
                }
            except GamedayError as e:
                logger.debug("gameday: %s", e)
        return found

    def _switches(self, condition: KillSwitch) -> dict[str, str | None]:
        """Why the kill switch is set, by Region that answers; None where it is not."""
        found: dict[str, str | None] = {}
        for region in condition.regions:
            try:
                value = kill_switch.read(self._target, region)
            except GamedayError as e:
                logger.debug("gameday: %s", e)
            else:
                found[region] = value if kill_switch.is_set(value) else None
        return found
