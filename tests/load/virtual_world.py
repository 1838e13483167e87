"""Two Regions, DNS and time in one thread: real clients, whose sockets and seconds are imagined.

The fault begins at 0 s, DNS moves at 30 s with a TTL of 60 s. Everything a client decides (when it
looks up, what it keeps, what it sends again) is decided by the code that a load runs.
"""

from __future__ import annotations

import errno
import random
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any
from unittest.mock import patch

from geventhttpclient.response import HTTPParseError

from gameday import clock, settings
from gameday.clock import Clock
from gameday.load import connection
from gameday.load.client import GRACE_WALL_S, ClientPool, region_at
from gameday.load.connection import Connection, Endpoint, Trip
from gameday.load.outcome import Phase, outcome_of
from gameday.load.profiles import profile
from gameday.load.schedule import Client, plan
from gameday.resolver import Answer, Network, ResolverCache

US, EU = "us-east-1", "eu-west-1"
NAME = "api.example.test"
ADDRESS = {"127.0.1.1": US, "127.0.2.1": EU}
WARM_S, MOVED_AT_S, TTL_S = 100.0, 30.0, 60.0


@dataclass(frozen=True)
class Request:
    """One request of one client: when it was meant to start, when it did, and how it ended."""

    at_s: float
    began_s: float
    region: str | None
    outcome: str
    resent: int


class VirtualWorld:
    """`fault`: what the lost Region does from 0 s on: `200`, `503`, `reset` or `cut`."""

    def __init__(self, fault: str, answers: tuple[tuple[str, ...], tuple[str, ...]] | None = None):
        self.fault, self.now = fault, 0.0
        self.before, self.after = answers or (("127.0.1.1",), ("127.0.2.1",))

    def lookup(self, _: str) -> Answer:
        moved = self.now >= MOVED_AT_S
        return Answer(self.after if moved else self.before, TTL_S, "NOERROR", self.now)

    def mode(self, address: str) -> str:
        lost = ADDRESS[address] == US and self.now >= 0.0
        return self.fault if lost else "200"

    def sleep(self, seconds: float) -> None:
        self.now += seconds

    def connect(self, dialling: Connection, address: str) -> VirtualSocket:
        dialling.trip.phase, dialling.trip.address = Phase.CONNECT, address
        dialling._address = address
        if self.mode(address) == "cut":
            self.now += dialling.connection_timeout
            raise TimeoutError("timed out")
        dialling.trip.phase = Phase.EXCHANGE
        return VirtualSocket(self, address, dialling.network_timeout)

    @contextmanager
    def entered(self) -> Iterator[Endpoint]:
        """Time and sockets are this world's while the block runs."""
        target = settings.current({"GAMEDAY_SPEED": "1"})
        with (
            patch.object(clock, "monotonic", lambda: self.now),
            patch.object(connection, "_poll", NothingToRead),
            patch.object(Connection, "_connect", lambda c, address: self.connect(c, address)),
            patch("gevent.sleep", self.sleep),
        ):
            yield Endpoint(target, Clock(1.0), ADDRESS.get, None)

    def play(
        self, name: str, until_s: float, clients: int = 6, period_s: float = 10.0, seed: int = 1
    ) -> Played:
        """What clients of the profile saw, each asking once in `period_s`."""
        requests: list[Request] = []
        rate_per_s = clients / period_s
        with self.entered() as endpoint:
            for who in plan(((profile(name), 1.0),), [Network("near")], rate_per_s, clients, seed):
                requests += self._client(endpoint, who, until_s)
        return Played(requests)

    def _client(self, endpoint: Endpoint, who: Client, until_s: float) -> Iterator[Request]:
        self.now = -WARM_S
        cache = ResolverCache(
            self.lookup, first_share=who.cache_share, ttl_min_s=who.profile.ttl_min_s,
            grace_s=GRACE_WALL_S, monotonic=clock.monotonic,
        )  # fmt: skip
        pool = ClientPool(
            endpoint, who.profile, who.network, cache, who.age_share, random.Random(who.id),
            who.name_share,
        )  # fmt: skip
        turn = -WARM_S + who.phase_s
        while turn < until_s:
            self.now = max(self.now, turn)
            yield self._request(pool, endpoint, turn)
            turn += who.period_s

    def _request(self, pool: ClientPool, endpoint: Endpoint, turn: float) -> Request:
        pool.trip = trip = Trip(turn, self.now)
        error: Exception | None = None
        status = 0
        try:
            status = pool.get_client(f"http://{NAME}").request("GET", "/").status_code
        except (OSError, HTTPParseError) as raised:
            error = raised
        failed = error or (ValueError(status) if status >= 400 else None)
        outcome = outcome_of(failed, status, trip.phase)
        return Request(turn, trip.started, region_at(trip, endpoint), outcome, trip.resent)


class NothingToRead:
    """A poll of an idle connection: nobody closed it."""

    def register(self, *_: object) -> None: ...

    def poll(self, _: int) -> list[object]:
        return []


class VirtualSocket:
    """A connection that answers each request at once, or as the Region's mode says."""

    def __init__(self, world: VirtualWorld, address: str, timeout_s: float) -> None:
        self._world, self._address, self._timeout_s = world, address, timeout_s

    def send(self, request: bytes) -> int:
        return len(request)

    def recv(self, _: int) -> bytes:
        mode = self._world.mode(self._address)
        if mode == "reset":
            raise ConnectionResetError(errno.ECONNRESET, "reset")
        if mode == "cut":
            self._world.now += self._timeout_s
            raise TimeoutError("timed out")
        head = f"HTTP/1.1 {mode} .\r\ncontent-length: 0\r\nx-region: {ADDRESS[self._address]}"
        return f"{head}\r\n\r\n".encode()

    def fileno(self) -> int:
        return 0

    def close(self) -> None: ...

    def settimeout(self, _: float) -> None: ...


class Played:
    """The requests of all clients."""

    def __init__(self, requests: list[Request]) -> None:
        self.requests = requests

    def share_pct(self, region: str, since_s: float, until_s: float) -> int | None:
        """The share of the requests sent then that the Region was asked last; None without any."""
        sent = [r for r in self.requests if since_s <= r.began_s < until_s]
        return round(100.0 * sum(r.region == region for r in sent) / len(sent)) if sent else None

    def sent_pct(self, since_s: float, until_s: float) -> int:
        """Of what was offered then, the share that was also sent then."""
        offered = [r for r in self.requests if since_s <= r.at_s < until_s]
        return round(100.0 * sum(r.began_s < until_s for r in offered) / len(offered))

    def outcomes(self, since_s: float, until_s: float) -> set[tuple[Any, str]]:
        """(Region, outcome) of the requests sent then."""
        return {(r.region, r.outcome) for r in self.requests if since_s <= r.began_s < until_s}
