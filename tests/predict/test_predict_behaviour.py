"""When does each kind of client leave: the closed rules against a client simulated turn by turn?"""

from __future__ import annotations

import math
import random
from dataclasses import asdict

import numpy as np
import pytest
from hypothesis import given
from hypothesis import settings as budget
from hypothesis import strategies as st

from gameday.load.behaviours import behaviours
from gameday.load.profiles import MODIFIERS, PRESETS, profile
from gameday.predict.behaviour import Behaviour
from gameday.predict.clients import Mode, Population, left_s

MOVED_S, TTL_S, PERIOD_S, HORIZON_S = 28.0, 60.0, 10.0, 900.0


def behaviour(name: str) -> Behaviour:
    """As a run's journal says it."""
    found = Behaviour.of(name, behaviours([profile(name)])[name])
    assert found is not None
    return found


class Resolver:
    """A cache of one name, which asks only when somebody asks it."""

    def __init__(self, ttl_s: float) -> None:
        self.ttl_s, self.until, self.answer = ttl_s, -math.inf, "lost"
        self.fetched: list[float] = []

    def ask(self, now: float) -> str:
        if now >= self.until:
            self.fetched.append(now)
            self.answer = "other" if now >= MOVED_S else "lost"
            self.until = now + 0.002 + self.ttl_s
        return self.answer


class Client:
    """One client that takes a turn every 10 s, from `start` before the fault."""

    def __init__(self, name: str, mode: Mode, start: float, resolver: Resolver) -> None:
        self.how, self.mode, self.turn, self.resolver = profile(name), mode, start, resolver
        self.own_until, self.own = -math.inf, "lost"
        self.connected: str | None = None
        self.opened, self.errors, self.free = -math.inf, 0, -math.inf
        self.left = math.inf

    @property
    def starts(self) -> float:
        return max(self.turn, self.free)

    def take_turn(self) -> None:
        start = self.starts
        region, self.free = self.request(start)
        self.turn += PERIOD_S
        if region == "other":
            self.left = start

    def request(self, start: float) -> tuple[str, float]:
        """The Region that answered in the end or was tried last, and when that was over."""
        now = start
        for _ in range(1 + self.how.retry.times):
            reused = self._usable(now)
            if not reused:
                self.connected, self.opened = self._resolve(now), now + 0.001
            region = self.connected or "lost"
            if region == "other" or now < 0:
                break
            if self.mode is Mode.BLACK_HOLE:
                now += self.how.read_timeout_s if reused else self.how.connect_timeout_s
                self.connected = None
                if self.how.retry.only_reused and not reused:
                    break
                continue
            self.errors += 1
            if self.errors == self.how.drop_on_5xx:
                self.errors, self.connected = 0, None
            if not self.how.retry.on_5xx:
                break
        if not self.how.reuse:
            self.connected = None
        return region, now + 0.001

    def _usable(self, now: float) -> bool:
        idle = PERIOD_S if self.how.idle_max_s is None else self.how.idle_max_s
        too_old = self.how.max_age_s is not None and now - self.opened >= self.how.max_age_s
        if self.connected is None or too_old or idle < PERIOD_S:
            return False
        return not self.how.follow_dns or self._resolve(now) == self.connected

    def _resolve(self, now: float) -> str:
        if now >= self.own_until:
            self.own = self.resolver.ask(now)
            self.own_until = now + 0.002 + (self.how.name_cache_s or -1.0)
        return self.own


def play(clients: list[Client]) -> list[float]:
    """When each of these clients leaves, turn by turn in order of time."""
    while True:
        still = [c for c in clients if math.isinf(c.left) and c.starts < HORIZON_S]
        if not still:
            return [c.left for c in clients]
        min(still, key=lambda c: c.starts).take_turn()


def walk(name: str, mode: Mode, caches: int, sharing: int = 1) -> list[float]:
    """When clients leave whose caches are anywhere within their cycle when the fault begins."""
    rng, ttl_s, left = random.Random(name), max(TTL_S, profile(name).ttl_min_s), list[float]()

    def some(start: float) -> tuple[Resolver, list[Client]]:
        resolver = Resolver(ttl_s)
        phases = [0.0, *(rng.random() * PERIOD_S for _ in range(sharing - 1))]
        return resolver, [Client(name, mode, start + phase, resolver) for phase in phases]

    resolver, clients = some(-900.0)
    play(clients)
    before = [t for t in resolver.fetched if t < 0]
    cycle_s = before[-1] - before[-2] if len(before) > 1 else TTL_S
    for _ in range(caches):
        left += play(some(-500 - rng.random() * cycle_s)[1])
    return left


ERRORS = [
    "per-request", "pooled", "pooled-max-age-30", "ttl-clamp-300", "jvm-default", "jvm-forever",
    "jvm-aws", "go", "curl", "browser", "requests", "urllib3", "pooled+follow-dns",
    "pooled+drop-on-5xx-3", "pooled+drop-on-5xx-1", "pooled+drop-on-5xx-4+retry-1+on-5xx",
    "per-request+name-cache-45", "pooled-max-age-30+name-cache-25",
    "pooled-max-age-30+ttl-clamp-90",
    "per-request+retry-2+on-5xx", "pooled-max-age-90+drop-on-5xx-2",
]  # fmt: skip
HOLE = ["per-request", "pooled", "pooled-max-age-30", "ttl-clamp-300", "pooled+name-cache-25"]


