"""`FailoverUser`: a Locust user that is one client with a profile, a network and a schedule.

Derive from it as from FastHttpUser and use `self.client` as ever. Its requests follow DNS as its
profile does, start when the open schedule says, are timed from then, and are named with the Region
that answered. Importing this module registers its listeners with Locust.
"""

from __future__ import annotations

import gc
import random
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import gevent
from locust import FastHttpUser, events, log
from locust.runners import MasterRunner, WorkerRunner

from gameday import clock, settings
from gameday.errors import GamedayError
from gameday.load.adopt import adopt
from gameday.load.client import ClientPool
from gameday.load.connection import Trip
from gameday.load.dashboard import pages
from gameday.load.items import Item
from gameday.load.options import load_options
from gameday.load.outcome import WrongRegion
from gameday.load.process import LoadProcess, Share
from gameday.load.reads import ABSENT, Session
from gameday.load.refusals import refusal
from gameday.load.schedule import Client, Turns
from gameday.load.session import FailoverSession
from gameday.load.workers import Master, Worker
from gameday.load.write import Write, json_of, version_of
from gameday.model import DELETE

__all__ = ["FailoverUser", "WrongRegion", "json_of"]


class FailoverUser(FastHttpUser):  # type: ignore[misc]
    """One client. A subclass that defines `on_start` or `on_stop` calls this class's own too."""

    abstract = True
    host: str | None = None

    def __init__(self, environment: Any) -> None:
        self.load: LoadProcess = environment.gameday_load
        self.who: Client = self.load.next_client()
        self.random = random.Random(f"{self.load.target.seed} {self.who.id}")
        self.pool: ClientPool = self.load.connections(self.who)
        self.host = environment.host or self.host or self.load.default_host()
        super().__init__(environment)
        self.client = FailoverSession(
            self, base_url=self.host, user=self,
            max_retries=self.max_retries, max_redirects=self.max_redirects,
        )  # fmt: skip
        self.outcome = ""
        self._turns: Turns | None = None
        self._own: Item | None
        self._turn_taken = False
        self._writes = 0
        self._session, self._own = Session(), None

    def on_start(self) -> None:
        """Join the schedule and wait for the first turn."""
        if not (self.load.options.workload.is_open and _is_open(type(self))):
            gevent.sleep(self.load.clock.wall(self.who.phase_s))
            return
        self._turns = self.load.turns(self.who)
        self.load.recorder.join(self._turns)
        gevent.sleep(self.wait_time())

    def on_stop(self) -> None:
        """Leave the schedule."""
        if self._turns is not None:
            self.load.recorder.leave(self._turns)
            self._turns = None
        self.pool.close()

    def wait_time(self) -> float:
        """Wall seconds until the next turn; 0 when it has come while a request was in flight.

        Of a closed load: how long a client thinks after an answer.
        """
        if self._turns is None:
            return self.load.clock.wall(self.who.period_s)
        self._turn_taken = False
        return self.load.wait(self._turns)

    def begin(self) -> Trip:
        """A request starts now; the first of a turn was meant to start at that turn."""
        recorder = self.load.recorder
        if self._turns is None or self._turn_taken:
            intended = recorder.begin_extra()
        else:
            self._turn_taken = True
            intended = recorder.begin(self._turns)
        self.pool.trip = Trip(intended, clock.monotonic())
        return self.pool.trip

    def known_item(self, age_s: float) -> Item | None:
        """Any item that was acknowledged at least `age_s` AWS seconds ago."""
        return self.load.items.pick(self.random, self.load.clock.wall(age_s))

    @property
    def answered_by(self) -> str:
        """The Region of the last request."""
        return self.load.region(self.pool.trip)

    def own_item(self, age_s: float) -> Item | None:
        """What this client wrote last, when that was at least `age_s` AWS seconds ago."""
        item = self._own
        old = clock.monotonic() - self.load.clock.wall(age_s)
        if item is None or item.acked > old or self.load.items.is_gone(item.id):
            return None
        return item

    def saw(self, item: Item, response: Any) -> None:
        """Check a read of the item: is it stale, and was something newer seen here before?

        An answer that is neither 2xx nor 404 says nothing about the item.
        """
        if self.load.items.is_gone(item.id):
            return
        if response.status_code == 404:
            version = ABSENT
        elif 200 <= response.status_code < 300:
            version = version_of(json_of(response) or {})
        else:
            return
        broken = self._session.read(item.id, version)
        self.load.read(self.who, item, version, broken, self.pool.trip)

    @contextmanager
    def writing(self) -> Iterator[Write]:
        """A write with a new idempotency key; it enters the ledger whatever becomes of it."""
        yield from self._changing(Write(self._key()))

    @contextmanager
    def deleting(self, item: Item) -> Iterator[Write]:
        """A delete of an item; it enters the ledger whatever becomes of it."""
        self.load.deletes(item)
        yield from self._changing(Write(self._key(), DELETE, item.id))

    def _key(self) -> str:
        self._writes += 1
        seed, start = self.load.target.seed, f"{self.random.getrandbits(48):012x}"
        return f"{self.who.id}.{self._writes}.{seed}.{start}"

    def _changing(self, write: Write) -> Iterator[Write]:
        self.outcome = "reset"  # killed in flight: it may have happened
        try:
            yield write
        finally:
            item = self.load.wrote(self.who, write, self.outcome, self.pool.trip)
            if write.op == DELETE and write.item_id:
                self._session.deleted(write.item_id)
            elif item is not None:
                self._own = item
                self._session.wrote(item.id, item.version)


