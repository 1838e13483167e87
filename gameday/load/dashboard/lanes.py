"""What surrounds the requests: health checks, DNS answers, alarms, data behind, and what happened.

The watch of a run sees them from outside. Where there is no run, the lab's own events stand in.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from gameday.journal import Event

Json = dict[str, Any]

STEPS = {
    "load.ready": "steady",
    "fault.started": "fault",
    "rollback.started": "rollback",
    "put.back": "put back",
    "failed.back": "failed back",
    "stop": "stopped",
}
"""Events that are a marker by themselves."""

MARKERS_MAX = 60


@dataclass(slots=True)
class Lanes:
    """The latest of each, and the markers in order of time."""

    region: str | None  # the one under test
    endpoint: str | None = None  # the name that clients use: the only one whose answers are shown
    health: dict[str, Json] = field(default_factory=dict)
    answers: dict[str, Json] = field(default_factory=dict)
    alarms: dict[str, Json] = field(default_factory=dict)
    behind: dict[str, Json] = field(default_factory=dict)
    markers: list[tuple[float, str, str]] = field(default_factory=list)  # at, kind, label
    watched: bool = False

    def feed(self, event: Event) -> None:
        """Take one event in."""
        kind = event["kind"]
        if kind in STEPS:
            self._mark(event, kind, STEPS[kind])
        elif kind == "load.lost":
            self._mark(event, kind, f"load process {event['process']} lost")
        elif kind == "load.sample":
            name = f"{event['writer']} → {event['reader']}"
            self.behind[name] = {
                "pair": name, "behind_s": event["behind_s"], "at": float(event["at"]),
            }  # fmt: skip
        elif kind in ("health.status", "dns.answer", "alarm.state"):
            if not self.watched:  # what the lab said until now is seen from outside from here on
                self.health, self.answers, self.alarms, self.watched = {}, {}, {}, True
            self._seen(event, kind)
        elif not self.watched and kind in OF_THE_LAB:
            self._seen(event, OF_THE_LAB[kind])

    def _seen(self, event: Event, kind: str) -> None:
        if kind == "health.status":
            self._health(event)
        elif kind == "dns.answer":
            self._answer(event)
        else:
            self._alarm(event)

    def _health(self, event: Event) -> None:
        name = str(event.get("region") or event.get("target") or event["check"])
        was = self.health.get(name)
        self.health[name] = {
            "name": name, "healthy": bool(event["healthy"]),
            "votes": event.get("votes"), "of": event.get("of"),
        }  # fmt: skip
        if was is not None and was["healthy"] != event["healthy"]:
            self._mark(event, "health", f"{name} {'healthy' if event['healthy'] else 'unhealthy'}")

    def _answer(self, event: Event) -> None:
        name = str(event["name"]).rstrip(".")
        if self.endpoint not in (None, name) or event.get("type", "A") != "A":
            return  # a lab tells of every name, and its Region-only names never move
        key = f"{name} {event.get('network') or ''}"
        regions = list(event.get("regions") or event.get("addresses") or ())
        was = self.answers.get(key)
        self.answers[key] = {
            "name": name, "network": event.get("network") or "", "regions": regions,
        }  # fmt: skip
        if was is not None and was["regions"] != regions:
            self._mark(event, "dns", f"DNS: {event.get('network') or name} → "
                       f"{', '.join(regions) or 'nothing'}")  # fmt: skip

    def _alarm(self, event: Event) -> None:
        name, state = str(event["alarm"]), str(event["state"])
        was = self.alarms.get(name)
        self.alarms[name] = {"name": name, "state": state}
        if state == "ALARM" and (was is None or was["state"] != "ALARM"):
            self._mark(event, "alarm", f"alarm {name}")

    def _mark(self, event: Event, kind: str, label: str) -> None:
        self.markers.append((float(event["at"]), kind, label))
        self.markers = sorted(self.markers)[-MARKERS_MAX:]

    def view(self, t: Callable[[float], float]) -> Json:
        """The lanes as JSON values; `t` turns unix seconds into the page's own."""
        return {
            "health": sorted(self.health.values(), key=lambda x: x["name"]),
            "answers": sorted(self.answers.values(), key=lambda x: (x["name"], x["network"])),
            "alarms": sorted(self.alarms.values(), key=lambda x: x["name"]),
            "behind": [
                {"pair": pair, "behind_s": read["behind_s"], "t_s": t(read["at"])}
                for pair, read in sorted(self.behind.items())
            ],
            "markers": [{"t_s": t(at), "kind": k, "label": label} for at, k, label in self.markers],
        }


OF_THE_LAB = {
    "lab.health_changed": "health.status",
    "lab.answer_changed": "dns.answer",
    "lab.alarm_changed": "alarm.state",
}
