"""The run as a picture needs it: requests per second in even steps, and lanes of states.

Everything is in AWS seconds from the fault, so the picture has one time axis.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import Any

from gameday.measure.run import Run
from gameday.model import OK

Json = dict[str, Any]

STEPS_MAX = 400
STEP_S_MIN = 5.0
STEP_S_MAX = 15.0
"""A step holds a whole round of the clients' requests: finer ones would show their rhythm."""
BEFORE_S = 60.0
"""How much of the baseline the picture shows, AWS seconds."""


def span(run: Run) -> tuple[float, float]:
    """From the last minute before the fault to the end of the load."""
    start = max(run.t(run.baseline_at), -BEFORE_S)
    return math.ceil(start), math.ceil(run.t(run.load_end) + 0.1 * run.speed)


def traffic(run: Run) -> Json:
    """`start_s`, `step_s`, `offered`, `failed` and `ok` by Region, in requests per AWS second."""
    start, end = span(run)
    step = _step_s(run, end - start)
    start = math.floor(start / step) * step  # so that a step begins with the fault
    steps = max(1, math.ceil((end - start) / step))
    regions = list(run.facts.get("regions") or [])
    offered, failed = [0.0] * steps, [0.0] * steps
    ok: dict[str, list[float]] = {region: [0.0] * steps for region in regions}
    for window in run.windows:
        index = math.floor((run.t(window["at"]) - start) / step)
        if not 0 <= index < steps:
            continue
        rows = window["rows"]
        offered[index] += window.get("offered", 0)
        failed[index] += window.get("unsent", 0)
        for row in rows:
            if row["outcome"] == OK:
                ok.setdefault(row["region"], [0.0] * steps)[index] += row["count"]
            else:
                failed[index] += row["count"]
    return {
        "start_s": start,
        "step_s": step,
        "offered": _rates(offered, step),
        "failed": _rates(failed, step),
        "ok": {region: _rates(values, step) for region, values in ok.items()},
    }


def _step_s(run: Run, lasted_s: float) -> float:
    """A multiple of five seconds: at least a client's period, at most 400 steps."""
    round_s = min(STEP_S_MAX, max(run.client_period_s.values(), default=0.0) - 0.01)
    return STEP_S_MIN * max(1, math.ceil(max(round_s, lasted_s / STEPS_MAX) / STEP_S_MIN))


def lanes(run: Run) -> Json:
    """The thin lanes: the fault, checker votes by Region, DNS by network, alarms."""
    start, end = span(run)
    return {
        "start_s": start,
        "end_s": end,
        "fault": [0.0, run.fault_s] if run.fault_at is not None else None,
        "votes": _votes(run, end),
        "dns": _dns(run, start, end),
        "alarms": _alarm_states(run, end),
    }


def _votes(run: Run, end: float) -> dict[str, Json]:
    """For each Region: `of`, and steps [t_s, votes, healthy]."""
    found: dict[str, Json] = {}
    for event in run.of("health.status"):
        lane = found.setdefault(str(event["region"]), {"of": 0, "steps": []})
        lane["of"] = max(lane["of"], event["of"])  # not every checker has reported at first
        if run.t(event["at"]) <= end:
            lane["steps"].append([run.t(event["at"]), event["votes"], bool(event["healthy"])])
    return found


def _dns(run: Run, start: float, end: float) -> dict[str, list[list[Any]]]:
    """For each network: intervals [from_s, to_s, regions]."""
    changes: dict[str, list[tuple[float, str]]] = {}
    for event in run.of("dns.answer"):
        regions = " + ".join(event["regions"]) or str(event.get("rcode") or "no answer")
        changes.setdefault(str(event["network"]), []).append((run.t(event["at"]), regions))
    return {network: _intervals(rows, start, end) for network, rows in changes.items()}


def _alarm_states(run: Run, end: float) -> dict[str, list[list[Any]]]:
    """For each alarm that ever fired: intervals [from_s, to_s, state] in ALARM."""
    start, _ = span(run)
    changes: dict[str, list[tuple[float, str]]] = {}
    for event in run.of("alarm.state"):
        changes.setdefault(str(event["alarm"]), []).append((run.t(event["at"]), event["state"]))
    firing = {
        name: [i for i in _intervals(rows, start, end) if i[2] == "ALARM"]
        for name, rows in changes.items()
    }
    return {name: intervals for name, intervals in firing.items() if intervals}


def _intervals(rows: list[tuple[float, str]], start: float, end: float) -> list[list[Any]]:
    merged: list[tuple[float, str]] = []
    for t, state in rows:
        if not merged or merged[-1][1] != state:
            merged.append((t, state))
    ends = [t for t, _ in merged[1:]] + [end]
    return [
        [max(t, start), min(until, end), state]
        for (t, state), until in zip(merged, ends, strict=True)
        if until > start and t < end
    ]


def _rates(values: Iterable[float], step: float) -> list[float]:
    return [round(v / step, 2) for v in values]
