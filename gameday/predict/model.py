"""The prediction beside each measured number: detection, clients' recovery, the headline, data.

The headline obeys the same rule as the measurement (the last ten seconds that miss the
hypothesis), applied to the requests that simulated clients would have sent.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from gameday.predict import checkers
from gameday.predict.clients import Mode, Population, left_s
from gameday.predict.data import DataBehind, data_behind

__all__ = ["Band", "Mode", "Population", "Prediction", "Settings", "predict"]

Floats = NDArray[np.float64]

FAILURES_MAX = 2_000_000
"""Simulated failed requests held at once; bounds memory to some 50 MB."""


@dataclass(frozen=True, slots=True)
class Settings:
    """What the record sets, the health checks and the experiment say; seconds on the AWS clock."""

    interval_s: float = 10.0
    threshold: int = 3
    ttl_s: float = 60.0
    mode: Mode = Mode.ERRORS
    checkers: int = 16
    answer_s: float = 0.0  # how long a probe lasts that is answered
    effect_s: float = 0.0  # from the start of the fault until it was seen to be in effect
    propagation_s: float = 0.0  # from a verdict to every name server: undocumented
    poll_s: float = 0.0  # whoever watches looks so often, and sees it up to that much later
    success_pct: float = 99.0
    window_s: float = 10.0
    rate_per_s: float = 8.0  # of all clients, those of the survivor included
    resolution_s: float = 1.0  # width of the windows in which load is kept
    horizon_s: float = 600.0  # how long the fault lasts
    lag_s: tuple[float, float] | None = None
    write_rate_per_s: float = 0.0  # acknowledged by the lost Region

    @property
    def probe_s(self) -> float:
        """How long a failing probe lasts."""
        return checkers.CONNECT_TIMEOUT_S if self.mode is Mode.BLACK_HOLE else self.answer_s


@dataclass(frozen=True, slots=True)
class Band:
    """A predicted number: its mean and the shares of runs that stay below. None: never."""

    mean_s: float | None
    p0_1_s: float | None
    p5_s: float | None
    p95_s: float | None
    p99_9_s: float | None

    @classmethod
    def of(cls, values: Floats) -> Band:
        """The band of one value per run; a share of runs that never end is a None above it."""
        cuts = np.quantile(values, (0.001, 0.05, 0.95, 0.999), method="higher")
        mean = float(values.mean()) if np.isfinite(values).all() else math.inf
        return cls(*(None if math.isinf(v) else round(float(v), 2) for v in (mean, *cuts)))


@dataclass(frozen=True, slots=True)
class ClientsPrediction:
    """One kind of client: over runs, the mean and the last of its clients; over clients, shares."""

    clients: int
    caches: int
    mean: Band
    last: Band
    p95_s: float | None
    p99_9_s: float | None


@dataclass(frozen=True, slots=True)
class Prediction:
    """Everything that is predicted for one loss of a Region.

    What depends on every client is None where some of them are not predicted.
    """

    detection: Band  # as it is seen
    dns: Band  # from the verdict to the last name server
    recovery: Band | None  # the headline
    back: Band  # from put back to healthy again
    caches: Band | None  # DNS moved -> last per-request client
    connections: Band | None  # the rest
    clients: dict[str, ClientsPrediction] = field(default_factory=dict)
    data: DataBehind | None = None


def predict(
    settings: Settings,
    populations: list[Population],
    rng: np.random.Generator,
    runs: int = 2000,
    *,
    is_whole: bool = True,
) -> Prediction:
    """What losing a Region would look like to `populations`, the clients that it served.

    :param is_whole: False: there were others, too, of whom nobody can say when they leave.

    Sources: Route 53 Developer Guide ("How Amazon Route 53 determines whether a health check is
    healthy") for checkers; the record's TTL for caches; HTTP clients' own rules for connections.
    """
    runs = _runs(settings, populations, runs)
    detection = _detection(settings, rng, runs)
    moved = detection + settings.propagation_s
    seen = moved + rng.uniform(0.0, settings.poll_s, runs)
    left = [left_s(rng, moved, p, settings.ttl_s, settings.mode) for p in populations]
    headline = _headline(settings, populations, left, rng.uniform(0.0, settings.resolution_s, runs))
    cached_end = _caches_end(populations, left, seen, headline)
    back = checkers.return_s(
        rng, runs, interval_s=settings.interval_s, threshold=settings.threshold,
        checkers=settings.checkers, probe_s=settings.probe_s, answer_s=settings.answer_s,
    )  # fmt: skip
    served = settings.mode.serves
    return Prediction(
        detection=Band.of(detection + seen - moved),
        dns=Band.of(np.full(runs, settings.propagation_s)),
        recovery=Band.of(headline) if is_whole else None,
        back=Band.of(np.zeros(runs) if settings.mode is Mode.INVERTED else back),
        caches=Band.of(np.zeros(runs) if served else cached_end - seen) if is_whole else None,
        connections=Band.of(_difference(headline, cached_end) if not served else np.zeros(runs))
        if is_whole
        else None,
        clients=_by_profile(populations, left),
        data=data_behind(rng, runs, settings.lag_s, settings.write_rate_per_s),
    )


def _runs(settings: Settings, populations: list[Population], runs: int) -> int:
    """Fewer runs for very many clients, so that memory stays bounded."""
    total = sum(p.clients for p in populations)
    failures = sum(
        p.clients * (2 + settings.horizon_s / (p.period_s or total / settings.rate_per_s))
        for p in populations
    )
    return max(50, min(runs, int(FAILURES_MAX / max(failures, 1.0))))


def _detection(settings: Settings, rng: np.random.Generator, runs: int) -> Floats:
    """From the start of the fault to the verdict; checkers see it once it is in effect."""
    if settings.mode is Mode.INVERTED:
        turned = np.zeros(runs)  # an inverted check turns without counting
    else:
        turned = checkers.detection_s(
            rng, runs, interval_s=settings.interval_s, threshold=settings.threshold,
            checkers=settings.checkers, probe_s=settings.probe_s, answer_s=settings.answer_s,
        )  # fmt: skip
    return turned + rng.uniform(0.0, settings.effect_s, runs)


def _headline(
    settings: Settings, populations: list[Population], left: list[Floats], begins: Floats
) -> Floats:
    """The recovery time of each run: the end of the last load window with too many failures.

    :param begins: when each run's first load window began: the fault does not wait for one.
    """
    if settings.mode.serves or not populations:
        return np.zeros(begins.shape)
    total = sum(p.clients for p in populations)
    failed = np.concatenate(
        [_failures(p.period_s or total / settings.rate_per_s, t, settings.horizon_s)
         for p, t in zip(populations, left, strict=True)], axis=1,
    )  # fmt: skip
    failed.sort(axis=1)
    allowed = math.floor((1 - settings.success_pct / 100) * settings.rate_per_s * settings.window_s)
    if failed.shape[1] <= allowed:
        return np.zeros(begins.shape)
    starts, ends = failed[:, : failed.shape[1] - allowed], failed[:, allowed:]
    step_s, first = settings.resolution_s, begins[:, None]
    windows = np.floor((starts - first) / step_s) * step_s + first  # that the failures began in
    bad = (ends < windows + settings.window_s) & (windows >= 0)
    last = np.max(np.where(bad, windows, -math.inf), axis=1)
    recovered = np.where(np.isfinite(last), last + step_s, 0.0)
    unrecovered = last > settings.horizon_s - settings.window_s - step_s
    return np.asarray(np.where(unrecovered, math.inf, recovered), dtype=np.float64)


def _failures(period_s: float, left: Floats, horizon_s: float) -> Floats:
    """When clients that leave at `left` sent requests that failed; infinite where none was."""
    ends = np.where(np.isfinite(left), left, horizon_s + _offsets(left.shape[1], period_s))
    count = math.ceil(float(ends.max()) / period_s) + 1
    times = ends[:, :, None] - period_s * np.arange(1, count + 1)
    times[(times < 0) | (times >= horizon_s)] = math.inf
    return np.asarray(times.reshape(left.shape[0], -1), dtype=np.float64)


def _offsets(clients: int, period_s: float) -> Floats:
    """Clients that never leave do not all send at the same instant."""
    return np.asarray(np.arange(clients) / clients * period_s, dtype=np.float64)


def _caches_end(
    populations: list[Population], left: list[Floats], moved: Floats, headline: Floats
) -> Floats:
    """When the last client that looks up with every request had left (or the headline before)."""
    per_request = [t for p, t in zip(populations, left, strict=True) if p.profile == "per-request"]
    if not per_request:
        return moved
    last = np.concatenate(per_request, axis=1).max(axis=1)
    return np.asarray(np.maximum(moved, np.minimum(last, headline)), dtype=np.float64)


def _difference(later: Floats, earlier: Floats) -> Floats:
    return np.asarray(np.where(np.isfinite(later), later - earlier, math.inf), dtype=np.float64)


def _by_profile(populations: list[Population], left: list[Floats]) -> dict[str, ClientsPrediction]:
    found: dict[str, ClientsPrediction] = {}
    for profile in dict.fromkeys(p.profile for p in populations):
        mine = [i for i, p in enumerate(populations) if p.profile == profile]
        times = np.concatenate([left[i] for i in mine], axis=1)
        shares = np.quantile(times, (0.95, 0.999), method="higher")
        found[profile] = ClientsPrediction(
            clients=sum(populations[i].clients for i in mine),
            caches=sum(populations[i].caches for i in mine),
            mean=Band.of(times.mean(axis=1)),
            last=Band.of(times.max(axis=1)),
            p95_s=None if math.isinf(shares[0]) else round(float(shares[0]), 2),
            p99_9_s=None if math.isinf(shares[1]) else round(float(shares[1]), 2),
        )
    return found
