"""A run while it happens: one line per thing that happened, and the figures of the live footer.

Pure: events in, lines out. Times are AWS seconds from the end of the warm-up.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field
from typing import Any

from gameday.journal import Event
from gameday.measure.rto import Counts, counts, recovery_time, success_pct

LABEL_WIDTH = 14
KEPT_WALL_S = 900.0


@dataclass
class Live:
    """What the events so far say. `feed` returns the lines that an event is worth."""

    region: str
    regions: tuple[str, ...]
    speed: float
    share_pct: float = 99.0
    window_s: float = 10.0
    phase: str = "warming up"
    zero: float | None = None
    fault_at: float | None = None
    until: float | None = None
    healthy: dict[str, bool] = field(default_factory=dict)
    answers: dict[str, tuple[str, ...]] = field(default_factory=dict)
    windows: deque[Counts] = field(default_factory=deque)
    by_region: dict[str, int] = field(default_factory=dict)
    _moved: bool = False
    _failed: bool = False

    def clock(self, at: float) -> str:
        """`01:28` on the AWS clock, from the end of the warm-up."""
        seconds = max(0.0, (at - (self.zero if self.zero is not None else at)) * self.speed)
        return f"{int(seconds) // 60:02d}:{int(seconds) % 60:02d}"

    def feed(self, event: Event) -> list[str]:
        """The lines for one event, if any."""
        handler = getattr(self, "_on_" + event["kind"].replace(".", "_"), None)
        said = handler(event) if handler else None
        return [f"  {self.clock(event['at'])}  {said[0]:<{LABEL_WIDTH}} {said[1]}"] if said else []

    def footer(self, now: float) -> str:
        """The live line: phase, Regions, the answer, rate, success and the recovery clock."""
        recent = success_pct(self.windows, now - self.window_s / self.speed, now)
        regions = "  ".join(
            f"{r} {'healthy' if self.healthy.get(r, True) else 'UNHEALTHY'}" for r in self.regions
        )
        answer = ",".join(sorted({r for seen in self.answers.values() for r in seen})) or "?"
        text = f"  {self.clock(now)}  {self.phase} | {regions} | DNS {answer}"
        if recent is not None:
            text += f" | {recent:.0f} % succeed"
        if self.fault_at is not None and self.until is None:
            text += f" | since the fault {(now - self.fault_at) * self.speed:.0f} s"
        return text + " | q stops"

    def _on_load_ready(self, event: Event) -> tuple[str, str]:
        self.zero, self.phase = event["at"], "steady state"
        total = sum(self.by_region.values()) or 1
        shares = "   ".join(
            f"{r} {100 * self.by_region.get(r, 0) / total:.0f} %" for r in self.regions
        )
        recent = success_pct(self.windows, event["at"] - self.window_s / self.speed, event["at"])
        return "steady state", f"{recent or 0:.0f} % of requests succeed   {shares}"

    def _on_load_window(self, event: Event) -> None:
        self.windows.append(counts(event))
        while self.windows and self.windows[0].at < event["at"] - KEPT_WALL_S:
            self.windows.popleft()
        for row in event["rows"]:
            self.by_region[row["region"]] = self.by_region.get(row["region"], 0) + row["count"]

    def _on_fault_started(self, event: Event) -> None:
        self.fault_at = self.fault_at or event["at"]
        self.phase = "fault"

    def _on_fault_applied(self, event: Event) -> tuple[str, str]:
        return "FAULT", f"{event['region']}: {', '.join(event['effects'])}"

    def _on_health_status(self, event: Event) -> tuple[str, str] | None:
        region, healthy = event["region"], event["healthy"]
        changed = self.healthy.get(region, True) != healthy
        self.healthy[region] = healthy
        if not changed:
            return None
        votes = f"{event['of'] - event['votes']} of {event['of']} checkers"
        if not healthy and event["votes"] == event["of"]:
            return "detected", f"{region} unhealthy by decree: its check is inverted"
        if not healthy:
            return "detected", f"{region} unhealthy, {votes} say so"
        return "healthy", f"{region} healthy again"

    def _on_dns_answer(self, event: Event) -> tuple[str, str] | None:
        self.answers[event["network"]] = tuple(event["regions"])
        if self.fault_at is None:
            return None
        gone = all(self.region not in seen for seen in self.answers.values())
        if gone == self._moved:
            return None
        self._moved = gone
        names = ", ".join(sorted({r for seen in self.answers.values() for r in seen})) or "nobody"
        return "DNS moved" if gone else "DNS back", f"{event['name']} answers {names}"

    def _on_alarm_state(self, event: Event) -> tuple[str, str] | None:
        return ("alarm", event["alarm"]) if event["state"] == "ALARM" else None

    def _on_rollback_started(self, event: Event) -> tuple[str, str] | None:
        first, self.until, self.phase = self.until is None, event["at"], "putting back"
        if not first or self.fault_at is None or not self.windows:
            return None
        took = recovery_time(self.windows, self.fault_at, event["at"], self.share_pct,
                             self.window_s, self.speed)  # fmt: skip
        if took is None:
            return "not recovered", f"clients were still failing {self._since(event['at'])} s on"
        return "recovered", f"{took:.0f} s after the fault clients succeeded and stayed so"

    def _since(self, at: float) -> str:
        return f"{(at - (self.fault_at or at)) * self.speed:.0f}"

    def _on_put_back(self, event: Event) -> tuple[str, str]:
        self.phase = "failing back"
        return "put back", f"{event['equal']} of {event['settings']} settings equal to before"

    def _on_failed_back(self, _event: Event) -> tuple[str, str]:
        self.phase = "auditing"
        return "failed back", "both Regions serve"

    def _on_stop(self, event: Event) -> tuple[str, str]:
        self.phase = "stopping"
        return "STOP", str(event["reason"])


def live_from(facts: dict[str, Any]) -> Live:
    """A live view for the run that `run.json` describes."""
    hypothesis = facts.get("hypothesis", {})
    return Live(
        region=facts["region"],
        regions=tuple(facts["regions"]),
        speed=float(facts.get("speed", 1.0)),
        share_pct=float(hypothesis.get("success_pct", 99.0)),
        window_s=float(hypothesis.get("window_s", 10.0)),
    )
