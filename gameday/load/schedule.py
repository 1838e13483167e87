"""Who sends when: an open workload, in which every request has an intended start time.

Arrivals do not wait for answers. A client has one request in flight; a request whose turn comes
meanwhile starts late and is still counted from its intended start, never dropped.
"""

from __future__ import annotations

import heapq
import random
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from gameday.clock import Clock
from gameday.load.profiles import ClientProfile, Mix
from gameday.resolver import Network
from gameday.workload.pace import Pace
from gameday.workload.workload import Workload


@dataclass(frozen=True, slots=True)
class Client:
    """One simulated client: a profile in a network, behind a cache of its population."""

    id: str
    profile: ClientProfile
    network: Network
    subnet: str | None  # what its resolver tells Route 53 of where it is
    cache: str
    cache_share: float  # of the TTL that its resolver's first answer has left, 0..1
    age_share: float  # of the maximum age after which its first connection is dropped
    name_share: float  # of the time that it keeps its own first answer, 0..1
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
    evenly over the networks, and each population's over its clients. Phases and the ages of caches,
    connections and clients' own answers are spread evenly over their range and dealt to the clients
    by the seed: caches that were filled together would all move in one instant, and no two runs
    would agree.

    :param caches: resolver caches of a population, shared by its clients; one for each unless said.
        They are dealt to the resolvers of the network in turn.
    """
    caches = min(caches or per_population, per_population)
    rng = random.Random(f"load {seed}")
    populations = [(p, share / len(networks), n) for p, share in mix for n in networks]
    columns = []
    for index, (profile, share, network) in enumerate(populations):
        period_s = per_population / (rate_per_s * share)
        offset = index / len(populations)
        slots = [rng.sample(range(per_population), per_population) for _ in range(4)]
        columns.append(
            [
                Client(
                    id=f"{profile.name}.{network.id}.{number}",
                    profile=profile,
                    network=network,
                    subnet=network.subnets[cache % caches % len(network.subnets)],
                    cache=f"{profile.name}.{network.id}.{cache % caches}",
                    cache_share=(cache % caches + 0.5) / caches,
                    age_share=(age + 1.0) / per_population,
                    name_share=(name + 0.5) / per_population,
                    period_s=period_s,
                    phase_s=(turn + offset) / per_population * period_s,
                )
                for number, (turn, cache, age, name) in enumerate(zip(*slots, strict=True))
            ]
        )
    return [client for row in zip(*columns, strict=True) for client in row]


class Course:
    """The pace of a load on one process's clock: base seconds and instants, both ways.

    Instants are seconds of the monotonic clock.
    """

    def __init__(self, workload: Workload, speed: Clock, start: float) -> None:
        self.clock = speed
        self._pace, self._start = Pace(workload), start

    def base_s(self, instant: float) -> float:
        """How much is asked until then."""
        return self._pace.base_s(max(0.0, self.clock.aws(instant - self._start)))

    def instant(self, base_s: float) -> float:
        """When so much is asked."""
        return self._start + self.clock.wall(self._pace.t_s(base_s))

    def surge(self, instant: float) -> None:
        """The fault begins."""
        self._pace.surge(self.clock.aws(instant - self._start))


class Turns:
    """One client's intended starts, in base seconds of the load's pace, whoever asks first.

    A start is *offered* when its time has come and *begun* when the client sends; either may be
    ahead of the other, and what lies between is kept.
    """

    __slots__ = ("_between", "_gap", "_next", "begun", "client", "offered")

    def __init__(self, client: str, first: float, gap: Callable[[], float]) -> None:
        """`gap` says how long after a start the next one is."""
        self.client, self._gap, self._next = client, gap, first
        self._between = deque[float]()
        self.offered = self.begun = 0

    @classmethod
    def every(cls, client: str, first: float, period: float) -> Turns:
        """Starts at even intervals."""
        return cls(client, first, lambda: period)

    @classmethod
    def poisson(cls, client: str, now: float, period: float, rng: random.Random) -> Turns:
        """Starts at independent instants from `now` on, on average one in `period`."""

        def gap() -> float:
            return rng.expovariate(1.0 / period)

        return cls(client, now + gap(), gap)

    def next_start(self) -> float:
        """When the next request that has not begun is meant to start."""
        return self._between[0] if self.offered > self.begun else self._next

    def next_offer(self) -> float:
        """When the next start that was not offered is."""
        return self._between[0] if self.begun > self.offered else self._next

    def begin(self) -> float:
        """Take the next turn; returns its intended start."""
        start = self._between.popleft() if self.offered > self.begun else self._pass()
        self.begun += 1
        return start

    def offer(self) -> float:
        """Count the next start as offered; returns it."""
        start = self._between.popleft() if self.begun > self.offered else self._pass()
        self.offered += 1
        return start

    def ahead(self) -> list[float]:
        """The starts that were taken before they were counted as offered; now they are."""
        return [self.offer() for _ in range(self.begun - self.offered)]

    def unsent(self) -> list[float]:
        """The starts that came and were not taken; now nothing waits."""
        return [self.begin() for _ in range(self.offered - self.begun)]

    def _pass(self) -> float:
        """Go on to the start after the next, which is kept until the other side has it, too."""
        start = self._next
        self._between.append(start)
        self._next = start + self._gap()
        return start


class Arrivals:
    """The intended starts of all clients that are running, in order."""

    def __init__(self) -> None:
        self._heap: list[tuple[float, int, Turns]] = []
        self._joined = 0

    def join(self, turns: Turns) -> None:
        """A client begins to run."""
        self._joined += 1
        heapq.heappush(self._heap, (turns.next_offer(), self._joined, turns))

    def leave(self, turns: Turns) -> None:
        """A client stops: nothing more is offered for it."""
        self._heap = [entry for entry in self._heap if entry[2] is not turns]
        heapq.heapify(self._heap)

    def due(self, until: float) -> list[float]:
        """The intended starts before `until` that were not returned before."""
        starts = []
        while self._heap and self._heap[0][0] < until:
            _, order, turns = self._heap[0]
            starts.append(turns.offer())
            heapq.heapreplace(self._heap, (turns.next_offer(), order, turns))
        return starts
