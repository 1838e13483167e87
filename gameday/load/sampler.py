"""How far one Region's data is behind another's, seen from outside by reading what was written.

A reading looks for the oldest recent write that the other Region, asked by its own name, does not
hold yet: the age of that one is what the Region is behind. Replication keeps roughly to the order
of the writes, so the place between held and missing is found by halving. Ten reads a second of
wall time are made in all, whatever the rate of writes.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import permutations

import gevent
from geventhttpclient.response import HTTPParseError

from gameday import clock
from gameday.clock import Clock
from gameday.load.client import ClientPool
from gameday.load.connection import Endpoint, Trip
from gameday.load.items import Item
from gameday.load.profiles import profile
from gameday.resolver import Network, ResolverCache

READS_PER_WALL_S = 10.0
HORIZON_S = 3.0
"""AWS seconds that are looked back while nothing is missing."""

PENDING_MAX = 10_000


@dataclass(frozen=True, slots=True)
class Reading:
    """What one look at a Region showed; `behind_s` in AWS seconds, 0 when nothing was missing."""

    behind_s: float
    read: int
    missing: int


class Pending:
    """The writes of one Region that another has not been seen to hold, oldest first."""

    def __init__(self, speed: Clock) -> None:
        self._clock = speed
        self._writes: deque[Item] = deque(maxlen=PENDING_MAX)
        self._missing: Item | None = None  # the oldest write that was not there

    def add(self, item: Item) -> None:
        self._writes.append(item)

    def forget(self, item_id: str) -> None:
        """It is being deleted: nobody can be behind for lack of it."""
        kept = [item for item in self._writes if item.id != item_id]
        self._writes = deque(kept, maxlen=PENDING_MAX)
        if self._missing is not None and self._missing.id == item_id:
            self._missing = None

    def take_reading(self, holds: Callable[[Item], bool | None]) -> Reading | None:
        """Ask `holds` for writes until the oldest missing one is known.

        None when there is no recent write, or `holds` could not tell.
        """
        self._forget()
        writes = list(self._writes)
        low, high, read, behind_s = 0, len(writes), 0, 0.0
        while low < high:  # those before `low` are held, from `high` on missing
            middle = (low + high) // 2
            age_s, held = self._age_s(writes[middle]), holds(writes[middle])
            if held is None:
                return None
            read += 1
            if held:
                low = middle + 1
            else:
                high, behind_s = middle, age_s
        if not read:
            return None
        self._missing = writes[high] if high < len(writes) else None
        return Reading(behind_s, read, len(writes) - high)

    def _forget(self) -> None:
        """Drop what is too old to say anything new, but nothing that was seen to be missing."""
        while self._writes and self._writes[0] is not self._missing:
            if self._missing is None and self._age_s(self._writes[0]) <= HORIZON_S:
                return
            self._writes.popleft()

    def _age_s(self, item: Item) -> float:
        return self._clock.aws(clock.monotonic() - item.acked)


class Sampler:
    """Reads every Region's new items in every other one, until it is killed."""

    def __init__(
        self,
        endpoint: Endpoint,
        base_url: Callable[[str], str],
        cache: ResolverCache,
        emit: Callable[[str, str, Reading], None],
        reads_per_wall_s: float = READS_PER_WALL_S,
    ) -> None:
        """`reads_per_wall_s`: this process's part of what all of them read."""
        self._reads_per_wall_s = reads_per_wall_s
        self._endpoint, self._base_url, self._cache, self._emit = endpoint, base_url, cache, emit
        regions = endpoint.target.regions
        self._pairs = {pair: Pending(endpoint.clock) for pair in permutations(regions, 2)}

    def add(self, region: str, item_id: str, acked: float) -> None:
        """A write was acknowledged by `region`."""
        for (writer, _), pending in self._pairs.items():
            if writer == region:
                pending.add(Item(item_id, region, acked))

    def forget(self, item_id: str) -> None:
        """An item is being deleted."""
        for pending in self._pairs.values():
            pending.forget(item_id)

    def spawn(self) -> list[gevent.Greenlet]:
        """Start one greenlet for each ordered pair of Regions."""
        return [gevent.spawn(self._run, *pair) for pair in self._pairs]

    def _run(self, writer: str, reader: str) -> None:
        pool = ClientPool(self._endpoint, profile("pooled"), Network("sampler"), self._cache)
        url, pending = self._base_url(reader), self._pairs[writer, reader]
        pace_s = len(self._pairs) / self._reads_per_wall_s

        def holds(item: Item) -> bool | None:
            pool.trip = Trip(0.0, 0.0)
            return _holds(pool, f"{url}/items/{item.id}", reader)

        for reading in _paced(pending, holds, pace_s):
            self._emit(writer, reader, reading)


def _paced(
    pending: Pending, holds: Callable[[Item], bool | None], pace_s: float
) -> Iterator[Reading]:
    """Readings for ever, `pace_s` of wall time after each read that they cost."""
    reads = 0

    def counted(item: Item) -> bool | None:
        nonlocal reads
        reads += 1
        return holds(item)

    while True:
        reads = 0
        reading = pending.take_reading(counted)
        if reading is not None and reading.read:
            yield reading
        gevent.sleep(pace_s * max(1, reads))


def _holds(pool: ClientPool, url: str, reader: str) -> bool | None:
    """Whether the Region has the item; None when it gave no answer that tells."""
    client = pool.get_client(url)
    try:
        response = client.request("GET", url[url.index("/", len("https://")) :])
    except (OSError, HTTPParseError):
        return None
    if response.status_code == 404 and pool.trip.region in (reader, None):
        return False
    return True if response.status_code == 200 else None
