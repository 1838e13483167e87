"""A table as a value: items in partitions, each with the version that wrote it, and what changed.

Nothing here knows DynamoDB's wire format, a clock or a socket. An item is any mapping that nobody
mutates once stored, so images, copies and replication share it without copying. A deleted item
leaves a tombstone: without it a late write of another Region would bring the item back.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right, insort
from collections import deque
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from itertools import islice
from typing import Any

Item = Mapping[str, Any]
Key = tuple[Any, tuple[Any, ...]]
"""(hash key value, (sort key value,)), the second empty in a table without a sort key."""


@dataclass(frozen=True, slots=True, order=True)
class Version:
    """When and where an item was written; the later one wins, Regions break the tie by name."""

    at_ns: int
    region: str
    sequence: int


NEVER = Version(0, "", 0)


@dataclass(frozen=True, slots=True)
class Record:
    """An item's present state: `item` is None for a tombstone.

    `seen` is the newest version of another Region that this Region's run of writes had replaced.
    It tells a write that followed another from one that never knew of it.
    """

    item: Item | None
    version: Version
    seen: Version = NEVER


@dataclass(frozen=True, slots=True)
class Change:
    """One write as it took effect: the images before and after, None where there is no item."""

    key: Key
    old: Item | None
    new: Item | None
    record: Record


@dataclass(frozen=True, slots=True)
class Discarded:
    """A write that its conflict with another lost: the whole item version vanished (E2)."""

    key: Key
    lost: Version
    kept: Version


@dataclass(frozen=True, slots=True)
class Span:
    """Bounds on the leading parts of a sort key; an empty bound is none."""

    low: tuple[Any, ...] = ()
    low_open: bool = False
    high: tuple[Any, ...] = ()
    high_open: bool = False


class Order:
    """Keys by partition, in order of the sort key; partitions in order of the hash key."""

    __slots__ = ("_hashes", "_sorts")

    def __init__(self) -> None:
        self._hashes: list[Any] = []
        self._sorts: dict[Any, list[tuple[Any, ...]]] = {}

    def add(self, key: Key) -> None:
        partition, sort = key
        sorts = self._sorts.get(partition)
        if sorts is None:
            self._sorts[partition] = [sort]
            insort(self._hashes, partition)
        else:
            insort(sorts, sort)

    def remove(self, key: Key) -> None:
        partition, sort = key
        sorts = self._sorts[partition]
        del sorts[bisect_left(sorts, sort)]
        if not sorts:
            del self._sorts[partition]
            del self._hashes[bisect_left(self._hashes, partition)]

    def within(
        self,
        partition: Any,
        span: Span,
        after: tuple[Any, ...] | None = None,
        *,
        forward: bool = True,
    ) -> Iterator[Key]:
        """The keys of one partition inside `span`, in the direction asked, beyond sort `after`."""
        sorts = self._sorts.get(partition, [])
        first, last = _edges(sorts, span)
        if after is not None and forward:
            first = max(first, bisect_right(sorts, after))
        elif after is not None:
            last = min(last, bisect_left(sorts, after))
        positions = range(first, last) if forward else range(last - 1, first - 1, -1)
        return ((partition, sorts[i]) for i in positions)

    def walk(
        self, after: Key | None = None, keep: Callable[[Any], bool] = lambda _: True
    ) -> Iterator[Key]:
        """Every key in order, beyond `after`, of those partitions that `keep` accepts."""
        start = 0 if after is None else bisect_left(self._hashes, after[0])
        for partition in islice(self._hashes, start, None):
            if not keep(partition):
                continue
            sorts = self._sorts[partition]
            resumed = after is not None and partition == after[0]
            first = bisect_right(sorts, after[1]) if resumed and after else 0
            for sort in islice(sorts, first, None):
                yield partition, sort


def _edges(sorts: list[tuple[Any, ...]], span: Span) -> tuple[int, int]:
    """The positions in `sorts` where `span` begins and ends."""
    low, high = len(span.low), len(span.high)
    begin = bisect_right if span.low_open else bisect_left
    end = bisect_left if span.high_open else bisect_right
    first = begin(sorts, span.low, key=lambda sort: sort[:low]) if low else 0
    last = end(sorts, span.high, key=lambda sort: sort[:high]) if high else len(sorts)
    return first, last


class Feed:
    """The last changes of a table, numbered from 1; old ones fall off the far end."""

    def __init__(self, limit: int = 10_000) -> None:
        self._changes: deque[tuple[Change, dict[str, Any]]] = deque(maxlen=limit)
        self.next = 1

    @property
    def first(self) -> int:
        """The number of the oldest change still held."""
        return self.next - len(self._changes)

    def add(self, change: Change, **facts: Any) -> None:
        """Append `change` with what its reader should know about it."""
        self._changes.append((change, facts))
        self.next += 1

    def read(self, start: int, limit: int) -> list[tuple[int, Change, dict[str, Any]]]:
        """Up to `limit` changes from number `start` on.

        :raises LookupError: `start` has fallen off.
        """
        if start < self.first:
            raise LookupError(f"change {start} is trimmed; the oldest is {self.first}")
        offset = start - self.first
        picked = islice(self._changes, offset, offset + limit)
        return [(start + i, change, facts) for i, (change, facts) in enumerate(picked)]


@dataclass(frozen=True, slots=True)
class Index:
    """A second order over a table's items; `key_of` gives None for an item that it leaves out."""

    key_of: Callable[[Item], Key | None]
    order: Order


