"""How far one Region's data is behind another's, seen from outside by reading what was written.

A reading asks the other Region, by its own name, for writes that it has not yet been seen to hold,
the oldest first, until one is missing: the age of that one is what the Region is behind. At most
ten reads a second of wall time are made in all, whatever the rate of writes.
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
from gameday.load.client import ClientPool, Endpoint, Trip
from gameday.load.items import Item
from gameday.load.profiles import profile
from gameday.resolver import Network, ResolverCache

READS_PER_WALL_S = 10.0
READS_PER_READING = 4
HORIZON_S = 3.0
"""AWS seconds after which a write that was never asked for is passed over."""

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
        self._behind_s = 0.0

    def add(self, item: Item) -> None:
        self._writes.append(item)

    def take_reading(self, holds: Callable[[Item], bool | None]) -> Reading | None:
        """Ask `holds` for the oldest writes; None when it could not tell, or asked its fill.

        When every one of the reads allowed succeeded and more writes are left, the older half of
        those is passed over: the Region is catching up faster than it can be asked.
        """
        self._pass_over()
        read = 0
        while self._writes and read < READS_PER_READING:
            item = self._writes[0]
            age_s = self._age_s(item)
            held = holds(item)
            if held is None:
                return None
            read += 1
            if not held:
                item.missed = True
                self._behind_s = age_s
                return Reading(age_s, read, 1)
            self._writes.popleft()
        if self._writes:
            for _ in range(len(self._writes) // 2):
                self._writes.popleft()
            return None
        self._behind_s = 0.0
        return Reading(0.0, read, 0)

    def _pass_over(self) -> None:
        """Drop what is too old to say anything new, unless it is known to be missing."""
        horizon_s = max(HORIZON_S, 2.0 * self._behind_s)
        while self._writes and not self._writes[0].missed:
            if self._age_s(self._writes[0]) <= horizon_s:
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
    ) -> None:
        self._endpoint, self._base_url, self._cache, self._emit = endpoint, base_url, cache, emit
        regions = endpoint.target.regions
        self._pairs = {pair: Pending(endpoint.clock) for pair in permutations(regions, 2)}

    def add(self, region: str, item_id: str, acked: float) -> None:
        """A write was acknowledged by `region`."""
        for (writer, _), pending in self._pairs.items():
            if writer == region:
                pending.add(Item(item_id, region, acked))

    def spawn(self) -> list[gevent.Greenlet]:
        """Start one greenlet for each ordered pair of Regions."""
        return [gevent.spawn(self._run, *pair) for pair in self._pairs]

    def _run(self, writer: str, reader: str) -> None:
        pool = ClientPool(self._endpoint, profile("pooled"), Network("sampler"), self._cache)
        url, pending = self._base_url(reader), self._pairs[writer, reader]
        pace_s = len(self._pairs) / READS_PER_WALL_S

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
