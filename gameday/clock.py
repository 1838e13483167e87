"""The only module that reads the time. One clock rules: AWS seconds are wall seconds times speed.

Durations that AWS or a client *waits* are AWS seconds and are divided by the speed before anybody
sleeps; work is not scaled. Timestamps are wall clock everywhere (unix seconds, float).
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime

CLIENT_TIMEOUT_FLOOR_S = 0.25
"""No client timeout or retry delay is scaled below this many seconds of wall time."""

SPEED_MAX = 10.0


def now() -> float:
    """Unix seconds, wall clock."""
    return time.time()


def monotonic() -> float:
    """Seconds on a clock that never steps, for measuring intervals of wall time."""
    return time.monotonic()


def utc(at: float) -> str:
    """`2026-11-23T08:20:14.123Z` for unix seconds `at`."""
    return datetime.fromtimestamp(at, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def sleep_wall(seconds: float) -> None:
    """Sleep `seconds` of wall time."""
    time.sleep(seconds)


@dataclass(frozen=True, slots=True)
class Clock:
    """Converts between AWS seconds and wall seconds at one speed (1 on AWS itself)."""

    speed: float = 1.0

    def wall(self, aws_s: float) -> float:
        """Wall seconds that `aws_s` AWS seconds take."""
        return aws_s / self.speed

    def aws(self, wall_s: float) -> float:
        """AWS seconds that pass in `wall_s` wall seconds."""
        return wall_s * self.speed

    def client_timeout(self, aws_s: float) -> float:
        """Wall seconds of a client's timeout or retry delay of `aws_s`, never below the floor."""
        return max(aws_s / self.speed, min(aws_s, CLIENT_TIMEOUT_FLOOR_S))

    def sleep(self, aws_s: float) -> None:
        """Block for `aws_s` AWS seconds."""
        time.sleep(self.wall(aws_s))

    async def async_sleep(self, aws_s: float) -> None:
        """Suspend for `aws_s` AWS seconds."""
        await asyncio.sleep(self.wall(aws_s))

    def wait_for(
        self, condition: Callable[[], bool], within_s: float, every_s: float = 0.5
    ) -> bool:
        """Whether `condition()` became true within `within_s` AWS seconds.

        It is tried at once, then every `every_s` AWS seconds, and once more at the deadline.
        """
        deadline = time.monotonic() + self.wall(within_s)
        while not condition():
            left = deadline - time.monotonic()
            if left <= 0:
                return False
            time.sleep(min(self.wall(every_s), left))
        return True
