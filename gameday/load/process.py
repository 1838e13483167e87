"""One load process: what its users share, from the first to the last request.

It reads the target and the options, hands each Locust user its client, and owns the recorder, the
ledger, the known items and the replication sampler. It knows nothing of Locust.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass, replace

import gevent
from gevent.event import Event

from gameday import clock
from gameday.clock import Clock
from gameday.errors import UsageError
from gameday.load.behaviours import behaviours
from gameday.load.client import GRACE_WALL_S, ClientPool, region_at
from gameday.load.connection import Endpoint, Trip
from gameday.load.items import Item, KnownItems
from gameday.load.ledger import Ledger, write_outcome
from gameday.load.logs import EVENTS, WRITES, Send, fault_began, open_log
from gameday.load.options import LoadOptions
from gameday.load.reads import Broken
from gameday.load.recorder import Recorder
from gameday.load.sampler import READS_PER_WALL_S, Reading, Sampler
from gameday.load.schedule import Client, Course, Turns, plan
from gameday.load.windows import WINDOW_WALL_S
from gameday.load.write import Write
from gameday.model import DELETE, UNATTRIBUTED, WriteOutcome
from gameday.name_servers import Lookups
from gameday.resolver import Network, RegionAddresses, ResolverCache, read_networks
from gameday.settings import Target
from gameday.workload.workload import Arrivals


@dataclass(frozen=True, slots=True)
class Share:
    """A process's part of the load: which clients of the plan are its own (None: all of them)."""

    process: int = 0
    processes: int = 1
    numbers: tuple[int, ...] | None = None
    send: Send | None = None  # how lines reach the master, from where there is no run directory


