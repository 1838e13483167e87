"""How long each kind of client stays with a lost Region, in closed form.

Every wait is the checkers' agreement (an order statistic of uniform phases) plus caches and
connections that were somewhere within their lives when DNS moved: a sum of uniforms.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from gameday.predict.checkers import flips_to_unhealthy
from gameday.predict.clients import Mode
from gameday.predict.model import Settings

Floats = NDArray[np.float64]

STRETCHED_TTL_S = 3600.0
STRETCHED_SHARE = 0.0874
"""8.74 % of 8,524 resolvers answered from their cache after the TTL had ended (PAM 2023)."""

JVM_CACHE_S = 30.0
"""Java, InetAddress: networkaddress.cache.ttl where nobody sets it (never ends with a manager)."""

BROWSER_CACHE_S = 60.0

GRID = 400


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of client."""

    name: str
    says: str
    own_cache_s: float = 0.0  # a cache in the client, on top of its resolver's
    stretched_s: float = 0.0  # its resolver keeps an answer at least so long
    connection_s: float | None = 0.0  # age at which a connection is dropped; None: never

    def waits_s(self, ttl_s: float, mode: Mode) -> tuple[float, ...] | None:
        """The lives of the caches and connections between DNS and this client; None: it stays.

        A connection into a black hole times out, so its age no longer matters.
        """
        if self.connection_s is None and mode is not Mode.BLACK_HOLE:
            return None
        connection_s = 0.0 if mode is Mode.BLACK_HOLE else self.connection_s or 0.0
        waits = (max(ttl_s, self.stretched_s), self.own_cache_s, connection_s)
        return tuple(w for w in waits if w > 0)


def kinds(connection_s: float = 30.0) -> tuple[Kind, ...]:
    """The kinds of client that a prediction looks at; pools drop connections at that age."""
    return (
        Kind("per-request", "a new connection and a look-up for each request"),
        Kind(f"pooled-max-age-{connection_s:g}", f"keeps connections for {connection_s:g} s",
             connection_s=connection_s),
        Kind("pooled", "keeps connections while they work (most HTTP libraries)",
             connection_s=None),
        Kind("jvm-default", "Java: its own cache of 30 s on top of the resolver's",
             own_cache_s=JVM_CACHE_S),
        Kind("browser", "one long HTTP/2 connection, and a DNS cache of 60 s",
             own_cache_s=BROWSER_CACHE_S, connection_s=None),
        Kind("ttl-stretched", "behind a resolver that keeps answers for an hour",
             stretched_s=STRETCHED_TTL_S),
    )  # fmt: skip


def detection_mean_s(settings: Settings) -> float:
    """Mean time until the check is unhealthy: the k-th of n uniform phases is at k / (n + 1)."""
    needed = flips_to_unhealthy(settings.checkers)
    return _fixed_s(settings) + settings.interval_s * needed / (settings.checkers + 1)


def detection_worst_s(settings: Settings) -> float:
    """The check is unhealthy no later than this."""
    return _fixed_s(settings) + settings.interval_s


def mean_s(settings: Settings, kind: Kind) -> float | None:
    """The mean client's first request to the survivor; None for a kind that stays."""
    waits = kind.waits_s(settings.ttl_s, settings.mode)
    if waits is None:
        return None
    return detection_mean_s(settings) + settings.propagation_s + sum(waits) / 2


def worst_s(settings: Settings, kind: Kind) -> float | None:
    """No client of the kind is later than this; None for a kind that stays."""
    waits = kind.waits_s(settings.ttl_s, settings.mode)
    if waits is None:
        return None
    return detection_worst_s(settings) + settings.propagation_s + sum(waits)


@lru_cache(maxsize=4096)
def quantile_s(settings: Settings, kind: Kind, p: float) -> float | None:
    """The time within which a share `p` of clients has left, to 0.05 s; None: they stay."""
    waits = kind.waits_s(settings.ttl_s, settings.mode)
    high = worst_s(settings, kind)
    if waits is None or high is None:
        return None
    moved_s = detections_s(settings, GRID) + settings.propagation_s
    low = 0.0
    while high - low > 0.05:
        middle = (low + high) / 2
        if float(np.mean(_uniform_sum_cdf(middle - moved_s, waits))) < p:
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
    return _fixed_s(settings) + settings.interval_s * np.interp(middles, cdf, phase)


def _fixed_s(settings: Settings) -> float:
    """The part of detection that no phase shortens: a checker's further probes and time-outs."""
    return (settings.threshold - 1) * (settings.interval_s + settings.probe_s) + settings.probe_s


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
