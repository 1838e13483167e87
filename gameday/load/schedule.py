"""Who sends when: an open workload, in which every request has an intended start time.

Arrivals do not wait for answers. A client has one request in flight; a request whose turn comes
meanwhile starts late and is still counted from its intended start, never dropped.
"""

from __future__ import annotations

import heapq
import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from gameday.load.profiles import ClientProfile, Mix
from gameday.resolver import Network


@dataclass(frozen=True, slots=True)
class Client:
    """One simulated client: a profile in a network, behind a cache of its population."""

    id: str
    profile: ClientProfile
    network: Network
    cache: str
    cache_share: float  # of the TTL that its resolver's first answer has left, 0..1
    age_share: float  # of the maximum age after which its first connection is dropped
    period_s: float  # AWS seconds between two intended starts
    phase_s: float  # AWS seconds from the start of the load to the first of them


def plan(
    mix: Mix,
    networks: Sequence[Network],
    rate_per_s: float,
    per_population: int,
    seed: int,
    caches: int | None = None,
) -> list[Client]:
    """The clients of a load, populations alternating, so that any first few of them are mixed.

    A population is one profile in one network; each profile's share of the requests is spread
    evenly over the networks, and each population's over its clients. Phases, cache ages and
    connection ages are spread evenly over their range and dealt to the clients by the seed: caches
    that were filled together would all move in one instant, and no two runs would agree.

    :param caches: resolver caches of a population, shared by its clients; one for each unless said.
    """
    caches = min(caches or per_population, per_population)
    rng = random.Random(f"load {seed}")
    populations = [(p, share / len(networks), n) for p, share in mix for n in networks]
    columns = []
    for index, (profile, share, network) in enumerate(populations):
        period_s = per_population / (rate_per_s * share)
        offset = index / len(populations)
        slots = [rng.sample(range(per_population), per_population) for _ in range(3)]
        columns.append(
            [
                Client(
                    id=f"{profile.name}.{network.id}.{number}",
                    profile=profile,
                    network=network,
                    cache=f"{profile.name}.{network.id}.{cache % caches}",
                    cache_share=(cache % caches + 0.5) / caches,
                    age_share=(age + 1.0) / per_population,
                    period_s=period_s,
                    phase_s=(turn + offset) / per_population * period_s,
                )
                for number, (turn, cache, age) in enumerate(zip(*slots, strict=True))
            ]
        )
    return [client for row in zip(*columns, strict=True) for client in row]


class Turns:
    """One client's intended starts: `first`, then every `period`, on any one clock."""

    __slots__ = ("begun", "client", "first", "offered", "period")

    def __init__(self, client: str, first: float, period: float) -> None:
        self.client, self.first, self.period = client, first, period
        self.offered = self.begun = 0

    def next_start(self) -> float:
        """When the next request that has not begun is meant to start."""
        return self.first + self.begun * self.period

    def begin(self) -> float:
        """Take the next turn; returns its intended start."""
        start = self.next_start()
        self.begun += 1
        return start

    def ahead(self) -> list[float]:
        """The intended starts that were taken before they were counted as offered; now they are."""
        starts = [self.first + n * self.period for n in range(self.offered, self.begun)]
        self.offered += len(starts)
        return starts

    def unsent(self) -> Iterator[float]:
        """The intended starts that came and were not taken."""
        return (self.first + n * self.period for n in range(self.begun, self.offered))


class Arrivals:
    """The intended starts of all clients that are running, in order."""

    def __init__(self) -> None:
        self._heap: list[tuple[float, int, Turns]] = []
        self._joined = 0

    def join(self, turns: Turns) -> None:
        """A client begins to run."""
        self._joined += 1
        heapq.heappush(self._heap, (turns.first, self._joined, turns))

    def leave(self, turns: Turns) -> None:
        """A client stops: nothing more is offered for it."""
        self._heap = [entry for entry in self._heap if entry[2] is not turns]
        heapq.heapify(self._heap)

    def due(self, until: float) -> list[float]:
        """The intended starts before `until` that were not returned before."""
        starts = []
        while self._heap and self._heap[0][0] < until:
            start, order, turns = self._heap[0]
            turns.offered += 1
            starts.append(start)
            following = turns.first + turns.offered * turns.period
            heapq.heapreplace(self._heap, (following, order, turns))
        return starts
