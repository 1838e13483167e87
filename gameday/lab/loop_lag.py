"""How late an event loop runs what is due: the measure of a lab that is too slow for its speed."""

from __future__ import annotations

import asyncio
from collections import deque

EVERY_S = 0.05
KEPT = 1200
"""One minute of samples."""


class LoopLag:
    """Samples its loop twenty times a second while `watch` runs."""

    def __init__(self) -> None:
        self._samples: deque[float] = deque(maxlen=KEPT)

    async def watch(self) -> None:
        """Sample until cancelled."""
        loop = asyncio.get_running_loop()
        while True:
            due = loop.time() + EVERY_S
            await asyncio.sleep(EVERY_S)
            self._samples.append(max(0.0, loop.time() - due))

    def p99_s(self) -> float:
        """The lag in seconds of wall time that 99 % of the last minute's samples did not exceed."""
        if not self._samples:
            return 0.0
        ordered = sorted(self._samples)
        return ordered[int(len(ordered) * 0.99)]
