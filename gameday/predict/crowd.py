"""A Monte Carlo of very many clients behind shared resolver caches, in bounded memory.

Clients are drawn in blocks and only counted into bins, so ten million need no more memory than a
hundred thousand. Detection is stratified: few runs suffice for its share of the spread.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from gameday.predict.clients import lattice_s
from gameday.predict.delay import detections_s, worst_s
from gameday.predict.kind import Kind
from gameday.predict.model import Settings

BLOCK = 1_000_000
BINS = 4000
CURVE_POINTS = 40


@dataclass(frozen=True, slots=True)
class Crowd:
    """How many clients of a kind there are, and how many resolvers' caches they share."""

    clients: int = 100_000
    resolvers: int = 1_000
    period_s: float = 10.0  # between two requests of one client
    runs: int = 8


@dataclass(frozen=True, slots=True)
class Spread:
    """When clients of one kind leave, in seconds from the fault. None: they stay.

    `worst_s` is the bound; `curve` holds (seconds, share still there) from the fault on.
    """

    mean_s: float | None
    p50_s: float | None
    p95_s: float | None
    worst_s: float | None
    curve: tuple[tuple[float, float], ...] = ()


STAYS = Spread(None, None, None, None)


def slowest(spreads: Sequence[Spread]) -> Spread:
    """The spread that none of these is later than at any share, mean or time.

    :param spreads: of one kind of client; at least one.
    """
    if len(spreads) == 1 or STAYS in spreads:
        return STAYS if STAYS in spreads else spreads[0]
    times = np.array(sorted({t for s in spreads for t, _ in s.curve}))
    curves = [np.array(s.curve).T for s in spreads]
    still = np.max([np.interp(times, at, left) for at, left in curves], axis=0)
    curve = ((float(t), round(float(share), 4)) for t, share in zip(times, still, strict=True))
    rows = np.array([(s.mean_s, s.p50_s, s.p95_s, s.worst_s) for s in spreads], dtype=np.float64)
    mean_s, p50_s, p95_s, worst_s = (float(column) for column in rows.max(axis=0))
    return Spread(mean_s, p50_s, p95_s, worst_s, tuple(curve))


def spread(settings: Settings, kind: Kind, crowd: Crowd, rng: np.random.Generator) -> Spread:
    """When the crowd's clients of that kind leave a lost Region.

    A cache is filled anew at the first look-up after its TTL, so sparse look-ups prolong it.
    """
    waits = kind.waits_s(settings.ttl_s, settings.mode)
    bound_s = worst_s(settings, kind)
    if waits is None or bound_s is None:
        return STAYS
    per_cache = max(1.0, crowd.clients / crowd.resolvers)
    hang = kind.hang_within_s(settings.mode)
    step_s = max(crowd.period_s, kind.connection_s or 0.0, kind.own_cache_s) / per_cache
    refresh_s = lattice_s(waits[0], step_s) if settings.ttl_s or kind.stretched_s else 0.0
    top_s = bound_s + max(0.0, refresh_s - waits[0]) if waits else bound_s
    bin_s = max(top_s, 1e-6) / BINS
    counts = np.zeros(BINS + 1, dtype=np.int64)
    for moved_s in detections_s(settings, crowd.runs) + settings.propagation_s:
        phases = rng.random(crowd.resolvers) * refresh_s
        for start in range(0, crowd.clients, BLOCK):
            size = min(BLOCK, crowd.clients - start)
            left = phases[rng.integers(0, crowd.resolvers, size)]
            left += moved_s
            for wait_s in waits[1:] if refresh_s else waits:
                left += rng.random(size) * wait_s
            if hang[1]:  # it does not look up before its first request has timed out
                left = np.maximum(left, rng.uniform(*hang, size))
            left /= bin_s
            counts += np.bincount(left.astype(np.int32), minlength=BINS + 1)[: BINS + 1]
    return _summary(counts, bin_s, top_s)


def _summary(counts: np.ndarray[tuple[int], np.dtype[np.int64]], bin_s: float, top_s: float
             ) -> Spread:  # fmt: skip
    total = int(counts.sum())
    below = np.cumsum(counts) / total
    middles = (np.arange(counts.size) + 0.5) * bin_s

    def at(p: float) -> float:
        return round(float(middles[np.searchsorted(below, p)]), 1)

    places = np.linspace(0, counts.size - 1, CURVE_POINTS).astype(int)
    curve = tuple((round(float(middles[i]), 1), round(float(1 - below[i]), 4)) for i in places)
    mean_s = round(float((middles * counts).sum() / total), 1)
    return Spread(mean_s, at(0.5), at(0.95), round(top_s, 1), ((0.0, 1.0), *curve))
