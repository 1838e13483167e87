"""Items whose write was acknowledged: what readers ask for, and what replication is judged by."""

from __future__ import annotations

import random
from collections import deque
from dataclasses import dataclass

from gameday import clock

KNOWN_MAX = 2_000
"""So many of the newest items are remembered; a run's memory does not grow with its length."""


@dataclass(frozen=True, slots=True)
class Item:
    """An acknowledged write; `acked` is monotonic."""

    id: str
    region: str
    acked: float
    version: float = 0.0


class KnownItems:
    """The newest acknowledged items, oldest first."""

    def __init__(self, size_max: int = KNOWN_MAX) -> None:
        self._items: deque[Item] = deque(maxlen=size_max)
        self._gone: dict[str, None] = {}  # a set in the order of the deletes

    def add(self, item: Item) -> None:
        self._items.append(item)

    def forget(self, item_id: str) -> None:
        """It may be gone: nobody is to look for it any more, and its absence says nothing."""
        self._gone[item_id] = None
        if len(self._gone) > KNOWN_MAX:
            del self._gone[next(iter(self._gone))]
        kept = [item for item in self._items if item.id != item_id]
        self._items = deque(kept, maxlen=self._items.maxlen)

    def is_gone(self, item_id: str) -> bool:
        """Whether somebody here deleted it, or tried to."""
        return item_id in self._gone

    def pick(self, rng: random.Random, age_wall_s: float) -> Item | None:
        """Any item acknowledged at least `age_wall_s` ago, or None when there is none yet."""
        before = clock.monotonic() - age_wall_s
        if not self._items or self._items[0].acked > before:
            return None
        for _ in range(8):
            item = self._items[rng.randrange(len(self._items))]
            if item.acked <= before:
                return item
        return self._items[0]
