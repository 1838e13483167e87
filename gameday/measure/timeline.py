"""What happened when: each instant of the story with the event that proves it.

Times are AWS seconds from the start of the fault. An instant that nobody saw is left out, never
guessed.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from gameday.journal import Event
from gameday.measure.run import Run, Segment


@dataclass(frozen=True, slots=True)
class Moment:
    """One line of the timeline; `source` is the kind of the event that it was read from."""

    name: str
    at: float
    t_s: float
    text: str
    source: str


LABELS = {
    "fault": "FAULT",
    "first_error": "first error",
    "detected": "detected",
    "dns_moved": "DNS moved",
    "first_alarm": "alarm",
    "recovered": "recovered",
    "last_error": "last error",
    "put_back": "put back",
    "failed_back": "failed back",
}
"""The names of moments in the order of a run in which everything goes well."""


def timeline(run: Run, recovery_s: float | None) -> list[Moment]:
    """The moments of a run in order of time; empty when the fault never started."""
    if run.fault_at is None:
        return []
    found = [
        _fault(run),
        _error(run, "first_error"),
        _event(run, "detected", detected(run), _detected_text),
        _event(run, "dns_moved", dns_moved(run), _dns_text),
        _event(run, "first_alarm", first_alarm(run), _alarm_text),
        _recovered(run, recovery_s),
        _error(run, "last_error"),
        _event(run, "put_back", run.first("put.back"), _put_back_text),
        _event(run, "failed_back", run.first("failed.back"), lambda r, e: "both Regions serve"),
    ]
    order = {name: i for i, name in enumerate(LABELS)}
    return sorted((m for m in found if m), key=lambda m: (m.at, order[m.name]))


def detected(run: Run) -> Event | None:
    """The first proof after the fault that the lost Region's health check had turned unhealthy.

    Its status was seen so, or, where that came later (a status is only asked for now and then),
    DNS had ceased to answer the Region.
    """
    seen = _first_after_fault(
        run, "health.status", lambda e: e["region"] == run.region and not e["healthy"]
    )
    moved = dns_moved(run)
    return moved if seen and moved and moved["at"] < seen["at"] else seen


def dns_moved(run: Run) -> Event | None:
    """The answer after which no network was sent to the lost Region any more.

    None when DNS never answered it, or still does for some network when the fault ends.
    """
    if run.fault_at is None:
        return None
    latest: dict[tuple[str, str], bool] = {}
    moved: Event | None = None
    for event in run.of("dns.answer"):
        if event["at"] > run.until:
            break
        pointed = any(latest.values())
        latest[event["name"], event["network"]] = run.region in event["regions"]
        if event["at"] >= run.fault_at and pointed and not any(latest.values()):
            moved = event
    return None if any(latest.values()) else moved


def first_alarm(run: Run) -> Event | None:
    """The first alarm that went into ALARM after the fault."""
    return _first_after_fault(run, "alarm.state", lambda e: e["state"] == "ALARM")


def failures(run: Run) -> list[Segment]:
    """Runs of failed requests that began while the fault lasted."""
    start = run.fault_at or 0.0
    return [s for s in run.segments if not s.ok and s.last >= start and s.first < run.until]


def _first_after_fault(run: Run, kind: str, wanted: Callable[[Event], bool]) -> Event | None:
    start = run.fault_at
    if start is None:
        return None
    return next((e for e in run.of(kind) if e["at"] >= start and wanted(e)), None)


def _event(
    run: Run, name: str, event: Event | None, text: Callable[[Run, Event], str]
) -> Moment | None:
    if event is None:
        return None
    return Moment(name, event["at"], run.t(event["at"]), text(run, event), event["kind"])


def _fault(run: Run) -> Moment:
    applied = run.first("fault.applied")
    effects = ", ".join(applied.get("effects", [])) if applied else "no effect was seen"
    at = run.fault_at or 0.0
    return Moment("fault", at, 0.0, f"{run.region}: {effects}", "fault.started")


def _error(run: Run, name: str) -> Moment | None:
    """The first or the last failed request while the fault lasted, by when it started."""
    failed = failures(run)
    if not failed:
        return None
    start = run.fault_at or 0.0
    if name == "first_error":
        segment = min(failed, key=lambda s: max(s.first, start))
        at = max(segment.first, start)
    else:
        segment = max(failed, key=lambda s: min(s.last, run.until))
        at = min(segment.last, run.until)
    text = f"{_outcome(segment)} for a client with {segment.profile}"
    return Moment(name, at, run.t(at), text, "client.segment")


def _outcome(segment: Segment) -> str:
    return segment.outcome.replace("http_", "HTTP ").replace("_", " ")


def _recovered(run: Run, recovery_s: float | None) -> Moment | None:
    if not recovery_s or run.fault_at is None:
        return None  # never, or nothing to recover from
    text = f"at least {run.share_pct:g} % succeed and stay so"
    return Moment(
        "recovered", run.fault_at + recovery_s / run.speed, recovery_s, text, "load.window"
    )


def _detected_text(run: Run, event: Event) -> str:
    if event["kind"] == "dns.answer":
        return f"{run.region} unhealthy, for DNS no longer answers it"
    against = event["of"] - event["votes"]
    if event["votes"] == event["of"]:
        return f"{event['region']} unhealthy by decree: its check is inverted"
    return f"{event['region']} unhealthy, {against} of {event['of']} checkers"


def _dns_text(run: Run, event: Event) -> str:
    regions = ", ".join(event["regions"]) or event.get("rcode") or "nothing"
    return f"{event['name']} answers {regions} only"


def _alarm_text(run: Run, event: Event) -> str:
    moved = dns_moved(run)
    if moved is None:
        return str(event["alarm"])
    apart = (event["at"] - moved["at"]) * run.speed
    return f"{event['alarm']}, {abs(apart):.0f} s {'after' if apart >= 0 else 'before'} DNS moved"


def _put_back_text(run: Run, event: Event) -> str:
    return f"{event['equal']} of {event['settings']} settings equal to before"
