"""One connection of one client: how a name becomes an address, and when a connection is dropped.

It stands in for geventhttpclient's pool, which resolves a name only when it opens a connection by
itself, asks no particular server, and looks at idle sockets with `select`: that yields to every
other greenlet inside the timed section, and fails for file numbers above 1,023.
"""

from __future__ import annotations

import ipaddress
import select
import socket
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import gevent
import gevent.socket
import gevent.ssl
from gevent.monkey import get_original
from geventhttpclient.connectionpool import ConnectionPool

from gameday import clock
from gameday.clock import Clock
from gameday.load.outcome import Phase
from gameday.load.profiles import ClientProfile, Where
from gameday.resolver import DnsFailure, ResolverCache
from gameday.settings import Target

_poll = get_original("select", "poll")

NO_RETRY = -1
"""geventhttpclient tries a broken idempotent request `size + 1` times more."""


@dataclass(slots=True)
class Trip:
    """One request on its way: how far it is, which address it talks to, which Region answered.

    Times are of the monotonic clock; `answered` is before the network's latency is added.
    """

    intended: float
    started: float
    answered: float | None = None
    phase: Phase = Phase.DNS
    address: str | None = None
    region: str | None = None
    misrouted: bool = False  # that Region is not the one of the address
    reused: bool = False  # it went over a connection that was kept
    retries: int = 0
    hedges: int = 0

    @property
    def resent(self) -> int:
        """How often the client sent it beside the first time."""
        return self.retries + self.hedges

    def end_as(self, other: Trip) -> None:
        """The answer that counts came on another way."""
        for name in ("answered", "phase", "address", "region", "misrouted", "reused"):
            setattr(self, name, getattr(other, name))


@dataclass(frozen=True, slots=True)
class Endpoint:
    """What all clients of a process share."""

    target: Target
    clock: Clock
    region_of: Callable[[str], str | None]
    ssl_context: Any = field(repr=False)

    @classmethod
    def of(cls, target: Target, region_of: Callable[[str], str | None]) -> Endpoint:
        """The endpoint of a target; TLS certificates are checked against its authority."""
        ca_file = str(target.ca_file) if target.ca_file else None
        context = gevent.ssl.create_default_context(cafile=ca_file)
        return cls(target, Clock(target.speed), region_of, context)


class Connection(ConnectionPool):  # type: ignore[misc]
    """At most one open connection to a name, kept or dropped as the profile says."""

    def __init__(
        self,
        host: str,
        port: int,
        *,
        tls: bool,
        endpoint: Endpoint,
        profile: ClientProfile,
        cache: ResolverCache,
        age_share: float,
    ) -> None:
        wall = endpoint.clock.client_timeout
        super().__init__(
            host, port, host, port, size=1,
            connection_timeout=wall(profile.connect_timeout_s),
            network_timeout=wall(profile.read_timeout_s),
        )  # fmt: skip
        self.size = NO_RETRY
        self.trip = Trip(0.0, 0.0)
        self._endpoint, self._tls, self._cache = endpoint, tls, cache
        self.profile = profile
        self._idle_max_s = endpoint.clock.wall(profile.idle_max_s or float("inf"))
        self._errors_in_row, self._used = 0, 0.0
        self.retry_from: str | None = None  # the address that the try before this one talked to
        max_age_s = float("inf") if profile.max_age_s is None else profile.max_age_s
        self._max_age_s = endpoint.clock.wall(max_age_s)
        self._age_limit_s = self._max_age_s * age_share  # of the first connection only
        self._literal = (host,) if _is_address(host) else None
        self._idle: Any = None
        self._readable: Any = None  # polls the open connection
        self._busy: Any = None
        self._address: str | None = None
        self._opened = 0.0

    def get_socket(self) -> Any:
        """The kept connection if it may still be used, else a new one."""
        sock, self._idle = self._idle, None
        if sock is not None:
            gevent.sleep(0)  # others take their answers first, and requests leave in batches
            if self._usable(sock):
                self.trip.address, self.trip.phase = self._address, Phase.EXCHANGE
                self.trip.reused = True
                self._busy = sock
                return sock
            sock.close()
            self._age_limit_s = self._max_age_s
        self._busy = sock = self._open()
        self._opened = clock.monotonic()  # an age counts from when the connection stands
        self._readable = _poll()
        self._readable.register(sock.fileno(), select.POLLIN)
        return sock

    def return_socket(self, sock: Any) -> None:
        """The answer is complete and the server will go on: keep the connection, or close it."""
        self._busy = None
        if self.profile.reuse and self._idle is None and not self._closed:
            self._idle, self._used = sock, clock.monotonic()
        else:
            sock.close()

    def answered(self, status: int) -> None:
        """An answer came: a burst of 5xx drops the connection, if the profile says so."""
        self._errors_in_row = self._errors_in_row + 1 if status >= 500 else 0
        if self._errors_in_row == self.profile.drop_on_5xx:
            self._errors_in_row = 0
            if self._idle is not None:
                self._idle.close()
                self._idle = None

    def release_socket(self, sock: Any) -> None:
        """The connection is of no more use."""
        self._busy = None
        sock.close()

    def abandon(self) -> None:
        """Nobody waits for the answer under way any more."""
        if self._busy is not None:
            self.release_socket(self._busy)

    def close(self) -> None:
        self._closed = True
        if self._idle is not None:
            self._idle.close()
            self._idle = None

    def _usable(self, sock: Any) -> bool:
        """Young enough, and neither closed by the server nor with bytes nobody asked for."""
        now = clock.monotonic()
        if now - self._opened >= self._age_limit_s or now - self._used > self._idle_max_s:
            return False
        if self.profile.follow_dns and self._left_the_answer():
            return False
        return sock.fileno() >= 0 and not self._readable.poll(0)

    def _open(self) -> Any:
        """A new connection to the first address that takes one, in the order of the answer."""
        self.trip.phase, self.trip.reused = Phase.DNS, False
        addresses = self._literal or self._cache.addresses(self._request_host)
        if self.retry_from is not None:
            addresses = _retried(addresses, self.retry_from, self.profile.retry.where)
        for address in addresses[:-1]:
            try:
                return self._connect(address)
            except OSError:
                continue
        return self._connect(addresses[-1])

    def _left_the_answer(self) -> bool:
        """Whether the name no longer resolves to the address; unknown counts as no."""
        if self._literal:
            return False
        try:
            return self._address not in self._cache.addresses(self._request_host)
        except DnsFailure:
            return False

    def _connect(self, address: str) -> Any:
        self.trip.phase, self.trip.address = Phase.CONNECT, address
        self._address = address
        where = self._endpoint.target.connect_address(address, self._connection_port)
        family = socket.AF_INET6 if ":" in where[0] else socket.AF_INET
        sock = gevent.socket.socket(family, socket.SOCK_STREAM)
        try:
            sock.settimeout(self.connection_timeout)
            sock.connect(where)
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            if self._tls:
                self.trip.phase = Phase.TLS
                sock = self._endpoint.ssl_context.wrap_socket(
                    sock, server_hostname=self._request_host
                )
            sock.settimeout(self.network_timeout)
        except BaseException:
            sock.close()
            raise
        self.trip.phase = Phase.EXCHANGE
        return sock


def _is_address(host: str) -> bool:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True


def _retried(addresses: tuple[str, ...], before: str, where: Where) -> tuple[str, ...]:
    """The addresses that a retry may use, in order, after one that talked to `before`."""
    if where is Where.SAME:
        return (before,)
    if where is Where.NEXT and before in addresses:
        following = addresses.index(before) + 1
        return addresses[following:] + addresses[:following]
    return addresses
