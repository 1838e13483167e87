"""Who sends when?"""

from __future__ import annotations

import random
import statistics
from itertools import pairwise

import pytest

from gameday.clock import Clock
from gameday.load.options import load_options
from gameday.load.profiles import parse_mix
from gameday.load.schedule import Arrivals, Course, Turns, plan
from gameday.resolver import Network
from gameday.workload.workload import parse

NEAR, FAR = Network("near"), Network("far")


def test_do_all_clients_together_send_at_the_rate_and_evenly() -> None:
    clients = plan(parse_mix("per-request=50,pooled=50"), [NEAR, FAR], 8.0, 20, seed=1)
    assert len(clients) == 80
    starts = sorted(
        c.phase_s + n * c.period_s for c in clients for n in range(20) if c.period_s == 10.0
    )
    assert len(starts) == 1600
    gaps = [b - a for a, b in pairwise(starts)]
    assert (min(gaps), max(gaps)) == (pytest.approx(1 / 8), pytest.approx(1 / 8))


def test_does_a_profile_get_its_share_of_the_requests() -> None:
    clients = plan(parse_mix("per-request=75,pooled=25"), [NEAR, FAR], 8.0, 20, seed=1)
    rate = {
        name: sum(1 / c.period_s for c in clients if c.profile.name == name)
        for name in ("per-request", "pooled")
    }
    assert rate == {"per-request": pytest.approx(6.0), "pooled": pytest.approx(2.0)}


def test_has_every_client_a_cache_of_its_own_and_are_their_ages_spread_evenly() -> None:
    clients = plan(parse_mix("pooled-max-age-30=100"), [NEAR], 8.0, 20, seed=1)
    assert len({c.cache for c in clients}) == 20
    assert sorted(c.cache_share for c in clients) == pytest.approx(
        [(i + 0.5) / 20 for i in range(20)]
    )
    assert sorted(c.age_share for c in clients) == pytest.approx([(i + 1) / 20 for i in range(20)])
    assert sorted(c.name_share for c in clients) == pytest.approx(
        [(i + 0.5) / 20 for i in range(20)]
    )


def test_does_the_seed_decide() -> None:
    def phases(seed: int) -> list[float]:
        return [c.phase_s for c in plan(parse_mix("pooled=100"), [NEAR], 8.0, 20, seed)]

    assert phases(1) == phases(1)
    assert phases(1) != phases(2)


def test_are_the_first_few_clients_of_every_kind() -> None:
    clients = plan(parse_mix("per-request=50,pooled=50"), [NEAR, FAR], 8.0, 20, seed=1)
    assert len({(c.profile.name, c.network.id) for c in clients[:4]}) == 4


def test_is_a_late_turn_taken_late_and_not_skipped() -> None:
    turns, arrivals = Turns.every("c", 10.0, 1.0), Arrivals()
    arrivals.join(turns)
    assert arrivals.due(10.0) == []
    assert arrivals.due(12.5) == [10.0, 11.0, 12.0]
    assert turns.begin() == 10.0  # the request of 10.0 took 2.5 s
    assert turns.next_start() == 11.0
    assert (turns.begin(), turns.unsent()) == (11.0, [12.0])
    arrivals.leave(turns)
    assert arrivals.due(100.0) == []


def test_are_the_arrivals_of_several_clients_in_order() -> None:
    arrivals = Arrivals()
    for client, first in (("a", 0.5), ("b", 0.0), ("c", 0.25)):
        arrivals.join(Turns.every(client, first, 1.0))
    assert arrivals.due(1.3) == [0.0, 0.25, 0.5, 1.0, 1.25]


def gaps_of(text: str, seed: int = 1) -> list[float]:
    course = Course(parse(text), Clock(1.0), 0.0)
    turns = Turns.poisson("c", 0.0, 2.0, random.Random(seed))
    starts = [course.instant(turns.begin()) for _ in range(2_000)]
    return [b - a for a, b in pairwise(starts)]


def test_are_independent_arrivals_independent() -> None:
    gaps = gaps_of("poisson")
    assert statistics.mean(gaps) == pytest.approx(2.0, rel=0.1)
    assert statistics.stdev(gaps) == pytest.approx(2.0, rel=0.1)  # of an exponential: its mean
    later = [b for a, b in pairwise(gaps) if a > 4.0]
    assert statistics.mean(later) == pytest.approx(2.0, rel=0.2), "a long gap says nothing"
    assert gaps == gaps_of("poisson")
    assert gaps != gaps_of("poisson", seed=2)


def test_do_offered_and_begun_meet_whoever_is_ahead() -> None:
    turns = Turns.poisson("c", 0.0, 1.0, random.Random(4711))
    begun = [turns.begin() for _ in range(3)]
    offered = [turns.offer() for _ in range(5)]
    assert offered[:3] == begun
    assert turns.next_start() == offered[3] < turns.next_offer()
    assert turns.unsent() == offered[3:]
    ahead = turns.begin()
    assert turns.ahead() == [ahead]
    assert (turns.offered, turns.begun) == (6, 6)


def test_does_a_surge_bring_the_turns_nearer_that_are_waited_for() -> None:
    course = Course(parse("surge=4"), Clock(10.0), 1_000.0)  # ten AWS seconds are one of the wall
    turns, arrivals = Turns.every("c", 20.0, 10.0), Arrivals()
    arrivals.join(turns)
    assert course.instant(turns.next_start()) == pytest.approx(1_002.0)
    course.surge(1_001.0)  # 10 s after the start, with 10 s to go
    assert course.instant(turns.next_start()) == pytest.approx(1_001.25)
    due = arrivals.due(course.base_s(1_002.0))
    assert [course.instant(s) for s in due] == pytest.approx([1_001.25, 1_001.5, 1_001.75])


def test_from_which_subnets_do_the_resolvers_of_a_network_ask() -> None:
    far = Network("far", "203.0.113.0/24", {}, ("192.0.2.0/24", "198.51.100.0/24"))
    clients = plan(parse_mix("pooled=100"), [far], 8.0, 40, seed=1, caches=10)
    by_cache = {c.cache: c.subnet for c in clients}
    assert sorted(by_cache.values()) == ["192.0.2.0/24"] * 5 + ["198.51.100.0/24"] * 5
    own = plan(parse_mix("pooled=100"), [Network("x", "192.0.2.0/24")], 8.0, 20, seed=1)
    assert {c.subnet for c in own} == {"192.0.2.0/24"}


def test_do_arguments_win_over_the_environment_and_that_over_the_defaults() -> None:
    environ = {"GAMEDAY_CLIENTS": "pooled=100", "GAMEDAY_RATE_PER_S": "3"}
    told = load_options("per-request=100", environ=environ)
    assert [p.name for p, _ in told.mix] == ["per-request"]
    assert (told.rate_per_s, told.clients_per_population) == (3.0, 20)
    assert load_options(environ={}).rate_per_s == 8.0
    assert load_options(environ={}).workload == parse("")
    environ = {"GAMEDAY_LOAD": "closed", "GAMEDAY_CACHES_PER_POPULATION": "10"}
    assert load_options(load="poisson,surge=2", environ=environ).workload.surge == 2.0
    assert not load_options(environ=environ).workload.is_open
    assert load_options(environ=environ).caches == 10
