"""What kind of fault it was, whether it showed, and what was predicted for it.

The kind decides what must be seen: a lost Region must fail somebody's requests, a failed health
check must move DNS and nothing else.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from gameday.measure.clients import ClientRecovery, KindRecovery
from gameday.measure.rpo import write_rate_per_s
from gameday.measure.rto import BIN_WALL_S
from gameday.measure.run import Run
from gameday.predict.behaviour import Behaviour
from gameday.predict.model import Mode, Population, Prediction, Settings, predict
from gameday.predict.zone import settings_for

MODES = {
    "disable_region": Mode.ERRORS,
    "cut_region": Mode.BLACK_HOLE,
    "fail_deep_check": Mode.CHECK_ONLY,
    "fail_health_check": Mode.INVERTED,
}
"""The action of `fault.started`, and what it does to requests and health checks."""


POLL_S = 1.0
"""AWS seconds between two looks at DNS (`gameday.controls.watch`)."""

HORIZON_S = 600.0
"""A run that was stopped early is predicted as if it had gone on."""


def mode(run: Run) -> Mode:
    """What the fault does; an action nobody knows is taken to fail requests."""
    event = run.first("fault.started")
    action = str(event["action"]).rpartition(".")[2] if event else ""
    return MODES.get(action, Mode.ERRORS)


def affected(run: Run) -> int:
    """Requests that the Region under test answered in the baseline."""
    end = run.fault_at if run.fault_at is not None else run.load_end
    return sum(
        row["count"]
        for window in run.windows
        if run.baseline_at <= window["at"] < end
        for row in window["rows"]
        if row["region"] == run.region
    )


def settings(run: Run) -> Settings | None:
    """The predictor's settings, from the exports and the run; None where they do not say."""
    if run.fault_at is None or run.zone is None or run.health_checks is None:
        return None
    endpoint = str(run.facts["endpoint"])
    found = settings_for(run.zone, run.health_checks, endpoint, run.region)
    if found is None:
        return None
    lab = run.facts.get("lab") or {}
    return replace(
        found,
        mode=mode(run),
        checkers=int(lab.get("checker_count", 16)),
        answer_s=float(lab.get("probe_s", 0.0)),
        effect_s=_effect_s(run),
        propagation_s=float(lab.get("propagation_s", 0.0)),
        poll_s=POLL_S,
        success_pct=run.share_pct,
        window_s=run.window_s,
        rate_per_s=rate_per_s(run),
        resolution_s=BIN_WALL_S * run.speed,
        horizon_s=max(run.fault_s, HORIZON_S),
        lag_s=tuple(lab["lag_s"]) if lab.get("lag_s") else None,
        write_rate_per_s=write_rate_per_s(run),
    )


def _effect_s(run: Run) -> float:
    """From the start of the fault until its action had read every effect back."""
    applied = run.first("fault.applied")
    return max(0.0, run.t(applied["at"])) if applied else 0.0


def prediction(run: Run, counted: list[ClientRecovery]) -> Prediction | None:
    """What was to be expected for these clients; None without exports that say how DNS is set up.

    Kinds of client that cannot be predicted are left out, and with them the recovery time.

    :param counted: the clients that the lost Region served, as measured: how latency records
        divide clients is the zone's doing and not part of the prediction.
    """
    found = settings(run)
    if found is None or not counted:
        return None
    seed, left_out = int(run.facts.get("seed") or 0), unpredicted(run, counted)
    known = [p for p in populations(run, counted) if p.profile not in left_out]
    return predict(found, known, np.random.default_rng(seed), is_whole=not left_out)


def unpredicted(run: Run, counted: Sequence[ClientRecovery | KindRecovery]) -> dict[str, str]:
    """The kinds of client among these that cannot be predicted, and why."""
    period_s, black_hole = run.client_period_s, mode(run) is Mode.BLACK_HOLE
    even = all(event.get("even", True) for event in run.of("load.started"))
    reasons = {}
    for profile in sorted({r.profile for r in counted}):
        if not even:
            reasons[profile] = "their requests do not come at even intervals"
            continue
        how = behaviour(run, profile)
        if how is None:
            reasons[profile] = "the run does not say how they behave"
        elif reason := how.unpredictable(period_s.get(profile, 0.0), black_hole=black_hole):
            reasons[profile] = reason
    return reasons


def behaviour(run: Run, profile: str) -> Behaviour | None:
    """How a kind of client treats names and connections, as the load recorded it."""
    recorded = (e["profiles"].get(profile) for e in run.of("load.profiles"))
    return Behaviour.of(profile, next((r for r in recorded if r), None))


def populations(run: Run, counted: list[ClientRecovery]) -> list[Population]:
    """The counted clients by kind, with as many resolver caches as they share."""
    caches = {
        str(c["client"]): (c["network"], c["cache"])
        for event in run.of("load.started")
        for c in event.get("clients", [])
    }
    period_s = run.client_period_s
    clients = Counter(r.profile for r in counted)
    return [
        Population(
            profile=profile,
            clients=count,
            caches=len({caches.get(r.client, r.client) for r in counted if r.profile == profile}),
            period_s=period_s.get(profile, 0.0),
            runs_s=_runs_s(run),
            behaviour=behaviour(run, profile),
        )
        for profile, count in sorted(clients.items())
    ]


def _runs_s(run: Run) -> float | None:
    """How long the load ran before the fault; None where its turns do not count from its start."""
    started = run.first("load.started")
    if started is None or started.get("workload") != "open" or "ramp" in started.get("course", ""):
        return None
    return -run.t(started["at"])


def rate_per_s(run: Run) -> float:
    """Requests per AWS second that all clients together were to send."""
    return float((run.facts.get("load") or {}).get("rate_per_s") or 0.0) or 1.0
