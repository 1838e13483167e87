"""Judges the probes that other controls run: chaostoolkit-addons' safeguards, made to fail closed.

Their thread dies in silence when a probe cannot answer, judges an answer only when the time to the
next one is over, and leaves no cause in the journal (chaosaddons/controls/safeguards.py). Chaos
Toolkit shows us each of these probes as it ends.
"""

from __future__ import annotations

import re
from typing import Any

from chaoslib import substitute
from chaoslib.hypothesis import within_tolerance

from gameday.controls.pace import activities

Json = dict[str, Any]

_CLASSES = re.compile(r"^(?:chaoslib\.exceptions\.\w+: )+")


def belongs_to(experiment: Json, activity: Json) -> bool:
    """Whether `activity` is one of the experiment's own, and not of a control."""
    return activity in list(activities(experiment))


def judged_by_nobody(experiment: Json, activity: Json) -> bool:
    """Whether `activity` is a probe of the method with a tolerance, which Chaos Toolkit ignores."""
    hypothesis = experiment.get("steady-state-hypothesis") or {}
    return (
        "tolerance" in activity
        and activity in (experiment.get("method") or [])
        and activity not in hypothesis.get("probes", [])
    )


def cause(probe: Json, run: Json, configuration: Json, secrets: Json) -> str | None:
    """Why the run must end by what a safeguard's probe found; None while it need not."""
    name = probe.get("name", "a safeguard")
    if run.get("status") != "succeeded":
        return f"safeguard {name} cannot answer: {reason(run)}"
    if probe.get("tolerance") is None or met(probe, run, configuration, secrets):
        return None
    return f"safeguard {name}: {run.get('output')!r} is not in its tolerance"


def met(probe: Json, run: Json, configuration: Json, secrets: Json) -> bool:
    """Whether what a probe found is in its tolerance; what cannot be judged is not."""
    tolerance = probe.get("tolerance")
    if isinstance(tolerance, str):
        tolerance = substitute(tolerance, configuration, secrets)
    try:
        return bool(within_tolerance(tolerance, run.get("output"), configuration, secrets))
    except Exception:  # whatever a tolerance that does not fit the output raises
        return False


def reason(run: Json) -> str:
    """Why an activity failed, from its entry in the journal, as one line without class names."""
    lines = run.get("exception") or ["no reason given"]
    return _CLASSES.sub("", " ".join(str(lines[-1]).split()))