def _arguments(parser: Any) -> None:
    parser.set_defaults(exit_code_on_error=None)  # `_quitting` says, where nobody else does
    group = parser.add_argument_group("gameday", "who the clients are and how much they ask")
    group.add_argument("--clients", help="PROFILE=PERCENT,... (GAMEDAY_CLIENTS)")
    group.add_argument("--rate", help="requests per AWS second (GAMEDAY_RATE_PER_S)")
    group.add_argument(
        "--clients-per-population", help="of each profile in each network, 20 by default"
    )
    group.add_argument("--caches", help="resolver caches of each, as many as clients by default")
    group.add_argument(
        "--load", help="constant, poisson or closed, and ramp_s=60,surge=1.5,... (GAMEDAY_LOAD)"
    )


def _init(environment: Any, **_: Any) -> None:
    """Read target and options; as many users as there are clients, all at once, unless told."""
    parsed = environment.parsed_options
    try:
        options = load_options(
            parsed.clients, parsed.rate, parsed.clients_per_population, parsed.caches, parsed.load
        )
        target = settings.current()
        if environment.web_ui:
            target = pages.with_run_dir(target)
            pages.add(environment.web_ui, target, parsed.web_base_path or "")
        environment.gameday_load = load = LoadProcess(target, options)
    except GamedayError as error:
        sys.exit(f"gameday: {error}")
    strangers = [c for c in environment.user_classes if not issubclass(c, FailoverUser)]
    load.closed = not (
        load.options.workload.is_open and all(map(_is_open, environment.user_classes))
    )
    for user_class in strangers:
        adopt(user_class, load)
    hosts = [c.host for c in environment.user_classes if c.host]
    environment.host = environment.host or (None if hosts else load.default_host())
    if parsed.num_users is None:
        parsed.num_users = len(load.clients)
    if parsed.spawn_rate is None:
        parsed.spawn_rate = parsed.num_users
    environment.gameday_role = role = _role(environment.runner, load)
    if environment.shape_class is not None:
        gevent.signal_handler(signal.SIGTERM, _end_shape, environment)
    if reason := refusal(environment, load, resolves=not isinstance(role, Worker)):
        sys.exit(f"gameday: {reason}")


def _is_open(user_class: Any) -> bool:
    """Whether its users follow the schedule: those with a wait time of their own do not."""
    return getattr(user_class, "wait_time", None) is FailoverUser.wait_time


def _end_shape(environment: Any) -> None:
    """Locust without a web page listens to SIGTERM only when a shape has come to its end."""
    if environment.runner.shape_greenlet is not None:
        environment.runner.shape_greenlet.kill(block=False)


def _role(runner: Any, load: LoadProcess) -> Master | Worker | None:
    """What this process is in a load of several; None when it is the only one."""
    if isinstance(runner, MasterRunner):
        return Master(runner, load)
    return Worker(runner, load) if isinstance(runner, WorkerRunner) else None


def _test_start(environment: Any, **_: Any) -> None:
    role = environment.gameday_role
    if isinstance(role, Master):
        role.start()
    else:
        gc.collect()
        gc.freeze()  # modules are for good: to look through them all pauses every client for 40 ms
        environment.gameday_load.start(role.share() if role else Share())


def _test_stopping(environment: Any, **_: Any) -> None:
    environment.gameday_load.stopping()


def _test_stop(environment: Any, **_: Any) -> None:
    environment.gameday_load.stop()
    gc.unfreeze()
    if isinstance(environment.gameday_role, Master):
        environment.gameday_role.stop()


def _quitting(environment: Any, **_: Any) -> None:
    """Failed requests of our users are what a rehearsal is for: they make no exit code, unless
    `--exit-code-on-error` gives them one. A defect does, and so do the failures of other users.

    A master stops its workers here, and listens until they have: when it quits, Locust gives them
    half a second and hears nothing more.
    """
    role = getattr(environment, "gameday_role", None)
    if isinstance(role, Master):
        environment.runner.stop()
        role.await_ends()
    options = environment.parsed_options
    if options.exit_code_on_error is None:
        defect = environment.runner.exceptions or log.unhandled_greenlet_exception
        ours = all(issubclass(c, FailoverUser) for c in environment.user_classes)
        options.exit_code_on_error = int(bool(defect) or not ours)


events.init_command_line_parser.add_listener(_arguments)
events.init.add_listener(_init)
events.test_start.add_listener(_test_start)
events.test_stopping.add_listener(_test_stopping)
events.test_stop.add_listener(_test_stop)
events.quitting.add_listener(_quitting)
