"""A probe that holds with the fault and without it proves nothing: the hypothesis cannot fail."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from gameday.predict.side import REGION
from gameday.review.model import ExperimentSubject, Hit, called, provider, texts

NOTHING = ("true", "echo", "printf", ":")
"""Programs that always succeed."""

SEVERITY = "error"
ABOUT = "experiment"
REMEDY = "Ask what clients ask, and accept only what means that they are served."
SOURCE = "Chaos Toolkit: Steady state probe tolerance"
FAILING = """\
steady-state-hypothesis:
  title: served
  probes:
  - type: probe
    name: success
    tolerance: {type: range, range: [0, 100]}
    provider: {type: python, module: gameday.probes.traffic, func: success_pct}
method: []
"""
PASSING = FAILING.replace("[0, 100]", "[99, 100]")


def check(subject: ExperimentSubject) -> Iterator[Hit]:
    """Each place where it does not hold."""
    lost = _regions(a for a, _ in subject.calls("method"))
    for probe, func in subject.calls("steady-state-hypothesis"):
        for why in _reasons(probe, func):
            yield Hit(called(probe), why)
        asked = _regions([probe])
        if lost and asked and not lost & asked:
            yield Hit(
                called(probe),
                f"asks only {' and '.join(sorted(asked))}, which the method does not touch",
            )


def _reasons(probe: Mapping[str, Any], func: str) -> Iterator[str]:
    tolerance, asked = probe.get("tolerance"), provider(probe)
    if isinstance(tolerance, Mapping):
        low, high = (tolerance.get("range") or [1, 0])[:2]
        if func.endswith("_pct") and low <= 0 and high >= 100:
            yield f"accepts {low} to {high} %, which is everything"
        pattern = tolerance.get("pattern")
        if tolerance.get("type") == "regex" and isinstance(pattern, str) and _accepts_all(pattern):
            yield f"accepts whatever matches {pattern!r}, which is everything"
    if asked.get("type") == "http":
        statuses = [s for s in _accepted(tolerance) if isinstance(s, int)]
        if any(s < 400 for s in statuses) and any(s >= 500 for s in statuses):
            yield "accepts an answer 5xx as well as a good one"
    program = str(asked.get("path", "")).rpartition("/")[2]
    if asked.get("type") == "process" and program in NOTHING:
        yield f"runs {program}, which always succeeds"


def _accepted(tolerance: Any) -> list[Any]:
    if isinstance(tolerance, Mapping):
        return list(tolerance.get("range") or [])
    return tolerance if isinstance(tolerance, list) else []


def _accepts_all(pattern: str) -> bool:
    try:
        return all(re.search(pattern, text) for text in ("", "503 Service Unavailable"))
    except re.error:
        return False


def _regions(activities: Any) -> set[str]:
    """The Regions that these name outright."""
    return {r for a in activities for text in texts(provider(a)) for r in REGION.findall(text)}
