"""Do closed forms, the crowd and the small Monte Carlo say the same, and in bounded memory?"""

from __future__ import annotations

import tracemalloc

import numpy as np
import pytest
from hypothesis import given
from hypothesis import settings as budget
from hypothesis import strategies as st

from gameday.predict import Mode, Settings
from gameday.predict import checkers as pc
from gameday.predict.advice import advise
from gameday.predict.crowd import Crowd, spread
from gameday.predict.delay import (
    detection_mean_s,
    detection_worst_s,
    detections_s,
    mean_s,
    quantile_s,
    worst_s,
)  # fmt: skip
from gameday.predict.kind import kinds

KINDS = {k.name: k for k in kinds()}
SETTINGS = [
    Settings(10, 3, 60), Settings(30, 3, 300), Settings(10, 1, 5),
    Settings(10, 3, 60, Mode.BLACK_HOLE), Settings(10, 2, 60, answer_s=1.5),
]  # fmt: skip


@pytest.mark.parametrize("asked", SETTINGS, ids=str)
def test_does_detection_in_closed_form_agree_with_checkers(asked) -> None:
    rng = np.random.default_rng(1)
    drawn = pc.detection_s(rng, 20_000, interval_s=asked.interval_s, threshold=asked.threshold,
                           probe_s=asked.probe_s, answer_s=asked.answer_s)  # fmt: skip
    assert drawn.mean() == pytest.approx(detection_mean_s(asked), abs=0.05)
    assert drawn.max() <= detection_worst_s(asked)
    assert detections_s(asked, 400).mean() == pytest.approx(detection_mean_s(asked), abs=0.01)


@pytest.mark.parametrize("asked", SETTINGS, ids=str)
@pytest.mark.parametrize("kind", KINDS.values(), ids=KINDS)
def test_does_the_crowd_agree_with_closed_forms(asked, kind) -> None:
    found = spread(asked, kind, Crowd(400_000, 2_000, period_s=0.01), np.random.default_rng(2))
    if mean_s(asked, kind) is None:
        assert found.mean_s is None
        return
    assert found.mean_s == pytest.approx(mean_s(asked, kind), rel=0.01)
    assert found.p50_s == pytest.approx(quantile_s(asked, kind, 0.5), rel=0.02)
    assert found.p95_s == pytest.approx(quantile_s(asked, kind, 0.95), rel=0.01)
    assert found.worst_s == pytest.approx(worst_s(asked, kind), rel=0.01)


# interval, threshold, TTL, 4 s time-outs, mean, p95, p99.9, worst: simulated in 20,000 runs
TABLE = [
    (10, 1, 60, False, 38, 65, 69, 70), (10, 1, 60, True, 42, 69, 73, 74),
    (10, 3, 60, False, 58, 85, 89, 90), (10, 3, 60, True, 70, 97, 101, 102),
    (10, 3, 10, False, 33, 38, 40, 40), (30, 2, 60, False, 85, 112, 118, 120),
    (30, 3, 60, False, 115, 142, 148, 150), (30, 3, 300, False, 235, 370, 386, 390),
    (10, 1, 0, False, 8.2, 9.7, 10, 10),
]  # fmt: skip


@pytest.mark.parametrize(("i", "t", "ttl", "hole", "mean", "p95", "p999", "worst"), TABLE)
def test_do_closed_forms_agree_with_the_published_table(
    i, t, ttl, hole, mean, p95, p999, worst
) -> None:
    asked, kind = (
        Settings(i, t, ttl, Mode.BLACK_HOLE if hole else Mode.ERRORS),
        KINDS["per-request"],
    )
    assert mean_s(asked, kind) == pytest.approx(mean, abs=1.0)
    assert quantile_s(asked, kind, 0.95) == pytest.approx(p95, abs=1.0)
    assert quantile_s(asked, kind, 0.999) == pytest.approx(p999, abs=1.0)
    assert worst_s(asked, kind) == pytest.approx(worst, abs=0.5)


def test_do_sparse_look_ups_prolong_a_cache() -> None:
    """One client with a cache of its own and a connection of 30 s asks after 90 s, not 60."""
    rng, asked = np.random.default_rng(2), Settings(10, 3, 60)
    alone = spread(asked, KINDS["pooled-max-age-30"], Crowd(50_000, 50_000), rng)
    assert alone.worst_s == pytest.approx(30 + 90 + 30)
    assert spread(asked, KINDS["per-request"], Crowd(50_000, 50_000), rng).worst_s == 30 + 70


def test_which_kinds_never_leave() -> None:
    stay = [k for k, kind in KINDS.items() if mean_s(Settings(), kind) is None]
    assert stay == ["pooled", "browser"]
    hole = Settings(mode=Mode.BLACK_HOLE)
    assert not [k for k, kind in KINDS.items() if mean_s(hole, kind) is None]


def test_does_memory_grow_with_the_number_of_clients() -> None:
    tracemalloc.start()
    spread(Settings(), KINDS["per-request"], Crowd(3_000_000, 50_000, runs=1),
           np.random.default_rng(1))  # fmt: skip
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 60e6


@given(
    interval=st.sampled_from([10, 30]), threshold=st.integers(1, 9), ttl=st.integers(1, 300),
    more=st.sampled_from(["interval_s", "threshold", "ttl_s", "propagation_s"]),
    kind=st.sampled_from([k for k in KINDS.values() if k.connection_s is not None]),
    p=st.floats(0.05, 0.999),
)  # fmt: skip
@budget(max_examples=60, deadline=None)
def test_does_recovery_ever_fall_when_a_setting_rises(
    interval, threshold, ttl, more, kind, p
) -> None:
    base = {"interval_s": interval, "threshold": threshold, "ttl_s": ttl, "propagation_s": 0}
    raised = base | {more: base[more] + (20 if more == "interval_s" else 1)}
    before, then = (quantile_s(Settings(**s), kind, p) for s in (base, raised))
    assert then >= before - 0.1


@given(st.floats(20, 300), st.floats(0.5, 0.99))
@budget(max_examples=20, deadline=None)
def test_does_the_advised_plan_meet_the_objective(rto, p) -> None:
    found = advise((Settings(30, 3, 60),), kinds(), rto, p, is_alias=False)
    slowest = max(s for k, s in found.within_s.items() if s is not None and k != "ttl-stretched")
    assert found.is_possible is (found.plan != () or slowest <= rto)
    gains = [c.gain_s for c in found.changes]
    assert gains == sorted(gains, reverse=True)
    assert all(g > 0 for g in gains)


def test_what_is_beyond_settings() -> None:
    found = advise((Settings(10, 3, 60),), kinds(), 8, 0.95, is_alias=True)
    assert not found.is_possible
    said = " ".join(found.unfixable)
    assert all(word in said for word in ("pooled and browser never leave", "ttl-stretched",
                                         "DNS failover itself"))  # fmt: skip
