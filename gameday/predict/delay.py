"""How long each kind of client stays with a lost Region, in closed form.

Every wait is the checkers' agreement (an order statistic of uniform phases) plus caches and
connections that were somewhere within their lives when DNS moved: a sum of uniforms. In a black
hole a client does not look up before its first request there has timed out.
"""

from __future__ import annotations

import math
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from gameday.predict.checkers import flips_to_unhealthy
from gameday.predict.kind import Kind
from gameday.predict.model import Settings

Floats = NDArray[np.float64]

GRID = 400


def detection_mean_s(settings: Settings) -> float:
    """Mean time until the check is unhealthy: the k-th of n uniform phases is at k / (n + 1)."""
    needed = flips_to_unhealthy(settings.checkers)
    return _fixed_s(settings) + _cycle_s(settings) * needed / (settings.checkers + 1)


def detection_worst_s(settings: Settings) -> float:
    """The check is unhealthy no later than this."""
    return _fixed_s(settings) + _cycle_s(settings)


def mean_s(settings: Settings, kind: Kind) -> float | None:
    """The mean client's first request to the survivor; None for a kind that stays."""
    waits, hang = kind.waits_s(settings.ttl_s, settings.mode), kind.hang_within_s(settings.mode)
    worst = worst_s(settings, kind)
    if waits is None or worst is None:
        return None
    if not hang[1]:
        return detection_mean_s(settings) + settings.propagation_s + sum(waits) / 2
    step_s = worst / (10 * GRID)  # the mean of what never falls below 0 is the area over its cdf
    times = np.linspace(0.0, worst, 10 * GRID, dtype=np.float64)
    moved_s = detections_s(settings, GRID) + settings.propagation_s
    left = np.stack([_uniform_sum_cdf(times - m, waits) for m in moved_s]).mean(axis=0)
    return float((1 - left * _uniform_cdf(times, hang)).sum() * step_s)


def worst_s(settings: Settings, kind: Kind) -> float | None:
    """No client of the kind is later than this; None for a kind that stays."""
    waits = kind.waits_s(settings.ttl_s, settings.mode)
    if waits is None:
        return None
    timed_out_s = kind.hang_within_s(settings.mode)[1]
    return max(timed_out_s, detection_worst_s(settings) + settings.propagation_s + sum(waits))


@lru_cache(maxsize=4096)
def quantile_s(settings: Settings, kind: Kind, p: float) -> float | None:
    """The time within which a share `p` of clients has left, to 0.05 s; None: they stay."""
    waits = kind.waits_s(settings.ttl_s, settings.mode)
    high = worst_s(settings, kind)
    if waits is None or high is None:
        return None
    moved_s = detections_s(settings, GRID) + settings.propagation_s
    hang, low = kind.hang_within_s(settings.mode), 0.0
    while high - low > 0.05:
        middle = (low + high) / 2
        timed_out = _uniform_cdf(np.array(middle), hang)
        if float(np.mean(_uniform_sum_cdf(middle - moved_s, waits)) * timed_out) < p:
            low = middle
        else:
            high = middle
    return round(high, 2)


def detections_s(settings: Settings, strata: int) -> Floats:
    """Detection times at the middles of `strata` equally likely shares of all runs."""
    phase = np.linspace(0.0, 1.0, 2001)
    n, k = settings.checkers, flips_to_unhealthy(settings.checkers)
    cdf = sum(math.comb(n, j) * phase**j * (1 - phase) ** (n - j) for j in range(k, n + 1))
    middles = (np.arange(strata) + 0.5) / strata
    return _fixed_s(settings) + _cycle_s(settings) * np.interp(middles, cdf, phase)


def _fixed_s(settings: Settings) -> float:
    """The part of detection that no phase shortens: a checker's further probes and time-outs."""
    return (settings.threshold - 1) * (settings.interval_s + settings.probe_s) + settings.probe_s


def _cycle_s(settings: Settings) -> float:
    """From the start of one passing probe of a checker to that of its next."""
    return settings.interval_s + settings.answer_s


def _uniform_cdf(t: Floats, within: tuple[float, float]) -> Floats:
    """P(U <= t) for a uniform between two bounds; 1 where both are 0."""
    low, high = within
    return np.asarray(np.clip((t - low) / max(high - low, 1e-9), 0.0, 1.0)) if high else t * 0 + 1.0


def _uniform_sum_cdf(t: Floats, widths: tuple[float, ...]) -> Floats:
    """P(U1 + ... + Un <= t) for independent uniforms on 0..width (inclusion and exclusion)."""
    if not widths:
        return np.asarray(t >= 0, dtype=np.float64)
    n = len(widths)
    total = np.zeros_like(t)
    for mask in range(2**n):
        chosen = [w for i, w in enumerate(widths) if mask >> i & 1]
        total += (-1) ** len(chosen) * np.maximum(t - sum(chosen), 0.0) ** n
    return np.asarray(np.clip(total / (math.factorial(n) * math.prod(widths)), 0.0, 1.0))
