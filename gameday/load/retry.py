"""Whether a failed request is sent again, and after how long: decided here, done in `client`."""

from __future__ import annotations

import random
from collections.abc import Mapping
from dataclasses import dataclass

from gameday.load.profiles import BACKOFF_MAX_S, Retry

REPEATABLE = frozenset({"GET", "HEAD", "OPTIONS", "PUT", "DELETE"})
"""Idempotent methods (RFC 9110, 9.2.2) that clients use."""

BUDGET_FLOOR = 10.0


@dataclass(slots=True)
class Budget:
    """Retries as a share of the requests: each request earns a part of one, ten are there at first.

    (Finagle's `RetryBudget`; the token bucket of the AWS SDKs' standard mode does the same.)
    """

    share: float | None  # None: without limit
    held: float = BUDGET_FLOOR

    def earn(self) -> None:
        """A request is made."""
        if self.share is not None:
            self.held = min(BUDGET_FLOOR, self.held + self.share)

    def take(self) -> bool:
        """Whether a retry can be afforded; then it is paid."""
        if self.share is None:
            return True
        if self.held < 1.0:
            return False
        self.held -= 1.0
        return True


def may_repeat(method: str, headers: Mapping[str, str] | None) -> bool:
    """Whether sending the request twice does no harm."""
    named = {name.lower() for name in headers or ()}
    return method.upper() in REPEATABLE or "idempotency-key" in named


def wanted(policy: Retry, done: int, status: int | None, reused: bool) -> bool:
    """Whether the policy would send a request again that was sent `done` times before this one.

    :param status: of the answer; None when there was none.
    :param reused: whether it went over a kept connection.
    """
    if done >= policy.times:
        return False
    if status is not None:
        return policy.on_5xx and status >= 500
    return reused or not policy.only_reused


def delay_s(policy: Retry, done: int, rng: random.Random) -> float:
    """AWS seconds before the next try: full jitter ("Exponential Backoff And Jitter", AWS)."""
    return rng.uniform(0.0, min(BACKOFF_MAX_S, policy.backoff_s * 2**done))
