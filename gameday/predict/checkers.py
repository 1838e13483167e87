"""How long Route 53's health checkers take to agree that an endpoint is gone, or back.

Checkers do not coordinate: each has its own phase, counts its own consecutive results, and counts
the interval from the response. An endpoint is healthy while more than 18 % of them say so.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

HEALTHY_SHARE = 0.18
"""Route 53 Developer Guide, "How Amazon Route 53 determines whether a health check is healthy"."""

CONNECT_TIMEOUT_S = 4.0
"""The same page: the TCP connection must stand within four seconds."""

Floats = NDArray[np.float64]


def flips_to_unhealthy(checkers: int) -> int:
    """How many of `checkers` must turn until no more than 18 % report healthy: 14 of 16."""
    return checkers - math.floor(HEALTHY_SHARE * checkers)


def flips_to_healthy(checkers: int) -> int:
    """How many of `checkers` must report healthy to be more than 18 %: 3 of 16."""
    return math.floor(HEALTHY_SHARE * checkers) + 1


def detection_s(
    rng: np.random.Generator,
    runs: int,
    *,
    interval_s: float,
    threshold: int,
    checkers: int = 16,
    probe_s: float = 0.0,
    answer_s: float = 0.0,
) -> Floats:
    """Seconds from the fault to the aggregate turning unhealthy, one for each of `runs`.

    :param probe_s: how long a failing probe lasts: 0 for a refusal or a 5xx, 4 in a black hole.
    :param answer_s: how long a passing probe lasts: it began that much longer ago than its answer,
        from which the interval counts.
    """
    first = rng.uniform(0.0, interval_s + answer_s, (runs, checkers))
    turned = first + (threshold - 1) * (interval_s + probe_s) + probe_s
    return _nth_smallest(turned, flips_to_unhealthy(checkers))


def return_s(
    rng: np.random.Generator,
    runs: int,
    *,
    interval_s: float,
    threshold: int,
    checkers: int = 16,
    probe_s: float = 0.0,
    answer_s: float = 0.0,
) -> Floats:
    """Seconds from the end of the fault to the aggregate turning healthy again, for each run.

    A probe that hangs in a black hole when it ends fails all the same, so the first good one comes
    anywhere within interval plus `probe_s`.
    """
    first = rng.uniform(0.0, interval_s + probe_s, (runs, checkers))
    turned = first + (threshold - 1) * (interval_s + answer_s) + answer_s
    return _nth_smallest(turned, flips_to_healthy(checkers))


def _nth_smallest(values: Floats, n: int) -> Floats:
    return np.asarray(np.partition(values, n - 1, axis=1)[:, n - 1], dtype=np.float64)
