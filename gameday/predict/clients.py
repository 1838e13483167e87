"""When a client leaves a lost Region: its resolver's cache, its connection, its next request.

A client asks its resolver only when it opens a connection, and a resolver asks Route 53 only when
its entry has expired *and* somebody asks. So changes are seen on a lattice of look-ups, and the
refresh period is the TTL rounded up to that lattice, never the bare TTL.
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


class Mode(StrEnum):
    """What the fault does to a request that reaches the lost Region, and to a health check."""

    ERRORS = "errors"  # answers 5xx or refuses at once
    BLACK_HOLE = "black-hole"  # packets vanish: a connection times out
    CHECK_ONLY = "check-only"  # only the health check fails; the Region serves
    INVERTED = "inverted"  # the check is inverted: unhealthy at once; the Region serves

    @property
    def serves(self) -> bool:
        """Whether clients of the Region go on being served."""
        return self in (Mode.CHECK_ONLY, Mode.INVERTED)


@dataclass(frozen=True, slots=True)
class Population:
    """Clients of one kind that were served by the lost Region."""

    profile: str  # per-request, pooled, pooled-max-age-30
    clients: int
    caches: int  # resolver caches among them
    period_s: float = 0.0  # between two requests of one client; 0: all the time
    ttl_s: float | None = None  # a resolver that stretches TTLs; None: the record's
    even: bool = False  # cache phases are spread evenly, as our load does, or at random

    @property
    def max_age_s(self) -> float | None:
        """At what age a connection is dropped: 0 with every request, None never."""
        if self.profile == "per-request":
            return 0.0
        found = re.fullmatch(r"pooled-max-age-(\d+(?:\.\d+)?)", self.profile)
        return float(found[1]) if found else None


def left_s(
    rng: np.random.Generator, moved_s: Floats, population: Population, ttl_s: float, mode: Mode
) -> Floats:
    """When each client sends its first request to the survivor, shape (runs, clients).

    :param moved_s: when the DNS answer moved, one for each run.
    Infinite for a client whose connection outlives the fault: the answer reaches it, the client
    does not ask (curl, OkHttp and urllib3 keep a connection that works, whatever DNS says).
    """
    age_s = population.max_age_s
    ttl_s = population.ttl_s or ttl_s
    runs = moved_s.shape[0]
    if mode is Mode.BLACK_HOLE and age_s != 0.0:
        return _after_timeout(rng, moved_s, population, ttl_s)
    if age_s is None:
        return np.full((runs, population.clients), math.inf)
    per_cache = population.clients / population.caches
    lookup_s = lattice_s(age_s, population.period_s) if age_s else population.period_s
    step_s = lookup_s / per_cache  # between two look-ups in one cache
    refresh_s = lattice_s(ttl_s, step_s)
    fresh = moved_s[:, None] + refresh_s * _phases(rng, runs, population, ttl_s, refresh_s, step_s)
    of_client = np.arange(population.clients) % population.caches
    turn = rng.integers(0, max(1, round(per_cache)), (runs, population.clients))
    return np.asarray(fresh[:, of_client] + turn * step_s, dtype=np.float64)


def _phases(
    rng: np.random.Generator,
    runs: int,
    population: Population,
    ttl_s: float,
    refresh_s: float,
    step_s: float,
) -> Floats:
    """How far through its refresh period each cache is when the answer moves, 0..1."""
    jitter = rng.random((runs, population.caches))
    if not population.even:
        return jitter
    start = rng.random((runs, 1)) * refresh_s
    spread = np.arange(population.caches) / population.caches * ttl_s
    return np.asarray((start + spread + jitter * step_s) % refresh_s / refresh_s, dtype=np.float64)


def _after_timeout(
    rng: np.random.Generator, moved_s: Floats, population: Population, ttl_s: float
) -> Floats:
    """When clients leave that had kept a connection into a black hole, where it times out.

    From the request after the one that timed out they look up with every request. An entry that
    had expired meanwhile (always, with a connection kept for ever) is fetched anew then: the old
    answer, if DNS has not moved yet, and for a whole TTL.
    """
    shape = (moved_s.shape[0], population.clients)
    period_s = max(population.period_s, 1e-6)
    asked = rng.uniform(period_s, 2 * period_s, shape)
    if population.max_age_s is not None:
        before_s = lattice_s(ttl_s, lattice_s(population.max_age_s, population.period_s))
        left = rng.uniform(0.0, before_s, shape) - (before_s - ttl_s)
        asked += period_s * np.ceil(np.maximum(0.0, left - asked) / period_s)
    refresh_s = lattice_s(ttl_s, population.period_s)
    rounds = np.maximum(0.0, np.ceil((moved_s[:, None] - asked) / refresh_s))
    return np.asarray(asked + rounds * refresh_s, dtype=np.float64)


SAME_STEP = 1e-3


def lattice_s(wait_s: float, step_s: float) -> float:
    """The first multiple of `step_s` later than `wait_s`: an entry is used up to its last instant.

    A multiple that equals `wait_s` to a thousandth of a step does not count as later: the entry was
    stored some milliseconds after the step began, and a measured step is not exact. With a step of
    0 it is `wait_s` itself.
    """
    return (math.floor(wait_s / step_s + SAME_STEP) + 1) * step_s if step_s else wait_s
