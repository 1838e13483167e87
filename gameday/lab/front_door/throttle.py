"""API Gateway's throttling: one token bucket for each throttled route of a stage.

Rates are per AWS second, as everything that is offered to the lab. The account's own limit of
10,000 requests a second is beyond a laptop and not modelled.

Source: the page "Throttle requests to your REST APIs for better throughput in API Gateway".
"""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import dataclass


@dataclass(slots=True)
class Bucket:
    """`burst` tokens at most, refilled with `rate_per_s` of wall time."""

    rate_per_s: float
    burst: float
    tokens: float
    at: float

    def take(self, now: float) -> bool:
        """Whether a token was left at `now` (seconds, monotonic); it is taken."""
        self.tokens = min(self.burst, self.tokens + (now - self.at) * self.rate_per_s)
        self.at = now
        if self.tokens < 1:
            return False
        self.tokens -= 1
        return True


class Throttles:
    """The buckets of a Region; they outlive snapshots, and a changed limit begins a new one."""

    def __init__(self, speed: float) -> None:
        self._speed = speed
        self._buckets: dict[Hashable, Bucket] = {}

    def admit(self, limit: tuple[float, float] | None, now: float, *key: Hashable) -> bool:
        """Whether a request under `limit` (requests per AWS second, burst) may pass; None may."""
        if limit is None:
            return True
        rate_per_s, burst = limit[0] * self._speed, limit[1]
        bucket = self._buckets.get(key)
        if bucket is None or (bucket.rate_per_s, bucket.burst) != (rate_per_s, burst):
            bucket = self._buckets[key] = Bucket(rate_per_s, burst, burst, now)
        return bucket.take(now)
