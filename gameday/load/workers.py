"""One load over several Locust processes: who runs which clients, who was lost, whose clock is off.

The master deals the numbers of one plan, so the offered rate is that of the whole load whatever
the number of workers. It knows Locust's runners only by what they offer, and imports nothing of it.
"""

from __future__ import annotations

import logging
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

import gevent

from gameday import clock
from gameday.journal import EventLog
from gameday.load import logs
from gameday.load.options import LoadOptions
from gameday.load.process import LoadProcess, Share
from gameday.load.windows import WINDOW_WALL_S

PLAN, LINES, CLOCK, SURGE = "gameday_plan", "gameday_lines", "gameday_clock", "gameday_surge"
WATCH_WALL_S = 0.5
END_WITHIN_WALL_S = 3.0

logger = logging.getLogger("gameday")


@dataclass(frozen=True, slots=True)
class Order:
    """What the master tells a worker: the load as a whole, and the worker's part of it."""

    clients: str
    rate_per_s: float
    clients_per_population: int
    caches: int | None
    load: str
    seed: int
    process: int
    processes: int
    numbers: list[int] = field(repr=False)
    send_lines: bool = False


def dealt(kinds: Mapping[int, str], worker_ids: Sequence[str]) -> dict[str, list[int]]:
    """The numbers of clients over the workers: to each as many of every kind, give or take one.

    Number by number would give all of one network to one worker, and the loss of that worker would
    look like a failover. Workers stand in the order in which Locust gives them users, so that
    none gets a user without a client: the first of every host, then the second of each
    (`UsersDispatcher`).

    :param kinds: what each client is, by its number.
    """
    on_host: defaultdict[str, int] = defaultdict(int)
    places = []
    for worker_id in sorted(worker_ids):
        host = worker_id.split("_")[0]
        places.append((on_host[host], worker_id))
        on_host[host] += 1
    by_kind = sorted(kinds, key=lambda n: (kinds[n], n))
    return {
        worker_id: sorted(by_kind[turn :: len(places)])
        for turn, (_, worker_id) in enumerate(sorted(places))
    }


@dataclass(frozen=True, slots=True)
class Skew:
    """By how much a worker's clock is ahead of the master's, in wall seconds."""

    ahead_s: float
    uncertain_s: float

    @property
    def beyond_a_window(self) -> bool:
        """Whether the clocks surely disagree by more than a window."""
        return abs(self.ahead_s) - self.uncertain_s > WINDOW_WALL_S


def skew(asked: float, answered: float, received: float) -> Skew:
    """The skew from one question: asked and received by the master's clock (Cristian 1989)."""
    return Skew(answered - (asked + received) / 2.0, (received - asked) / 2.0)