@pytest.mark.parametrize(
    ("name", "mode"),
    [(n, Mode.ERRORS) for n in ERRORS] + [(n, Mode.BLACK_HOLE) for n in HOLE],
)
def test_does_the_rule_agree_with_a_client_turn_by_turn(name, mode) -> None:
    walked = np.array(walk(name, mode, 500))
    how, many = behaviour(name), 4000
    assert not how.unpredictable(PERIOD_S, black_hole=mode is Mode.BLACK_HOLE)
    population = Population(name, many, many, PERIOD_S, behaviour=how)
    found = left_s(np.random.default_rng(1), np.array([MOVED_S]), population, TTL_S, mode)[0]
    assert np.isinf(found).all() == np.isinf(walked).all()
    if np.isfinite(walked).all():
        error_s = 4.0 * walked.std() / math.sqrt(walked.size) + 0.5
        assert found.mean() == pytest.approx(walked.mean(), abs=error_s)
        assert np.quantile(found, 0.95) == pytest.approx(np.quantile(walked, 0.95), abs=8.0)


@pytest.mark.parametrize("sharing", [2, 5])
@pytest.mark.parametrize(
    ("name", "mode"),
    [("per-request", Mode.ERRORS), ("pooled+drop-on-5xx-3", Mode.ERRORS),
     ("pooled", Mode.BLACK_HOLE), ("per-request", Mode.BLACK_HOLE)],
)  # fmt: skip
def test_does_it_agree_for_clients_that_share_a_cache(name, mode, sharing) -> None:
    walked = np.array(walk(name, mode, 200, sharing))
    population = Population(name, 800 * sharing, 800, PERIOD_S, behaviour=behaviour(name))
    found = left_s(np.random.default_rng(1), np.array([MOVED_S]), population, TTL_S, mode)[0]
    error_s = 4.0 * walked.std() / math.sqrt(200) + 1.0
    assert found.mean() == pytest.approx(walked.mean(), abs=error_s)
    assert np.quantile(found, 0.95) == pytest.approx(np.quantile(walked, 0.95), abs=8.0)


@given(
    period_s=st.sampled_from([1.0, 4.0, 5.0, 10.0, 12.5]),
    ttl_s=st.sampled_from([0.0, 5.0, 10.0, 60.0, 75.0]),
    max_age_s=st.sampled_from([None, 5.0, 10.0, 30.0]),
    name_cache_s=st.sampled_from([0.0, 5.0, 20.0, 60.0]),
    sharing=st.sampled_from([1, 3]),
    runs_s=st.one_of(st.none(), st.floats(100.0, 300.0)),
)
@budget(max_examples=60, deadline=None)
def test_does_every_client_of_a_load_leave_within_a_refresh_and_a_question(
    period_s, ttl_s, max_age_s, name_cache_s, sharing, runs_s
) -> None:
    how = Behaviour(reuse=max_age_s is not None, max_age_s=max_age_s, name_cache_s=name_cache_s)
    population = Population("x", 12, 12 // sharing, period_s, runs_s=runs_s, behaviour=how)
    moved_s = np.linspace(0.0, 40.0, 50)
    found = left_s(np.random.default_rng(1), moved_s, population, ttl_s, Mode.ERRORS)
    stayed_s = found - moved_s[:, None]
    refresh_s, question_s = population.refresh_s(ttl_s), population.lookup_s(population.opened_s)
    assert refresh_s >= ttl_s
    assert stayed_s.min() >= 0.0
    assert stayed_s.max() <= ttl_s + 2 * question_s + 0.1
    if sharing == 1:
        assert stayed_s.max() <= refresh_s + 0.1


@pytest.mark.parametrize(
    ("name", "hole", "why"),
    [
        ("requests", True, "last 924.6 s, longer than the 10.0 s between them"),
        ("jvm-default", True, "last 127 s, longer"),
        ("per-request+retry-1", True, "look the name up at odd times"),
        ("pooled+retry-3+backoff-1", False, "wait so long that they look the name up"),
        ("pooled+retry-2+on-5xx+budget-20+drop-on-5xx-3", False, "a budget decides"),
        ("pooled+drop-on-5xx-5+retry-1+on-5xx", False, "between two tries of one request"),
        ("pooled+hedge-0.1", False, "hedged copies of its requests look the name up"),
        ("pooled+hedge-2", True, "hedged copies of its requests look the name up"),
        ("pooled+hedge-2", False, ""),
        ("jvm-aws", False, ""),
        ("pooled+next-address+retry-2", False, ""),
    ],
)
def test_is_a_client_that_nobody_can_predict_named_with_the_reason(name, hole, why) -> None:
    said = behaviour(name).unpredictable(PERIOD_S, black_hole=hole)
    assert (why in said) if why else said == ""


def test_does_a_client_that_asks_all_the_time_without_any_cache_come_to_an_end() -> None:
    for period_s in (0.0, 0.1):
        found = left_s(np.random.default_rng(1), np.array([MOVED_S]),
                       Population("pooled", 50, 50, period_s), 0.0, Mode.BLACK_HOLE)  # fmt: skip
        assert (found >= MOVED_S).all()
        assert found.max() < MOVED_S + 1.0


def test_is_what_a_newer_load_records_and_nobody_models_refused() -> None:
    recorded = asdict(profile("pooled")) | {"telepathy_s": 3.0, "off": None}
    assert "telepathy_s is not modelled" in Behaviour.of("x", recorded).unpredictable(
        10.0, black_hole=False
    )


def test_does_a_name_alone_say_how_a_client_behaves() -> None:
    assert Behaviour.of("pooled-max-age-30") == Behaviour(max_age_s=30.0)
    assert Behaviour.of("per-request") == Behaviour(reuse=False)
    assert Behaviour.of("jvm-default") is None


def test_can_every_preset_and_modifier_be_read() -> None:
    names = [
        *PRESETS,
        *(f"pooled+{m.replace('-N', '-3').replace('-S', '-0.1')}" for m in MODIFIERS),
    ]
    for name in (n.replace("-PERCENT", "-20") for n in names):
        assert behaviour(name).strange == (), name
