"""What does a mix of clients say?"""

from __future__ import annotations

import math

import pytest

from gameday.errors import UsageError
from gameday.load.profiles import Retry, Where, parse_mix, profile


def test_which_clients_does_a_mix_name() -> None:
    mix = parse_mix("per-request=50, pooled-max-age-30=30,pooled=20")
    assert [(p.name, share) for p, share in mix] == [
        ("per-request", 0.5), ("pooled-max-age-30", 0.3), ("pooled", 0.2),
    ]  # fmt: skip


def test_is_the_mix_of_a_city_understood() -> None:
    mix = parse_mix("per-request=40,pooled=40,pooled-max-age-30=10,ttl-clamp-3600=5,jvm-forever=5")
    assert [share for _, share in mix] == [0.4, 0.4, 0.1, 0.05, 0.05]
    assert (mix[3][0].ttl_min_s, mix[4][0].name_cache_s) == (3600.0, math.inf)


@pytest.mark.parametrize(
    ("name", "read"),
    [
        ("pooled+max-age-7+idle-3", {"max_age_s": 7.0, "idle_max_s": 3.0}),
        ("go+read-timeout-9+connect-timeout-2.5",
         {"read_timeout_s": 9.0, "connect_timeout_s": 2.5, "idle_max_s": 90.0}),
        ("per-request+drop-on-5xx-3+follow-dns", {"drop_on_5xx": 3, "follow_dns": True}),
        ("curl+name-cache-5+ttl-clamp-300", {"name_cache_s": 5.0, "ttl_min_s": 300.0}),
        ("pooled+hedge-1+budget-5", {"retry": Retry(hedge_s=1.0, budget_pct=5.0)}),
        ("go+hedge-1", {"retry": Retry(times=1, only_reused=True, hedge_s=1.0)}),
        ("go+on-5xx", {"retry": Retry(times=1, on_5xx=True)}),
        ("pooled+retry-2+backoff-0.1+next-address",
         {"retry": Retry(times=2, backoff_s=0.1, where=Where.NEXT)}),
    ],
)  # fmt: skip
def test_what_does_a_modifier_change(name: str, read: dict[str, object]) -> None:
    found = profile(name)
    assert {key: getattr(found, key) for key in read} == read


@pytest.mark.parametrize(
    ("name", "reuse", "max_age_s"),
    [("per-request", False, None), ("pooled", True, None), ("pooled-max-age-7.5", True, 7.5)],
)
def test_how_does_a_profile_treat_its_connection(
    name: str, reuse: bool, max_age_s: float | None
) -> None:
    found = profile(name)
    assert (found.reuse, found.max_age_s) == (reuse, max_age_s)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("polled=100", "no profile 'polled'"),
        ("pooled-max-age-=100", "no profile"),
        ("pooled-max-age-0=100", "no profile"),
        ("pooled=50", "sum to 50 %"),
        ("pooled=60,per-request=60", "sum to 120 %"),
        ("pooled=50,pooled=50", "given twice"),
        ("pooled=many", "not PROFILE=PERCENT"),
        ("pooled=-5,per-request=105", "above 0"),
        ("", "at least one profile"),
    ],
)
def test_is_a_bad_mix_refused_in_one_clear_line(text: str, says: str) -> None:
    with pytest.raises(UsageError, match=says) as refused:
        parse_mix(text)
    assert "\n" not in str(refused.value)
