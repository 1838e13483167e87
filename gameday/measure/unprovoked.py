"""Health checks that failed a Region to which nothing had been done, and what to look at then.

In a lab that is mostly a machine short of CPU: the checkers or the Region answer too late.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from gameday.journal import Event
from gameday.measure.run import Run


def unprovoked(run: Run) -> Iterator[str]:
    """A sentence for each health check that failed, or lost votes, of a Region that was let be.

    One that is faulted does not count from its fault on: coming back takes its checkers a while.
    """
    seen: dict[str, list[Event]] = {}
    for event in run.of("health.status"):
        if run.baseline_at <= event["at"] <= _let_be_until(run, str(event["region"])):
            seen.setdefault(str(event["check"]), []).append(event)
    for check, events in seen.items():
        region, red = events[0]["region"], [e for e in events if not e["healthy"]]
        if red:
            yield (
                f"The health check of {region} turned unhealthy at T{run.t(red[0]['at']):+.0f} s, "
                f"although nothing was done to {region}; {_remedy(run)}."
            )
        elif not _is_inverted(run, check):
            least = min(events, key=lambda e: int(e["votes"]) - int(e["of"]))
            if failed := int(least["of"]) - int(least["votes"]):
                yield (
                    f"{failed} of {least['of']} checkers failed {region} at "
                    f"T{run.t(least['at']):+.0f} s, although nothing was done to it; "
                    f"{_remedy(run)}."
                )


def _let_be_until(run: Run, region: str) -> float:
    """When the first fault of that Region began; the end of the load where it had none."""
    faults = [float(e["at"]) for e in run.of("fault.started") if e["region"] == region]
    return min(faults, default=run.load_end)


def _is_inverted(run: Run, check: str) -> bool:
    """Whether it is meant to be healthy when its checkers fail: its votes say nothing then."""
    configs: Mapping[str, Mapping[str, bool]] = {
        c["Id"]: c["HealthCheckConfig"] for c in (run.health_checks or {}).get("HealthChecks", [])
    }
    return bool(configs.get(check, {}).get("Inverted"))


def _remedy(run: Run) -> str:
    if run.facts.get("target") != "lab":
        return "see what that check asks for, and that Region's own alarms"
    return "a machine short of CPU does that: run it with nothing beside, or with a lower --speed"
