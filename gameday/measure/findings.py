"""The verdict and every number of a run as one JSON value, `findings.json`.

Its members are described in docs/findings.md and checked by `gameday/schemas/findings.json`. All
times are AWS seconds, `t_s` from the start of the fault; `at` is unix seconds.
"""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Any

from gameday import clock
from gameday.measure import availability, cause, reads, rpo, series
from gameday.measure.agreement import agreement, compared
from gameday.measure.alarms import Alarms, alarms
from gameday.measure.audit import Audit
from gameday.measure.clients import KindRecovery, by_kind, recoveries
from gameday.measure.fault import mode, prediction, rate_per_s, settings
from gameday.measure.propagation import Link, advice, chain, longest
from gameday.measure.rto import recovery_time, success_pct
from gameday.measure.run import Run, load
from gameday.measure.surprises import surprises
from gameday.measure.timeline import timeline
from gameday.measure.verdict import Numbers, judge
from gameday.predict.model import Band, Prediction

SCHEMA = 1

EVIDENCE = {
    1: "predicted",
    2: "lab",
    3: "AWS, not production",
    4: "AWS production with a share of the traffic",
    5: "AWS production whole",
}

Json = dict[str, Any]


def findings(run_dir: Path) -> Json:
    """Everything that was found out about the run in `run_dir`.

    :raises RunError: the directory is not one of a run, or a file in it is damaged.
    """
    return of(load(run_dir))


def of(run: Run) -> Json:
    """The findings of a run that was read."""
    recovery_s = _recovery(run)
    counted = recoveries(run)
    expected = prediction(run, counted)
    kinds = by_kind(run, counted)
    links = chain(run, recovery_s, counted, expected)
    found_alarms, audited = alarms(run), rpo.after_fail_back(run)
    judged = judge(run, Numbers(recovery_s, rpo.at_fault(run), audited))
    return {
        "schema": SCHEMA,
        "verdict": str(judged.verdict),
        "sentence": judged.sentence,
        "reasons": list(judged.reasons),
        "run": _facts(run),
        "timeline": [asdict(m) | {"utc": clock.utc(m.at)} for m in timeline(run, recovery_s)],
        "recovery": _recovery_json(run, recovery_s, expected),
        "data_behind": _data_json(run, audited, expected),
        "availability": _availability_json(run),
        "clients": [_kind_json(run, k, expected) for k in kinds],
        "chain": _chain_json(run, links),
        "alarms": _alarms_json(found_alarms),
        "put_back": _put_back(run),
        "surprises": surprises(run, links, kinds, expected, found_alarms, audited),
        "predicted": asdict(expected) if expected else None,
        "traffic": series.traffic(run) if run.fault_at is not None else None,
        "lanes": series.lanes(run) if run.fault_at is not None else None,
    }


def _recovery(run: Run) -> float | None:
    if run.fault_at is None:
        return None
    return recovery_time(
        run.counts, run.fault_at, run.until, run.share_pct, run.window_s, run.speed
    )


def _facts(run: Run) -> Json:
    """What the run is, and what may be claimed from it."""
    level = int(run.facts.get("level", 2))
    applied = run.first("fault.applied") or {}
    names = (
        "id", "experiment", "experiment_file", "title", "kind", "region", "regions", "endpoint",
        "stack", "target", "speed", "seed", "objectives", "load", "hypothesis", "who", "commit",
        "versions", "lab", "accounts", "approved_by", "without_prerequisites",
    )  # fmt: skip
    started = run.first("run.started")
    ended = run.first("run.ended")
    return {
        **{name: run.facts.get(name) for name in names},
        "level": level,
        "evidence": EVIDENCE.get(level, "unknown"),
        "fault": str(mode(run)),
        "effects": applied.get("effects", []),
        "left_alone": applied.get("left_alone", []),
        "started_at": started["at"] if started else None,
        "ended_at": ended["at"] if ended else None,
        "baseline_s": -run.t(run.baseline_at) if run.fault_at is not None else None,
        "fault_at": run.fault_at,
        "fault_s": run.fault_s if run.fault_at is not None else None,
    }