class Store:
    """The items, tombstones and indexes of one replica of a table."""

    def __init__(self) -> None:
        self._records: dict[Key, Record] = {}
        self.order = Order()
        self.indexes: dict[str, Index] = {}

    def __len__(self) -> int:
        """How many items there are; tombstones do not count."""
        return len(self._records) - self.tombstone_count

    tombstone_count = 0

    def get(self, key: Key) -> Item | None:
        record = self._records.get(key)
        return None if record is None else record.item

    def record(self, key: Key) -> Record | None:
        """The item's record, tombstones included."""
        return self._records.get(key)

    def every_key(self) -> list[Key]:
        """Every key ever written and not forgotten, tombstones included, as of now."""
        return list(self._records)

    def write(self, key: Key, item: Item | None, version: Version) -> Change:
        """A write of this Region, which has already passed its conditions here (E4)."""
        before = self._records.get(key)
        seen = NEVER
        if before is not None:
            ours = before.version.region == version.region
            seen = before.seen if ours else before.version
        return self._set(key, before, Record(item, version, seen))

    def merge(self, key: Key, record: Record) -> tuple[Change | None, Discarded | None]:
        """What arrived from another Region, by last writer wins for each item (E2).

        The change, or None if what is here is as new or newer; and the write that was lost by it,
        if the two did not know of each other and differ. Merging twice is merging once.
        """
        here = self._records.get(key)
        if here is None:
            return self._set(key, None, record), None
        if record.version == here.version:
            return None, None
        wins = record.version > here.version
        new, old = (record, here) if wins else (here, record)
        unaware = new.seen < old.version and new.version.region != old.version.region
        lost = unaware and new.item != old.item
        return (
            self._set(key, here, record) if wins else None,
            Discarded(key, old.version, new.version) if lost else None,
        )

    def _set(self, key: Key, before: Record | None, record: Record) -> Change:
        old = None if before is None else before.item
        new = record.item
        self._records[key] = record
        self.tombstone_count += (new is None) - (before is not None and old is None)
        if old is None and new is not None:
            self.order.add(key)
        elif old is not None and new is None:
            self.order.remove(key)
        for index in self.indexes.values():
            _reindex(index, old, new)
        return Change(key, old, new, record)

    def add_index(self, name: str, key_of: Callable[[Item], Key | None]) -> None:
        """Keep a second order, filled from the items that are there."""
        index = Index(key_of, Order())
        for record in self._records.values():
            _reindex(index, None, record.item)
        self.indexes[name] = index


def _reindex(index: Index, old: Item | None, new: Item | None) -> None:
    before = None if old is None else index.key_of(old)
    after = None if new is None else index.key_of(new)
    if before == after:
        return
    if before is not None:
        index.order.remove(before)
    if after is not None:
        index.order.add(after)