class LoadProcess:
    """The clients of a load and what is recorded of them."""

    def __init__(self, target: Target, options: LoadOptions) -> None:
        """
        :raises UsageError: the target names no endpoint and no host is given by the locustfile.
        """
        self.target, self.options, self.clock = target, options, Clock(target.speed)
        self.networks: tuple[Network, ...] = read_networks(target.networks_file)
        self.plan(options, target.seed)
        self._lookups = Lookups(target)
        own_name_cache = ResolverCache(self._lookups.near())
        self._regions = RegionAddresses(
            target.regions, target.endpoint or "", own_name_cache.get, known=target.region_addresses
        )
        self._sampler_cache = own_name_cache
        self.endpoint = Endpoint.of(target, self._regions.region_of)
        self.items = KnownItems()
        self._recorder: Recorder | None = None
        self._ledger = Ledger(None)
        self._sampler: Sampler | None = None
        self._greenlets: list[gevent.Greenlet] = []
        self._caches: dict[str, ResolverCache] = {}
        self.closed = False  # whether users send when they like, and not when the plan says
        self.course = Course(options.workload, self.clock, clock.monotonic())
        self._awaits_fault, self._hurried = False, Event()
        self._share, self._own, self._handed_out = Share(), list[int](), 0

    def plan(self, options: LoadOptions, seed: int) -> None:
        """Plan the whole load, of which this process may run only a part."""
        self.options = options
        self.clients = plan(
            options.mix, self.networks, options.rate_per_s, options.clients_per_population, seed,
            options.caches,
        )  # fmt: skip

    def default_host(self) -> str | None:
        """The URL of the shared name, when the target has one."""
        return self.url_of(self.target.endpoint) if self.target.endpoint else None

    def url_of(self, name: str) -> str:
        """The HTTPS URL of a name on the target's port."""
        return f"https://{name}:{self.target.https_port}"

    def start(self, share: Share) -> None:
        """A test begins, of which this process runs `share`."""
        numbers = range(len(self.clients)) if share.numbers is None else share.numbers
        self._share, self._own, self._handed_out = share, list(numbers), 0
        self._caches.clear()
        run_dir, process, send = self.target.run_dir, share.process, share.send
        self._ledger = Ledger(open_log(run_dir, WRITES, process, send))
        self.course = Course(self.options.workload, self.clock, clock.monotonic())
        self._awaits_fault = self.options.workload.surge != 1.0
        self._recorder = Recorder(open_log(run_dir, EVENTS, process, send), self.course)
        own = [self.clients[n] for n in self._own]
        rate_per_s = None if self.closed else self.options.rate_per_s
        self._recorder.start(
            own, rate_per_s, process, self.options.load, self.options.workload.is_even
        )
        self._recorder.event(
            "load.profiles", process=process, profiles=behaviours(c.profile for c in own)
        )
        self._greenlets = [gevent.spawn(self._tick)]
        if self.target.endpoint and len(self.target.regions) > 1:
            endpoint_name = self.target.endpoint
            self._sampler = Sampler(
                self.endpoint,
                lambda region: self.url_of(f"{region}.{endpoint_name}"),
                self._sampler_cache,
                self._sample,
                READS_PER_WALL_S / share.processes,
            )
            self._greenlets += self._sampler.spawn()

    def stopping(self) -> None:
        """The test is about to end: users are told to stop."""
        if self._recorder is not None:
            self._recorder.stopping()

    def stop(self) -> dict[str, int] | None:
        """The test has ended: write the rest; returns the totals, None when none was running."""
        if self._recorder is None:
            return None
        gevent.killall(self._greenlets)  # they write with it until they are gone
        recorder, self._recorder = self._recorder, None
        self._sampler = None
        recorder.end()
        self._ledger.close()
        return recorder.totals()

    @property
    def running(self) -> bool:
        """Whether a test is running here."""
        return self._recorder is not None

    def take_over(self, numbers: Sequence[int]) -> None:
        """Clients of a process that was lost become this one's, for users that are yet to come."""
        self._own += numbers

    @property
    def recorder(self) -> Recorder:
        """The recorder of the test that runs.

        :raises UsageError: none is running.
        """
        if self._recorder is None:
            raise UsageError("no load is running in this process")
        return self._recorder

    def next_client(self) -> Client:
        """The client that the next user is; more users than planned begin the plan anew.

        A client of a repeated plan has a name of its own: two under one name could not be told
        apart in what is recorded.
        """
        turn = self._handed_out
        self._handed_out += 1
        if turn < len(self._own):
            return self.clients[self._own[turn]]
        again, number = divmod(turn - len(self._own), len(self.clients))
        client = self.clients[number]
        return replace(client, id=f"{client.id}+{self._share.process}.{again + 1}")

    def turns(self, client: Client) -> Turns:
        """The client's schedule from now on: its first turn is at its phase."""
        now_s = self.course.base_s(clock.monotonic())
        if self.options.workload.arrivals is Arrivals.POISSON:
            rng = random.Random(f"arrivals {self.target.seed} {client.id}")
            return Turns.poisson(client.id, now_s, client.period_s, rng)
        return Turns.every(client.id, now_s + client.phase_s, client.period_s)

    def wait(self, turns: Turns) -> float:
        """Wall seconds until the next turn, 0 when it has come.

        While a surge may begin, which brings every turn nearer, they are waited for here.
        """
        while True:
            left = self.course.instant(turns.next_start()) - clock.monotonic()
            if left <= 0 or not self._awaits_fault:
                return max(0.0, left)
            self._hurried.wait(left)

    def surge(self) -> None:
        """The fault has begun: so does the surge, if the workload has one."""
        if self._awaits_fault:
            self._awaits_fault = False
            self.course.surge(clock.monotonic())
            self.recorder.event("load.surge", factor=self.options.workload.surge)
            self._hurried.set()
            self._hurried.clear()

    def connections(self, client: Client) -> ClientPool:
        """New connections for a client, over its own resolver cache."""
        cache = self._caches.get(client.cache)
        if cache is None:
            lookup = self._lookups.near(client.subnet)
            cache = ResolverCache(
                lookup, first_share=client.cache_share,
                ttl_min_s=self.clock.wall(client.profile.ttl_min_s), grace_s=GRACE_WALL_S,
            )  # fmt: skip
            self._caches[client.cache] = cache
        rng = random.Random(f"retries {self.target.seed} {client.id}")
        return ClientPool(
            self.endpoint, client.profile, client.network, cache, client.age_share, rng,
            client.name_share,
        )  # fmt: skip

    def region(self, trip: Trip) -> str:
        """The Region of a request: by header, else by address, else `unattributed`."""
        return region_at(trip, self.endpoint) or UNATTRIBUTED

    def wrote(self, client: Client, write: Write, outcome: str, trip: Trip) -> Item | None:
        """A write has ended: into the ledger; the item, if its write was acknowledged."""
        known, region = write_outcome(outcome, write.not_invoked), self.region(trip)
        answered = trip.answered or clock.monotonic()
        offset = self._recorder.wall_offset if self._recorder else 0.0
        self._ledger.record(
            key=write.key, item_id=write.item_id, client=client.id, region=region, outcome=known,
            acked_at=answered + offset, op=write.op,
        )  # fmt: skip
        if write.op == DELETE or write.item_id is None or known != WriteOutcome.ACKNOWLEDGED:
            return None
        item = Item(write.item_id, region, answered, write.version)
        self.items.add(item)
        if self._sampler:
            self._sampler.add(region, item.id, answered)
        return item

    def deletes(self, item: Item) -> None:
        """A client is about to delete the item: that it is missing says nothing from now on."""
        self.items.forget(item.id)
        if self._sampler:
            self._sampler.forget(item.id)

    def read(
        self, client: Client, item: Item, version: float, broken: Broken | None, trip: Trip
    ) -> None:
        """A read of a known item was answered; written down is what it should not have shown."""
        behind_s = self.clock.aws(trip.started - item.acked) if version < item.version else None
        self.recorder.read(
            trip.intended, broken, None if behind_s is None else round(behind_s, 3),
            client=client.id, id=item.id, region=self.region(trip), written_in=item.region,
        )  # fmt: skip

    def _sample(self, writer: str, reader: str, reading: Reading) -> None:
        self.recorder.event(
            "load.sample", writer=writer, reader=reader, behind_s=round(reading.behind_s, 3),
            read=reading.read, missing=reading.missing,
        )  # fmt: skip

    def _tick(self) -> None:
        following = clock.monotonic()
        while True:
            following += WINDOW_WALL_S
            gevent.sleep(max(0.0, following - clock.monotonic()))
            if self._awaits_fault and fault_began(self.target.run_dir):
                self.surge()
            self.recorder.tick()
            self._ledger.flush()