class Master:
    """The master's part: it makes no request itself."""

    def __init__(self, runner: Any, load: LoadProcess) -> None:
        self._runner, self._load = runner, load
        self._numbers: dict[str, list[int]] = {}
        self._lost: set[str] = set()
        self._log: EventLog | None = None
        self._watch: gevent.Greenlet | None = None
        runner.register_message(LINES, self._lines)
        runner.register_message(CLOCK, self._clock)

    def start(self) -> None:
        """A test begins: every worker gets its part before Locust gives it users."""
        run_dir = self._load.target.run_dir
        self._log = EventLog(run_dir / "events" / "load-master.jsonl") if run_dir else None
        clients = self._runner.clients
        ids = [c.id for c in (*clients.ready, *clients.running, *clients.spawning)]
        self._numbers, self._lost = dealt(self._kinds(range(len(self._load.clients))), ids), set()
        for worker_id, numbers in self._numbers.items():
            self._send_plan(worker_id, numbers)
            self._runner.send_message(CLOCK, {"asked": clock.now()}, client_id=worker_id)
        self._watch = gevent.spawn(self._watch_workers)

    def stop(self) -> None:
        """The test has ended."""
        if self._watch is not None:
            self._watch.kill()
            self._watch = None

    def await_ends(self) -> None:
        """The test has ended; wait until the workers that are left have written their ends."""
        run_dir = self._load.target.run_dir
        if run_dir is None:
            return
        waiting = {self._process(w) for w in self._numbers if w not in self._lost}
        deadline = clock.monotonic() + END_WITHIN_WALL_S
        while waiting and clock.monotonic() < deadline:
            waiting = {
                n for n in waiting if not logs.has_ended(logs.path_of(run_dir, logs.EVENTS, n))
            }
            gevent.sleep(0.02)

    def _kinds(self, numbers: Iterable[int]) -> dict[int, str]:
        """The profile and the network of each of these clients."""
        clients = self._load.clients
        return {n: f"{clients[n].profile.name}.{clients[n].network.id}" for n in numbers}

    def _process(self, worker_id: str) -> int:
        return int(self._runner.get_worker_index(worker_id))

    def _send_plan(self, worker_id: str, numbers: list[int]) -> None:
        options, target = self._load.options, self._load.target
        order = Order(
            options.clients, options.rate_per_s, options.clients_per_population, options.caches,
            options.load, target.seed, self._process(worker_id), len(self._numbers), numbers,
            target.run_dir is not None,
        )  # fmt: skip
        self._runner.send_message(PLAN, asdict(order), client_id=worker_id)

    def _watch_workers(self) -> None:
        surging = self._load.options.workload.surge == 1.0
        while True:
            gevent.sleep(WATCH_WALL_S)
            clients = self._runner.clients
            here = {c.id for c in clients.all} - {c.id for c in clients.missing}
            for worker_id in set(self._numbers) - self._lost - here:
                self._lose(worker_id)
            if not surging and logs.fault_began(self._load.target.run_dir):
                surging = True
                self._runner.send_message(SURGE, {})

    def _lose(self, worker_id: str) -> None:
        """A worker is lost: say so, and leave its clients to those whom Locust gives its users."""
        self._lost.add(worker_id)
        process, numbers = self._process(worker_id), self._numbers[worker_id]
        logger.warning(
            "gameday: worker %s (load process %d) is lost with %d of %d clients",
            worker_id, process, len(numbers), len(self._load.clients),
        )  # fmt: skip
        if self._log:
            self._log.append("load.lost", process=process, worker=worker_id, clients=len(numbers))
        left = [w for w in self._numbers if w not in self._lost]
        for heir, part in dealt(self._kinds(numbers), left).items() if left else ():
            self._send_plan(heir, part)

    def _lines(self, environment: Any, msg: Any, **_: Any) -> None:
        run_dir, name = self._load.target.run_dir, msg.data["log"]
        if run_dir is not None and name in (logs.EVENTS, logs.WRITES):
            path = logs.path_of(run_dir, name, self._process(msg.node_id))
            logs.append_lines(path, msg.data["lines"])

    def _clock(self, environment: Any, msg: Any, **_: Any) -> None:
        found = skew(msg.data["asked"], msg.data["answered"], clock.now())
        process = self._process(msg.node_id)
        if found.beyond_a_window:
            logger.warning(
                "gameday: the clock of worker %s (load process %d) is %+.2f s off; set it by NTP",
                msg.node_id, process, found.ahead_s,
            )  # fmt: skip
        if self._log:
            self._log.append(
                "load.clock", process=process, worker=msg.node_id,
                ahead_wall_s=round(found.ahead_s, 4), uncertain_wall_s=round(found.uncertain_s, 4),
                agrees=not found.beyond_a_window,
            )  # fmt: skip


class Worker:
    """A worker's part: it runs the clients that the master names."""

    def __init__(self, runner: Any, load: LoadProcess) -> None:
        self._runner, self._load = runner, load
        self._share: Share | None = None
        runner.register_message(PLAN, self._plan)
        runner.register_message(CLOCK, self._clock)
        runner.register_message(SURGE, lambda **_: load.surge())

    def share(self) -> Share:
        """This worker's part; one that joined a running test begins the plan anew."""
        return self._share or Share(process=self._runner.worker_index, numbers=())

    def _plan(self, environment: Any, msg: Any, **_: Any) -> None:
        order = Order(**msg.data)
        if self._load.running:
            self._load.take_over(order.numbers)
            return
        options = LoadOptions.of(
            order.clients, order.rate_per_s, order.clients_per_population, order.caches, order.load
        )
        self._load.plan(options, order.seed)
        send = self._sender() if order.send_lines else None
        self._share = Share(order.process, order.processes, tuple(order.numbers), send)

    def _clock(self, environment: Any, msg: Any, **_: Any) -> None:
        self._runner.send_message(CLOCK, {**msg.data, "answered": clock.now()})

    def _sender(self) -> Callable[[str, str], None]:
        return lambda log, lines: self._runner.send_message(LINES, {"log": log, "lines": lines})
