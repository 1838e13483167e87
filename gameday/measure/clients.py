"""When each client was served again: its own recovery, by kind of client.

A client counts when its last answer before the fault came from the lost Region. Its recovery runs
to the *start* of its first request after which it had no failure while the fault lasted; the start
of its last error would be early by up to one of its own periods. What was not reached while the
fault lasted is censored, and every figure over it says so.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import groupby

from gameday.measure.run import Run, Segment


@dataclass(frozen=True, slots=True)
class Figure:
    """A statistic in AWS seconds; `at_least` when censored clients make it a lower bound."""

    s: float
    at_least: bool


@dataclass(frozen=True, slots=True)
class ClientRecovery:
    """One client that the lost Region had served."""

    client: str
    profile: str
    network: str
    recovery_s: float  # how long the fault lasted when censored
    censored: bool
    moved_s: float | None  # start of its first request to the survivor; None: it stayed
    failed: int


@dataclass(frozen=True, slots=True)
class KindRecovery:
    """One kind of client: how many counted, how many stayed behind, and the figures over them."""

    profile: str
    counted: int
    censored: int
    mean: Figure
    p95: Figure
    max: Figure
    moved: Figure  # mean time to the first request that a survivor answered
    error_bar_s: float  # AWS seconds between two requests of one client


def recoveries(run: Run) -> list[ClientRecovery]:
    """Each counted client's own recovery; one whose load process was lost does not count."""
    if run.fault_at is None:
        return []
    found = [
        _recovery(run, list(mine))
        for client, mine in groupby(run.segments, key=lambda s: s.client)
        if client not in run.lost_clients
    ]  # fmt: skip
    return [r for r in found if r]


def by_kind(run: Run, found: list[ClientRecovery]) -> list[KindRecovery]:
    """The figures for each kind of client, in order of name."""
    period_s = run.client_period_s
    kinds = []
    for profile in sorted({r.profile for r in found}):
        mine = sorted((r for r in found if r.profile == profile), key=lambda r: r.recovery_s)
        censored = sum(r.censored for r in mine)
        mean = sum(r.recovery_s for r in mine) / len(mine)
        kinds.append(
            KindRecovery(
                profile=profile,
                counted=len(mine),
                censored=censored,
                mean=Figure(round(mean, 2), censored > 0),
                p95=_rank(mine, 0.95),
                max=_rank(mine, 1.0),
                moved=_moved(run, mine),
                error_bar_s=round(period_s.get(profile, 0.0), 2),
            )
        )
    return kinds


def _recovery(run: Run, segments: list[Segment]) -> ClientRecovery | None:
    start = run.fault_at or 0.0
    before = [s for s in segments if s.first < start]
    if not before or before[-1].region != run.region:
        return None
    during = [s for s in segments if s.last >= start and s.first < run.until]
    failing = [s for s in during if not s.ok]
    if not failing:
        recovered_at: float | None = start
    else:
        later = (s.first for s in during if s.ok and s.first > failing[-1].first)
        recovered_at = next(later, None)
    return ClientRecovery(
        client=before[-1].client,
        profile=before[-1].profile,
        network=before[-1].network,
        recovery_s=run.fault_s if recovered_at is None else run.t(recovered_at),
        censored=recovered_at is None,
        moved_s=next((run.t(s.first) for s in during if s.region != run.region and s.ok), None),
        failed=sum(s.count for s in failing),
    )


def _moved(run: Run, mine: list[ClientRecovery]) -> Figure:
    moved = [run.fault_s if r.moved_s is None else r.moved_s for r in mine]
    return Figure(round(sum(moved) / len(moved), 2), any(r.moved_s is None for r in mine))


def _rank(mine: list[ClientRecovery], q: float) -> Figure:
    """The nearest-rank quantile; censored clients are the longest, so they rank last."""
    ordered = sorted(mine, key=lambda r: (r.censored, r.recovery_s))
    found = ordered[max(0, math.ceil(q * len(ordered)) - 1)]
    return Figure(round(found.recovery_s, 2), found.censored)


def last_of(found: Iterable[ClientRecovery], profile: str) -> float | None:
    """When the last client of a kind had recovered; None without one, or with one left behind."""
    mine = [r for r in found if r.profile == profile]
    if not mine or any(r.censored for r in mine):
        return None
    return max(r.recovery_s for r in mine)
