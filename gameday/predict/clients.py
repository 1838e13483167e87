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
    runs_s: float | None = None  # a load of ours, so long before the fault; None: any clients
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

    @property
    def opened_s(self) -> float:
        """Between two connections that it opens undisturbed; one for each request: the period."""
        life_s = self.how.life_s(self.period_s)
        return lattice_s(life_s, self.period_s) if life_s else self.period_s

    @property
    def step_s(self) -> float:
        """Between two questions to one resolver cache, by whichever of its clients."""
        return self.lookup_s(self.opened_s) / (self.clients / self.caches)

    def refresh_s(self, ttl_s: float) -> float:
        """Between two questions of one resolver cache to DNS, about a record of that TTL."""
        return lattice_s(self.kept_ttl_s(ttl_s), self.step_s)

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
    return _undisturbed(rng, moved_s, population, ttl_s)


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
    rng: np.random.Generator, moved_s: Floats, population: Population, ttl_s: float
) -> Floats:
    """When clients leave whose connections end by themselves: their look-ups go on as ever."""
    runs, caches = moved_s.shape[0], population.caches
    of_client = np.arange(population.clients) % caches
    if population.runs_s is not None and population.period_s:
        asked, expires = _dealt(rng, runs, population, population.runs_s, ttl_s)
        step_s = population.lookup_s(population.opened_s)
        fetched = _first_of_cache(_expired(asked, expires[:, of_client], step_s), caches)
        return _followed(moved_s, asked, fetched, step_s, population.kept_ttl_s(ttl_s))
    fresh = moved_s[:, None] + population.refresh_s(ttl_s) * rng.random((runs, caches))
    turn = rng.integers(0, max(1, round(population.clients / caches)), (runs, population.clients))
    return np.asarray(fresh[:, of_client] + turn * population.step_s, dtype=np.float64)


def _dealt(
    rng: np.random.Generator, runs: int, population: Population, runs_s: float, ttl_s: float
) -> tuple[Floats, Floats]:
    """Where each client and cache began, as `gameday.load.schedule.plan` deals it.

    :returns: the question of each client from which on all are evenly apart, and when the first
        entry of each cache expires; seconds from the fault.
    """
    clients, period_s, how = population.clients, population.period_s, population.how
    first = (_shares(rng, runs, clients) + rng.random((runs, 1)) / clients) * period_s - runs_s
    aged = (_shares(rng, runs, clients) + 1 / clients) * (how.life_s(period_s) or 0.0)
    asked = _expired(first, first + aged, period_s)
    if how.name_cache_s:
        named = (_shares(rng, runs, clients) + 0.5 / clients) * how.name_cache_s
        asked = _expired(asked, first + named, population.opened_s)
    shares = _shares(rng, runs, population.caches) + 0.5 / population.caches
    filled = _first_of_cache(first, population.caches)
    return asked, filled + shares * population.kept_ttl_s(ttl_s)


def _shares(rng: np.random.Generator, runs: int, count: int) -> Floats:
    """The shares 0, 1/count, ... in an order of chance for each run, shape (runs, count)."""
    return np.argsort(rng.random((runs, count)), axis=1) / count


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
    life_s = population.how.life_s(population.period_s)
    asked = broken.step_s + _next_turns(rng, runs, population)
    lookup_s = population.lookup_s(max(broken.step_s, 1e-6))
    if life_s is not None:  # an entry is of any age; one that is still valid is used to its end
        if broken.ages:
            asked = np.minimum(asked, rng.uniform(0.0, population.opened_s, asked.shape))
        before_s = lattice_s(ttl_s, population.lookup_s(population.opened_s))
        left = rng.uniform(0.0, before_s, asked.shape) - (before_s - ttl_s)
        asked = asked + lookup_s * np.ceil(np.maximum(0.0, left - asked) / lookup_s)
    fetched = _first_of_cache(asked, population.caches)
    return _followed(moved_s, asked, fetched, lookup_s, ttl_s)


def _next_turns(rng: np.random.Generator, runs: int, population: Population) -> Floats:
    """When each client's first request after the fault is due."""
    period_s, clients = max(population.period_s, 1e-6), population.clients
    if population.runs_s is None:
        return rng.uniform(0.0, period_s, (runs, clients))
    return (_shares(rng, runs, clients) + rng.random((runs, 1)) / clients) * period_s


def _followed(
    moved_s: Floats, asked: Floats, fetched: Floats, step_s: float, ttl_s: float
) -> Floats:
    """When clients leave that ask at `asked` and every `step_s` from then on.

    :param fetched: when each cache fetched an answer first; the old one is kept for a whole TTL.
    """
    ttl_s, caches = max(LEAST_S, ttl_s), fetched.shape[1]
    of_client = np.arange(asked.shape[1]) % caches
    while (old := fetched < moved_s[:, None]).any():
        later = _expired(asked, (fetched + ttl_s)[:, of_client], step_s)
        fetched = np.where(old, _first_of_cache(later, caches), fetched)
    turns = np.maximum(0.0, np.ceil((fetched[:, of_client] - asked) / step_s - SAME_STEP))
    return np.asarray(asked + turns * step_s, dtype=np.float64)


def _expired(asked: Floats, expires: Floats, step_s: float) -> Floats:
    """The first question that comes too late for what `expires` then (see `lattice_s`)."""
    turns = np.maximum(0.0, np.floor((expires - asked) / step_s + SAME_STEP) + 1)
    return np.asarray(asked + turns * step_s, dtype=np.float64)


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
