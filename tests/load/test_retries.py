"""What do clients do that retry, that drop a connection, or that remember a name themselves?"""

from __future__ import annotations

import random

import pytest
from fake_region import FakeRegion
from test_client import NAME, US, Caller

from gameday.errors import UsageError
from gameday.load.profiles import PRESETS, Retry, profile
from gameday.load.retry import Budget, delay_s, may_repeat, wanted
from gameday.load.schedule import plan
from gameday.resolver import Network

EU = "eu-west-1"


def caller(us: FakeRegion, name: str) -> Caller:
    return Caller(f"http://{NAME}:{us.port}", name)


SERVED = "http_4xx"  # the item that is asked for does not exist


@pytest.mark.parametrize(
    ("policy", "done", "status", "reused", "again"),
    [
        (Retry(), 0, None, True, False),
        (Retry(times=2), 1, None, False, True),
        (Retry(times=2), 2, None, False, False),
        (Retry(times=2), 0, 503, False, False),
        (Retry(times=2, on_5xx=True), 0, 503, False, True),
        (Retry(times=2, on_5xx=True), 0, 404, False, False),
        (Retry(times=1, only_reused=True), 0, None, False, False),
        (Retry(times=1, only_reused=True), 0, None, True, True),
    ],
)
def test_is_it_sent_again(
    policy: Retry, done: int, status: int | None, reused: bool, again: bool
) -> None:
    assert wanted(policy, done, status, reused) is again


def test_may_a_write_be_repeated() -> None:
    assert may_repeat("get", None)
    assert not may_repeat("POST", {})
    assert may_repeat("POST", {"idempotency-KEY": "k"})


def test_how_long_is_waited() -> None:
    rng, policy = random.Random(1), Retry(times=9, backoff_s=0.1)
    for done, most in ((0, 0.1), (3, 0.8), (20, 20.0)):
        delays = [delay_s(policy, done, rng) for _ in range(500)]
        assert 0.0 <= min(delays) < 0.05 * most
        assert 0.95 * most < max(delays) <= most
    assert delay_s(Retry(times=1), 0, rng) == 0.0


def test_what_can_a_budget_of_a_fifth_afford() -> None:
    budget = Budget(0.2)
    assert [budget.take() for _ in range(11)] == [True] * 10 + [False]
    for _ in range(5):
        budget.earn()
    assert [budget.take(), budget.take()] == [True, False]
    assert all(Budget(None).take() for _ in range(100))


def test_does_a_retry_find_the_next_address_and_the_same_one_not(
    both: tuple[FakeRegion, FakeRegion],
) -> None:
    us, _ = both
    us.mode = "error"
    for name, found in (
        ("per-request+on-5xx+next-address", (SERVED, EU)),
        ("per-request+on-5xx+same-address", ("http_5xx", US)),
        ("per-request+on-5xx", ("http_5xx", US)),  # resolved again: the same first address
        ("per-request", ("http_5xx", US)),
    ):
        one = caller(us, name)
        one.addresses = ["127.0.1.1", "127.0.2.1"]
        assert one.get() == found, name
        assert one.pool.trip.retries == ("on-5xx" in name)


def test_does_a_burst_of_5xx_drop_the_connection(both: tuple[FakeRegion, FakeRegion]) -> None:
    us, _ = both
    kept, dropped = caller(us, "pooled"), caller(us, "pooled+drop-on-5xx-3")
    for one in (kept, dropped):
        assert one.get() == (SERVED, US)
        one.addresses = ["127.0.2.1"]
    us.mode = "error"
    assert [kept.get()[1] for _ in range(5)] == [US] * 5
    assert [dropped.get()[1] for _ in range(5)] == [US, US, US, EU, EU]


def test_who_notices_that_the_answer_moved_while_the_region_still_answers(
    both: tuple[FakeRegion, FakeRegion],
) -> None:
    us, _ = both
    for name, region in (
        ("pooled", US), ("pooled+follow-dns", EU), ("per-request", EU),
        ("per-request+name-cache-3600", US), ("requests", US), ("jvm-forever", US),
    ):  # fmt: skip
        one = caller(us, name)
        assert one.get() == (SERVED, US)
        one.addresses = ["127.0.2.1"]
        assert one.get() == (SERVED, region), name


def test_who_gets_away_from_a_region_that_is_gone(both: tuple[FakeRegion, FakeRegion]) -> None:
    us, _ = both
    callers = {n: caller(us, n) for n in ("pooled", "urllib3", "go", "jvm-forever", "curl")}
    for one in callers.values():
        assert one.get() == (SERVED, US)
        one.addresses = ["127.0.2.1"]
    us.stop()
    first = {name: one.get() for name, one in callers.items()}
    assert first["urllib3"] == first["go"] == (SERVED, EU)  # resolve anew, unseen by the user
    assert first["curl"][1] == first["jvm-forever"][1] == US  # these remember the name themselves
    for _ in range(2):
        last = {name: one.get()[1] for name, one in callers.items()}
    assert last == {"pooled": EU, "urllib3": EU, "go": EU, "jvm-forever": US, "curl": US}


@pytest.mark.parametrize("name", PRESETS)
def test_is_every_preset_a_profile_under_its_own_name(name: str) -> None:
    assert profile(name).name == name
    assert profile(f"{name}+follow-dns+retry-2").retry.times == 2


@pytest.mark.parametrize(
    "name",
    ["pooled+", "pooled+retry", "pooled+retry-0", "pooled+retry-1.5", "pooled+on-5xx-2",
     "pooled+sometimes", "jvm", "ttl-clamp-0", "pooled+follow-dns-3"],
)  # fmt: skip
def test_is_a_wrong_name_refused(name: str) -> None:
    with pytest.raises(UsageError, match="clients: there is no"):
        profile(name)


def test_how_many_share_a_cache_and_how_long_is_an_answer_stretched() -> None:
    mix = ((profile("ttl-clamp-3600"), 1.0),)
    clients = plan(mix, [Network("near")], 8.0, 100, seed=1, caches=10)
    shares = {c.cache: c.cache_share for c in clients}
    assert len(shares) == 10
    assert sorted(shares.values()) == pytest.approx([0.05 + n / 10 for n in range(10)])
    assert {sum(c.cache == name for c in clients) for name in shares} == {10}
    assert profile("ttl-clamp-3600").ttl_min_s == 3600.0
    alone = plan(mix, [Network("near")], 8.0, 20, seed=1)
    assert len({c.cache for c in alone}) == 20
