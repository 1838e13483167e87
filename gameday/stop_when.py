"""`stop_when`: the conditions under which a run must end, parsed strictly and judged purely.

Two forms: `success outside REGION below N % for N s`, and `alarm NAME`. A condition that nobody
can judge for long enough ends the run, too.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from gameday.errors import UsageError
from gameday.model import OK

WINDOW_S = 10.0
"""AWS seconds over which one judgement takes the share."""

UNKNOWN_MAX = 20
"""This many judgements in a row that nobody can make end the run."""

GAMEDAY = "success outside {region} below 90 % for 300 s"
UNATTENDED = "success outside {region} below 99 % for 60 s"
FORMS = "`success outside REGION below N % for N s`, or `alarm NAME`"

_SUCCESS = re.compile(
    r"success outside (\S+) below (\d+(?:\.\d+)?) ?% for (\d+(?:\.\d+)?) ?s", re.ASCII
)
_ALARM = re.compile(r"alarm (\S+)")

Window = Mapping[str, Any]  # a `load.window` event


@dataclass(frozen=True, slots=True)
class SuccessOutside:
    """Fewer than `below_pct` of the requests outside `region` succeed, for `for_s` AWS seconds."""

    text: str
    region: str
    below_pct: float
    for_s: float


@dataclass(frozen=True, slots=True)
class Alarm:
    """An alarm called `name`, or `STACK-name`, is in ALARM in any Region."""

    text: str
    name: str

    def means(self, alarm: str) -> bool:
        """Whether it is about the alarm of that name."""
        return alarm == self.name or alarm.endswith(f"-{self.name}")


@dataclass(frozen=True, slots=True)
class KillSwitch:
    """Somebody has set the target's kill-switch parameter in one of `regions`."""

    text: str
    regions: tuple[str, ...]  # those that are to survive


Condition = SuccessOutside | Alarm | KillSwitch


@dataclass(frozen=True, slots=True)
class Standing:
    """How a condition has stood: true since when (unix seconds), unknown how often in a row."""

    since: float | None = None
    unknown: int = 0
    seen: str = ""  # what was seen last, for the reason


def parse(text: str) -> Condition:
    """The condition that `text` says.

    :raises UsageError: it has neither form, or a share that is not between 0 and 100 %.
    """
    if found := _SUCCESS.fullmatch(text):
        region, below, for_s = found[1], float(found[2]), float(found[3])
        if not 0 < below <= 100:
            raise UsageError(f"stop_when: {text!r}: {below:g} % can never be undercut")
        return SuccessOutside(text, region, below, for_s)
    if found := _ALARM.fullmatch(text):
        return Alarm(text, found[1])
    raise UsageError(f"stop_when: {text!r} is not understood; write {FORMS}")


def conditions(
    declared: Sequence[str], *, region: str | None, load: bool, strict: bool
) -> tuple[Condition, ...]:
    """What the experiment declares, else the default where there is a load to judge by.

    The default is 10 % errors outside the Region for 5 minutes; `strict`, for a run without
    people watching users who are real, 1 % for 1 minute.

    :raises UsageError: a declared one is not understood.
    """
    if declared:
        return tuple(parse(text) for text in declared)
    if not load or region is None:
        return ()
    return (parse((UNATTENDED if strict else GAMEDAY).format(region=region)),)


def share_outside(windows: Iterable[Window], region: str) -> tuple[int, int]:
    """How many of the requests that went elsewhere than `region` succeeded, and how many there are.

    What no Region can be held for is counted, too: nobody knows that it was the lost one.
    """
    rows = [row for w in windows for row in w["rows"] if row["region"] != region]
    return sum(r["count"] for r in rows if r["outcome"] == OK), sum(r["count"] for r in rows)


def judge_success(
    condition: SuccessOutside, windows: Sequence[Window], standing: Standing, at: float
) -> Standing:
    """The standing after the windows of the last 10 AWS seconds; none at all is unknown.

    Windows without a request outside the Region are not: nobody is there to be harmed.
    """
    if not windows:
        return replace(standing, unknown=standing.unknown + 1)
    ok, total = share_outside(windows, condition.region)
    if not total or 100.0 * ok >= condition.below_pct * total:
        return Standing()
    since = at if standing.since is None else standing.since
    return Standing(since, 0, f"{100.0 * ok / total:.1f} %")


def judge_alarm(
    condition: Alarm, states: Mapping[tuple[str, str], str] | None, standing: Standing, at: float
) -> Standing:
    """The standing by the alarms' states, `(region, name): state`; None: they cannot be read.

    An alarm that is in no Region is unknown, as one whose state nobody could read.
    """
    found = {place: state for place, state in (states or {}).items() if condition.means(place[1])}
    if not found:
        return replace(standing, unknown=standing.unknown + 1)
    firing = sorted(f"{name} in {region}" for (region, name), s in found.items() if s == "ALARM")
    if not firing:
        return Standing()
    return Standing(at if standing.since is None else standing.since, 0, ", ".join(firing))


def judge_kill_switch(values: Mapping[str, str | None], standing: Standing, at: float) -> Standing:
    """The standing by the parameter's values in the Regions that answered: why it is set, or None.

    When no Region answered nobody can tell.
    """
    if not values:
        return replace(standing, unknown=standing.unknown + 1)
    reasons = sorted(f"{why} ({region})" for region, why in values.items() if why is not None)
    return Standing(at, 0, ", ".join(reasons)) if reasons else Standing()


def cause(condition: Condition, standing: Standing, at: float, speed: float) -> str | None:
    """Why the run must end now, as one line; None while it need not."""
    if standing.unknown >= UNKNOWN_MAX:
        return f"nobody can tell whether: {condition.text} ({standing.unknown} looks in a row)"
    if standing.since is None:
        return None
    if isinstance(condition, KillSwitch):
        return f"{condition.text}: {standing.seen}"
    if isinstance(condition, Alarm):
        return f"stop_when {condition.text}: {standing.seen} is in ALARM"
    if (at - standing.since) * speed < condition.for_s:
        return None
    return f"stop_when {condition.text}: {standing.seen} at last"
