"""What does a mix of clients say?"""

from __future__ import annotations

import pytest

from gameday.errors import UsageError
from gameday.load.profiles import parse_mix, profile


def test_which_clients_does_a_mix_name() -> None:
    mix = parse_mix("per-request=50, pooled-max-age-30=30,pooled=20")
    assert [(p.name, share) for p, share in mix] == [
        ("per-request", 0.5), ("pooled-max-age-30", 0.3), ("pooled", 0.2),
    ]  # fmt: skip


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
