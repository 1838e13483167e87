"""PASSED, FAILED, STOPPED or ERROR, and why: green must be earned.

Rules are asked in this order: what makes a verdict impossible, then what was missed. Anything
unknown is an ERROR, never a pass. Each rule is a function that answers with a sentence, or None.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from gameday.measure import cause, steady_state
from gameday.measure.audit import Audit
from gameday.measure.cause import duration
from gameday.measure.fault import affected, mode
from gameday.measure.rpo import AtFault
from gameday.measure.rto import bad_windows
from gameday.measure.run import Run
from gameday.measure.timeline import detected, dns_moved
from gameday.model import OK, Verdict

REQUIRED_MARKS = (("record", "before"), ("record", "after"))
"""(control, step) of the `control.mark` events without which nobody knows that a control ran."""

SAFEGUARD_MARKS = (("safeguard", "before"), ("safeguard", "after"))  # with stop conditions

PROBE_RESPONSE_S = 2.0
"""The shortest timeout that is scaled: a health checker waits two seconds for the status line."""

LOAD_GAP_S = 15.0
"""Load that ends this much before the fault does proves nothing about the rest."""


@dataclass(frozen=True, slots=True)
class Numbers:
    """The measured numbers that a verdict is made of; None is unknown."""

    recovery_s: float | None
    at_fault: AtFault | None
    audited: Audit | None


@dataclass(frozen=True, slots=True)
class Judgement:
    """The verdict, its sentence for people, and every reason that was found."""

    verdict: Verdict
    sentence: str
    reasons: tuple[str, ...]


Rule = Callable[[Run, Numbers], str | None]


def judge(run: Run, numbers: Numbers) -> Judgement:
    """The verdict of a run by the rules of docs/findings.md."""
    undone = _said(UNDO_RULES, run, numbers)
    stopped = _stopped(run)
    if stopped and not undone:
        return Judgement(Verdict.STOPPED, f"Stopped: {stopped}.", (stopped,))
    errors = undone + ([] if stopped else _said(ERROR_RULES, run, numbers))
    if run.fault_at is None:
        errors = errors[: len(undone) + 1]  # what else is missing follows from it
    if errors:
        return Judgement(Verdict.ERROR, f"No verdict: {errors[0]}.", tuple(errors))
    misses = _said(FAILURE_RULES, run, numbers)
    if misses:
        return Judgement(Verdict.FAILED, misses[0], tuple(misses))
    return Judgement(Verdict.PASSED, _passed(run, numbers), ())


def _said(rules: tuple[Rule, ...], run: Run, numbers: Numbers) -> list[str]:
    return [sentence for rule in rules if (sentence := rule(run, numbers))]


def _stopped(run: Run) -> str | None:
    event = run.first("stop")
    if event:
        return str(event.get("reason") or "somebody asked for it")
    ended = run.first("run.ended")
    if run.first("action.failed") or run.first("control.failed"):  # the control ended the method
        return None
    return "the run was interrupted" if ended and ended.get("status") == "interrupted" else None


# What was changed must be back, whatever else happened.


def _rollback_failed(run: Run, numbers: Numbers) -> str | None:
    ended = run.first("run.ended") or {}
    failed = list(ended.get("rollbacks_failed") or [])
    for activity in (run.journal or {}).get("rollbacks", []):
        name = activity.get("activity", {}).get("name", "a rollback")
        if activity.get("status") == "failed" and name not in failed:
            failed.append(name)
    return f"rollback {', '.join(failed)} failed" if failed else None


def _not_put_back(run: Run, numbers: Numbers) -> str | None:
    if run.first("fault.started") is None:
        return None
    events = list(run.of("put.back"))
    if not events:
        return "nobody proved that the settings were put back"
    last = events[-1]
    if last["equal"] != last["settings"]:
        left = last["settings"] - last["equal"]
        return f"{left} of {last['settings']} settings do not read as before: gameday rollback"
    return None


# What makes a verdict impossible.


def _unmarked(run: Run, numbers: Numbers) -> str | None:
    marks = {(e["control"].rpartition(".")[2], e["step"]) for e in run.of("control.mark")}
    required = REQUIRED_MARKS + (SAFEGUARD_MARKS if run.facts.get("stop_when") else ())
    for control, step in required:
        if (control, step) not in marks:
            return f"control {control} left no mark at step {step}"
    if run.first("watch.beat") is None:
        return "nobody watched DNS and health checks (no watch.beat)"
    return None


def _unfinished(run: Run, numbers: Numbers) -> str | None:
    ended = run.first("run.ended")
    if ended is None:
        return "the run did not reach its end"
    if ended.get("status") not in ("completed", None):
        return f"chaos ended with status {ended['status']}"
    if run.first("hypothesis.after") is None:
        return "the hypothesis was not judged while the fault lasted"
    return None


def _no_baseline(run: Run, numbers: Numbers) -> str | None:
    return steady_state.not_met_before(run)


def _probe_unanswered(run: Run, numbers: Numbers) -> str | None:
    return steady_state.probe_unanswered(run)


def _action_failed(run: Run, numbers: Numbers) -> str | None:
    event = run.first("action.failed")
    return None if event is None else f"the action {event['name']} failed: {event['reason']}"


def _control_failed(run: Run, numbers: Numbers) -> str | None:
    event = run.first("control.failed")
    return None if event is None else str(event["reason"])


def _no_fault(run: Run, numbers: Numbers) -> str | None:
    if run.fault_at is None:
        return "the fault was never started"
    if run.first("fault.applied") is None:
        return "the fault never showed (its action did not see its effect)"
    if not affected(run):
        return f"the fault never showed (no client talked to {run.region})"
    if mode(run).serves:
        if detected(run) is None and dns_moved(run) is None:
            return f"the fault never showed (the health check of {run.region} stayed healthy)"
        return None
    failed = any(
        row["outcome"] != OK
        for window in run.windows
        if run.fault_at <= window["at"] < run.until
        for row in window["rows"]
    )
    return None if failed else "the fault never showed (no request failed)"


def _load_gone(run: Run, numbers: Numbers) -> str | None:
    if run.fault_at is None:
        return None
    missing_s = (run.until - run.load_end) * run.speed
    if missing_s > LOAD_GAP_S:
        return f"the load ended {duration(missing_s)} before the fault did"
    return None


def _lab_too_slow(run: Run, numbers: Numbers) -> str | None:
    limit = PROBE_RESPONSE_S / run.speed / 4
    end = run.until if run.fault_at is not None else run.load_end
    late = [float(e["wall_p99_s"]) for e in run.of("lab.lag") if run.baseline_at <= e["at"] <= end]
    if late and max(late) > limit:
        return (
            f"the lab was too slow for this speed (it ran {max(late) * 1000:.0f} ms late, "
            f"{limit * 1000:.0f} ms are allowed): use a lower --speed"
        )
    return None


def _number_missing(run: Run, numbers: Numbers) -> str | None:
    if run.fault_at is None:
        return None
    if run.fault_s < run.window_s:
        return f"the fault lasted {duration(run.fault_s)}, less than one window"
    if _objective(run, "rpo_s") is None:
        return None
    if run.first("fault.read") is None:
        return "data behind was not read at the fault (no fault.read)"
    if numbers.at_fault is None:
        return (
            f"data behind was not measured, and an RPO asks for it: no write that {run.region} "
            "acknowledged before the fault is in the ledger, which only FailoverUser keeps "
            "(--rpo inf: no objective)"
        )
    if numbers.audited is None and run.writes:
        return "the tables were not audited after fail-back"
    return None


# What was missed.


def _too_late(run: Run, numbers: Numbers) -> str | None:
    objective = _objective(run, "rto_s")
    if run.facts.get("kind") == "sustained":
        return _not_sustained(run)
    if numbers.recovery_s is None:
        return cause.left_behind(run)
    if objective is not None and numbers.recovery_s > objective:
        return (
            f"Clients were served again only {duration(numbers.recovery_s)} after {run.region} was "
            f"lost; the objective is {duration(objective)}."
        )
    return None


def _not_sustained(run: Run) -> str | None:
    bad = bad_windows(
        run.counts, run.fault_at or 0.0, run.until, run.share_pct, run.window_s, run.speed
    )
    if not any(bad):
        return None
    t = bad.index(True) * 0.1 * run.speed
    return (
        f"The hypothesis did not hold throughout: from T+{t:.0f} s fewer than "
        f"{run.share_pct:g} % of requests succeeded."
    )


def _too_far_behind(run: Run, numbers: Numbers) -> str | None:
    objective, found = _objective(run, "rpo_s"), numbers.at_fault
    if objective is None or found is None or found.oldest_age_s <= objective:
        return None
    return (
        f"{found.survivor} lacked {_writes(found.missing)}, the oldest {found.oldest_age_s:.1f} s "
        f"old; the objective is {duration(objective)}."
    )


def _lost_for_good(run: Run, numbers: Numbers) -> str | None:
    """An RPO permits the loss of what was written just before the fault, and of nothing else."""
    found = numbers.audited
    if found is None or run.fault_at is None or not found.lost:
        return None
    allowed = (_objective(run, "rpo_s") or 0.0) / run.speed
    outside = sum(not run.fault_at - allowed <= at <= run.fault_at for at in found.lost_at)
    if not outside:
        return None
    verb = "is" if outside == 1 else "are"
    return f"{_writes(outside)} that had been acknowledged {verb} in no Region."


def _hypothesis_during(run: Run, numbers: Numbers) -> str | None:
    """A recovery experiment may miss it until its objective, or until it had recovered."""
    if run.facts.get("kind") == "sustained":
        return steady_state.not_met_during(run, 0.0)
    objective = _objective(run, "rto_s")
    return steady_state.not_met_during(run, numbers.recovery_s if objective is None else objective)


def _hypothesis_after(run: Run, numbers: Numbers) -> str | None:
    return steady_state.not_met_after(run)


def _probe_missed(run: Run, numbers: Numbers) -> str | None:
    return steady_state.probe_missed(run)


UNDO_RULES: tuple[Rule, ...] = (_not_put_back, _rollback_failed)
ERROR_RULES: tuple[Rule, ...] = (
    _control_failed, _no_baseline, _action_failed, _no_fault, _unmarked, _load_gone, _lab_too_slow,
    _number_missing, _probe_unanswered, _unfinished,
)  # fmt: skip
FAILURE_RULES: tuple[Rule, ...] = (
    _too_late, _too_far_behind, _lost_for_good, _hypothesis_during, _hypothesis_after,
    _probe_missed,
)  # fmt: skip


def _objective(run: Run, name: str) -> float | None:
    value = run.facts.get("objectives", {}).get(name)
    return None if value is None else float(value)


def _writes(count: int) -> str:
    return "1 write" if count == 1 else f"{count} writes"


def _passed(run: Run, numbers: Numbers) -> str:
    objective = _objective(run, "rto_s")
    if run.facts.get("kind") == "sustained" or numbers.recovery_s == 0.0:
        said = [f"Clients were served throughout the fault in {run.region}."]
    else:
        said = [
            f"Clients were served again {duration(numbers.recovery_s or 0.0)} after "
            f"{run.region} was lost."
        ]
        said += [f"The objective is {duration(objective)}."] if objective is not None else []
    if numbers.audited is not None and numbers.audited.acknowledged and not numbers.audited.lost:
        said.append("No acknowledged write was lost.")
    return " ".join(said)
