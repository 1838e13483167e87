"""Who noticed: alarms expected, fired, silent and unexpected.

An alarm is the expected one when its name is, or ends with a dash and, the expected name: stacks
put their own name in front.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from gameday.measure.run import Run
from gameday.measure.timeline import failures


@dataclass(frozen=True, slots=True)
class Fired:
    """An alarm that went into ALARM after the fault."""

    alarm: str
    region: str
    expected: bool
    t_s: float
    after_first_error_s: float | None
    reason: str


@dataclass(frozen=True, slots=True)
class Alarms:
    """`silent` are expected names that did not fire; `unseen` of them were never seen at all."""

    expected: list[str]
    fired: list[Fired] = field(default_factory=list)
    silent: list[str] = field(default_factory=list)
    unseen: list[str] = field(default_factory=list)

    @property
    def unexpected(self) -> list[Fired]:
        return [f for f in self.fired if not f.expected]


def matches(alarm: str, expected: str) -> bool:
    """Whether `alarm` is the one that the experiment calls `expected`."""
    return alarm == expected or alarm.endswith(f"-{expected}")


def alarms(run: Run) -> Alarms:
    """The alarms of a run, each with its first time in ALARM after the fault."""
    expected = [str(a) for a in run.facts.get("expect_alarms") or []]
    if run.fault_at is None:
        return Alarms(expected)
    errors = [max(s.first, run.fault_at) for s in failures(run)]
    first_error = min(errors, default=None)
    seen: set[str] = set()
    fired: dict[tuple[str, str], Fired] = {}
    for event in run.of("alarm.state"):
        name, region = str(event["alarm"]), str(event.get("region", ""))
        seen.add(name)
        if event["state"] == "ALARM" and event["at"] >= run.fault_at:
            fired.setdefault(
                (name, region),
                Fired(
                    alarm=name,
                    region=region,
                    expected=any(matches(name, e) for e in expected),
                    t_s=run.t(event["at"]),
                    after_first_error_s=None
                    if first_error is None
                    else round((event["at"] - first_error) * run.speed, 3),
                    reason=str(event.get("reason", "")),
                ),
            )
    silent = [e for e in expected if not any(matches(f.alarm, e) for f in fired.values())]
    unseen = [e for e in silent if not any(matches(name, e) for name in seen)]
    return Alarms(expected, list(fired.values()), silent, unseen)
