"""How writes cross between Regions: versions, lag, order for each item, and waiting while held.

Asynchronous multi-Region replication of DynamoDB global tables, version 2019.11.21 (AWS: "Global
tables: how it works"): each change crosses by itself some time after it was written, transactions
fall apart into items, and the later version wins. All times here are AWS seconds of any one
monotonic clock, given as arguments.
"""

from __future__ import annotations

import heapq
from collections import deque
from dataclasses import dataclass
from random import Random

from gameday.tables.store import Key, Record, Version


class VersionClock:
    """Versions of one Region: wall-clock nanoseconds that never repeat and never go back.

    It also runs ahead of every version it has observed, so that a write always wins over the
    version it replaced, whatever the clocks of two Regions say.
    """

    def __init__(self, region: str) -> None:
        self.region = region
        self._last_ns = 0
        self._sequence = 0

    def tick(self, now_s: float) -> Version:
        """The version of a write at unix time `now_s`."""
        self._last_ns = max(int(now_s * 1e9), self._last_ns + 1)
        self._sequence += 1
        return Version(self._last_ns, self.region, self._sequence)

    def observe(self, version: Version) -> None:
        self._last_ns = max(self._last_ns, version.at_ns)


@dataclass(frozen=True, slots=True)
class Pending:
    """A change on its way: it may cross from `due_s` on."""

    key: Key
    record: Record
    written_s: float
    due_s: float


class Outbox:
    """One table's changes of this Region on their way to one other Region.

    What was taken and did not arrive is put back, so a held, dead or stopped receiver costs time
    and no change. While something holds them up, overdue changes of an item are coalesced into
    its newest, as AWS may do (AWS: "Global tables: how it works").
    """

    def __init__(self, rng: Random, lag_s: tuple[float, float]) -> None:
        self.lag_s = lag_s
        self._rng = rng
        self._count = 0
        self._waiting: dict[Key, deque[Pending]] = {}
        self._due: list[tuple[float, int, Key]] = []  # each item's first, and some stale entries
        self._pushed = 0
        self._live: dict[Key, int] = {}

    def __len__(self) -> int:
        return self._count

    def __contains__(self, key: Key) -> bool:
        return key in self._waiting

    def add(self, key: Key, record: Record, now_s: float) -> None:
        """A change was written at `now_s`: its lag is drawn, and it overtakes no older change of
        its item."""
        due_s = now_s + self._rng.uniform(*self.lag_s)
        queue = self._waiting.setdefault(key, deque())
        if queue:
            due_s = max(due_s, queue[-1].due_s)
        queue.append(Pending(key, record, now_s, due_s))
        self._count += 1
        self._coalesce(queue, now_s)
        if len(queue) == 1:
            self._push(queue)

    def _coalesce(self, queue: deque[Pending], now_s: float) -> None:
        """Of what is due in `queue`, keep the newest."""
        while len(queue) > 1 and queue[1].due_s <= now_s:
            queue.popleft()
            self._count -= 1

    def _push(self, queue: deque[Pending]) -> None:
        first = queue[0]
        self._pushed += 1
        self._live[first.key] = self._pushed
        heapq.heappush(self._due, (first.due_s, self._pushed, first.key))

    def next_due_s(self) -> float | None:
        """When to look again: not after the next change may cross; None when nothing waits."""
        return self._due[0][0] if self._due else None

    def oldest_age_s(self, now_s: float) -> float:
        """How long the oldest waiting change has waited; 0 when nothing waits."""
        return max((now_s - queue[0].written_s for queue in self._waiting.values()), default=0.0)

    def take(self, now_s: float, limit: int) -> list[Pending]:
        """Up to `limit` changes that may cross at `now_s`, in order, the newest for each item."""
        taken: list[Pending] = []
        while self._due and self._due[0][0] <= now_s and len(taken) < limit:
            _, pushed, key = heapq.heappop(self._due)
            if self._live.get(key) != pushed:
                continue
            queue = self._waiting[key]
            self._coalesce(queue, now_s)
            if queue[0].due_s <= now_s:
                taken.append(queue.popleft())
                self._count -= 1
            if queue:
                self._push(queue)
            else:
                del self._waiting[key], self._live[key]
        return taken

    def put_back(self, batch: list[Pending]) -> None:
        """The changes of `batch` did not arrive; they are still due."""
        for pending in batch:
            queue = self._waiting.setdefault(pending.key, deque())
            queue.appendleft(pending)
            self._count += 1
            self._push(queue)
