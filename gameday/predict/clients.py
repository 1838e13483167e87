"""When a client leaves a lost Region: its resolver's cache, its connection, its next request.

A client asks its resolver only when it opens a connection, and a resolver asks Route 53 only when
its entry has expired *and* somebody asks. So changes are seen on a lattice of look-ups, and the
refresh period is the TTL rounded up to that lattice, never the bare TTL.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray

from gameday.predict.behaviour import Behaviour

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
    """Clients of one kind that were served by the lost Region.

    :raises ValueError: a profile whose name says nothing, without a behaviour.
    """

    profile: str  # per-request, pooled, pooled-max-age-30, or any name with a `behaviour`
    clients: int
    caches: int  # resolver caches among them
    period_s: float = 0.0  # between two requests of one client; 0: all the time
    ttl_s: float | None = None  # a resolver that stretches TTLs; None: the record's
    even: bool = False  # cache phases are spread evenly, as our load does, or at random
    behaviour: Behaviour | None = None

    @property
    def how(self) -> Behaviour:
        """The behaviour given, else the one that the profile's name says."""
        found = self.behaviour or Behaviour.of(self.profile)
        if found is None:
            raise ValueError(f"the name {self.profile} does not say how such a client behaves")
        return found

    def kept_ttl_s(self, ttl_s: float) -> float:
        """How long its resolver keeps an answer with that TTL."""
        return max(self.ttl_s or ttl_s, self.how.ttl_min_s)

    def lookup_s(self, step_s: float) -> float:
        """Between two questions to its resolver, when it opens a connection every `step_s`."""
        return lattice_s(self.how.name_cache_s, step_s) if self.how.name_cache_s else step_s


def left_s(
    rng: np.random.Generator, moved_s: Floats, population: Population, ttl_s: float, mode: Mode
) -> Floats:
    """When each client sends its first request to the survivor, shape (runs, clients).

    :param moved_s: when the DNS answer moved, one for each run.
    Infinite for a client whose connection outlives the fault: the answer reaches it, the client
    does not ask (curl, OkHttp and urllib3 keep a connection that works, whatever DNS says).
    """
    period_s, how = population.period_s, population.how
    life_s = how.life_s(period_s)
    broken = _broken(how, period_s, mode)
    stays = life_s is None and broken is None
    if stays or math.isinf(how.name_cache_s):
        return np.full((moved_s.shape[0], population.clients), math.inf)
    if broken is not None:
        return _after_break(rng, moved_s, population, ttl_s, broken)
    return _undisturbed(rng, moved_s, population, ttl_s, life_s or 0.0)


@dataclass(frozen=True, slots=True)
class _Broken:
    """How the fault itself ends a kept connection; seconds on the AWS clock."""

    step_s: float  # from the first failed request to a look-up, and between two from then on
    ages: bool  # meanwhile it may end by its age


def _broken(how: Behaviour, period_s: float, mode: Mode) -> _Broken | None:
    """None where the fault breaks no connection, or its age does it sooner."""
    if how.life_s(period_s) == 0.0 or mode.serves:
        return None
    if mode is Mode.BLACK_HOLE:
        return _Broken(period_s, ages=False)
    dropped_s = how.drop_s(period_s)
    if dropped_s is None or (how.max_age_s is not None and dropped_s >= how.max_age_s + period_s):
        return None
    return _Broken(dropped_s, ages=how.max_age_s is not None)


def _undisturbed(
    rng: np.random.Generator, moved_s: Floats, population: Population, ttl_s: float, life_s: float
) -> Floats:
    """When clients leave whose connections end by themselves: their look-ups go on as ever."""
    runs, ttl_s = moved_s.shape[0], population.kept_ttl_s(ttl_s)
    per_cache = population.clients / population.caches
    opened_s = lattice_s(life_s, population.period_s) if life_s else population.period_s
    step_s = population.lookup_s(opened_s) / per_cache  # between two look-ups in one cache
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


def _after_break(
    rng: np.random.Generator,
    moved_s: Floats,
    population: Population,
    ttl_s: float,
    broken: _Broken,
) -> Floats:
    """When clients leave that had kept a connection which the fault breaks.

    An entry that had expired meanwhile (always, with a connection kept for ever) is fetched anew at
    the first look-up: the old answer, if DNS has not moved yet, and for a whole TTL.
    """
    runs, ttl_s = moved_s.shape[0], max(LEAST_S, population.kept_ttl_s(ttl_s))
    period_s = max(population.period_s, 1e-6)
    life_s = population.how.life_s(population.period_s)
    asked = broken.step_s + rng.uniform(0.0, period_s, (runs, population.clients))
    lookup_s = population.lookup_s(max(broken.step_s, 1e-6))
    if life_s is not None:  # an entry is of any age; one that is still valid is used to its end
        opened_s = lattice_s(life_s, population.period_s)
        if broken.ages:
            asked = np.minimum(asked, rng.uniform(0.0, opened_s, asked.shape))
        before_s = lattice_s(ttl_s, population.lookup_s(opened_s))
        left = rng.uniform(0.0, before_s, asked.shape) - (before_s - ttl_s)
        asked = asked + lookup_s * np.ceil(np.maximum(0.0, left - asked) / lookup_s)
    of_client = np.arange(population.clients) % population.caches
    fetched = _first_of_cache(asked, population.caches)
    while (old := fetched < moved_s[:, None]).any():  # the old answer, and for a whole TTL
        left = (fetched + ttl_s)[:, of_client] - asked
        turns = np.maximum(0.0, np.floor(left / lookup_s + SAME_STEP) + 1)
        fetched = np.where(
            old, _first_of_cache(asked + turns * lookup_s, population.caches), fetched
        )
    turns = np.maximum(0.0, np.ceil((fetched[:, of_client] - asked) / lookup_s - SAME_STEP))
    return np.asarray(asked + turns * lookup_s, dtype=np.float64)


def _first_of_cache(asked: Floats, caches: int) -> Floats:
    """When each cache is asked first, by whichever of its clients; shape (runs, caches)."""
    first = asked[:, :caches].copy()
    for start in range(caches, asked.shape[1], caches):
        later = asked[:, start : start + caches]
        first[:, : later.shape[1]] = np.minimum(first[:, : later.shape[1]], later)
    return first


SAME_STEP = 1e-3
LEAST_S = 0.25
"""Answers are kept at least so long: what asks all the time must come to an end."""


def lattice_s(wait_s: float, step_s: float) -> float:
    """The first multiple of `step_s` later than `wait_s`: an entry is used up to its last instant.

    A multiple that equals `wait_s` to a thousandth of a step does not count as later: the entry was
    stored some milliseconds after the step began, and a measured step is not exact. With a step of
    0 it is `wait_s` itself.
    """
    return (math.floor(wait_s / step_s + SAME_STEP) + 1) * step_s if step_s else wait_s