def _recovery_json(run: Run, recovery_s: float | None, expected: Prediction | None) -> Json:
    predicted = expected.recovery if expected else None
    return {
        "recovery_s": recovery_s,
        "objective_s": run.facts.get("objectives", {}).get("rto_s"),
        "predicted": asdict(predicted) if predicted else None,
        "difference": _difference(recovery_s, predicted),
        "still_failing_pct": round(cause.failing_pct(run), 1) if run.fault_at is not None else None,
    }


def _data_json(run: Run, audited: Audit | None, expected: Prediction | None) -> Json:
    at_fault, before = rpo.at_fault(run), rpo.baseline(run)
    return {
        "objective_s": run.facts.get("objectives", {}).get("rpo_s"),
        "at_fault": asdict(at_fault) if at_fault else None,
        "baseline": asdict(before) if before else None,
        "after_fail_back": asdict(audited) | {"unknown": audited.unknown} if audited else None,
        "reads": _reads_json(run),
        "predicted": asdict(expected.data) if expected and expected.data else None,
    }


def _reads_json(run: Run) -> Json | None:
    """What sessions saw before the fault and from it on; None where no read was checked."""
    if run.fault_at is None:
        return None
    before = reads.checked(run, run.baseline_at, run.fault_at)
    after = reads.checked(run, run.fault_at, run.load_end + 1.0)
    if not before.checked + after.checked:
        return None
    return {"baseline": asdict(before), "fault": asdict(after)}


def _availability_json(run: Run) -> Json | None:
    if run.fault_at is None:
        return None
    end = run.load_end + 1.0
    share = availability.total(run, run.fault_at, end)
    users = availability.users_with_error_pct(run)
    budget = availability.budget_pct(share, rate_per_s(run))
    return {
        "requests": share.requests,
        "offered": share.offered,
        "sent": share.offered - share.unsent,
        "unanswered": share.unanswered,
        "failed": share.failed,
        "unsent": share.unsent,
        "failed_pct": _rounded(share.failed_pct),
        "users_with_error_pct": _rounded(users),
        "month_budget_pct": _rounded(budget),
        "baseline_success_pct": _rounded(success_pct(run.counts, run.baseline_at, run.fault_at)),
        "outcomes": availability.outcomes(run, run.fault_at, run.until),
        "profiles": availability.by_profile(run, run.fault_at, run.until),
        "latency_ms": {
            "baseline": availability.latency_ms(run, run.baseline_at, run.fault_at),
            "fault": availability.latency_ms(run, run.fault_at, run.until),
        },
    }


def _kind_json(run: Run, kind: KindRecovery, expected: Prediction | None) -> Json:
    share = availability.by_kind(run, run.fault_at or 0.0, run.until).get(kind.profile)
    predicted = expected.clients.get(kind.profile) if expected else None
    return asdict(kind) | {
        "requests": share.requests if share else 0,
        "failed_pct": _rounded(share.failed_pct) if share else None,
        "predicted": asdict(predicted) if predicted else None,
    }


def _chain_json(run: Run, links: list[Link]) -> Json:
    slowest = longest(links)
    profiles = sorted({s.profile for s in run.segments})
    broken = cause.broken_survivor(run) if slowest and slowest.measured_s is None else None
    said = advice(slowest, settings(run), profiles)
    return {
        "links": [
            asdict(x) | {"difference": _difference(x.measured_s, x.predicted)} for x in links
        ],
        "compared": compared(links),
        "longest": slowest.name if slowest else None,
        "advice": f"{broken} failed what it was to serve: no setting helps." if broken else said,
    }


def _alarms_json(found: Alarms) -> Json:
    return asdict(found) | {"unexpected": [asdict(f) for f in found.unexpected]}


def _put_back(run: Run) -> Json | None:
    events = list(run.of("put.back"))
    if not events:
        return None
    last = events[-1]
    return {"settings": last["settings"], "equal": last["equal"], "t_s": run.t(last["at"])}


def _difference(measured_s: float | None, predicted: Band | None) -> Json | None:
    found = agreement(measured_s, predicted)
    return asdict(found) if found else None


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, 2)
