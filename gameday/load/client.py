"""An HTTP/1.1 client that treats DNS and connections as its profile says, under gevent.

It stands in for geventhttpclient's pool, which resolves a name only when it opens a connection by
itself, asks no particular server, and looks at idle sockets with `select`: that yields to every
other greenlet inside the timed section, and fails for file numbers above 1,023. One request is in
flight at a time. There are no retries, not even the silent ones for a connection found closed.
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
from geventhttpclient.client import HTTPClient, HTTPClientPool
from geventhttpclient.connectionpool import ConnectionPool
from geventhttpclient.url import URL

from gameday import clock
from gameday.clock import Clock
from gameday.load.outcome import Phase
from gameday.load.profiles import ClientProfile
from gameday.resolver import Network, ResolverCache
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
        self._reuse = profile.reuse
        max_age_s = float("inf") if profile.max_age_s is None else profile.max_age_s
        self._max_age_s = endpoint.clock.wall(max_age_s)
        self._age_limit_s = self._max_age_s * age_share  # of the first connection only
        self._literal = (host,) if _is_address(host) else None
        self._idle: Any = None
        self._address: str | None = None
        self._opened = 0.0

    def get_socket(self) -> Any:
        """The kept connection if it may still be used, else a new one."""
        sock, self._idle = self._idle, None
        if sock is not None:
            if self._usable(sock):
                self.trip.address, self.trip.phase = self._address, Phase.EXCHANGE
                return sock
            sock.close()
            self._age_limit_s = self._max_age_s
        return self._open()

    def return_socket(self, sock: Any) -> None:
        """The answer is complete and the server will go on: keep the connection, or close it."""
        if self._reuse and self._idle is None and not self._closed:
            self._idle = sock
        else:
            sock.close()

    def release_socket(self, sock: Any) -> None:
        """The connection is of no more use."""
        sock.close()

    def close(self) -> None:
        self._closed = True
        if self._idle is not None:
            self._idle.close()
            self._idle = None

    def _usable(self, sock: Any) -> bool:
        """Young enough, and neither closed by the server nor with bytes nobody asked for."""
        if clock.monotonic() - self._opened >= self._age_limit_s or sock.fileno() < 0:
            return False
        idle = _poll()
        idle.register(sock.fileno(), select.POLLIN)
        return not idle.poll(0)

    def _open(self) -> Any:
        """A new connection to the first address that takes one, in the order of the answer."""
        self.trip.phase = Phase.DNS
        addresses = self._literal or self._cache.addresses(self._request_host)
        self._opened = clock.monotonic()
        for address in addresses[:-1]:
            try:
                return self._connect(address)
            except OSError:
                continue
        return self._connect(addresses[-1])

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


class RegionalClient(HTTPClient):  # type: ignore[misc]
    """Requests to one name; notes which Region answered and how far away it is.

    The network's latency to that Region is slept in real milliseconds, whatever the speed: it is
    the distance of the client, added once to every answer (a connection's own round trips are not
    modelled).
    """

    def __init__(self, connection: Connection, network: Network, endpoint: Endpoint) -> None:
        super().__init__(connection._request_host, port=connection._request_port)
        self.ssl = connection._tls
        scheme = "https" if self.ssl else "http"
        self._base_url_string = f"{scheme}://{self.host}:{self.port}/"
        self.default_headers["Host"] = self.host  # on AWS the port is 443 and is not named
        self._connection_pool = connection
        self._network, self._endpoint = network, endpoint

    def request(self, method: str, request_uri: str, body: Any = b"", headers: Any = None) -> Any:
        """Send and read the whole answer."""
        response = super().request(method, request_uri, body=body, headers=headers)
        if not response.message_complete:
            response._body_buffer += response.read()
        trip = self._connection_pool.trip
        trip.region = self._region(response, trip.address)
        trip.answered = clock.monotonic()
        away_ms = self._network.latency_ms.get(trip.region or "", 0.0)
        if away_ms:
            gevent.sleep(away_ms / 1000.0)
        return response

    def _region(self, response: Any, address: str | None) -> str | None:
        named = response.get(self._endpoint.target.region_header)
        if isinstance(named, str) and named:
            return named
        return self._endpoint.region_of(address) if address else None


class ClientPool(HTTPClientPool):  # type: ignore[misc]
    """The connections of one client, by name and port."""

    def __init__(
        self,
        endpoint: Endpoint,
        profile: ClientProfile,
        network: Network,
        cache: ResolverCache,
        age_share: float = 1.0,
    ) -> None:
        super().__init__()
        self._endpoint, self._profile, self._network = endpoint, profile, network
        self._cache, self._age_share = cache, age_share
        self.trip = Trip(0.0, 0.0)

    def get_client(self, url: str | URL) -> Any:
        """The client for that URL's name and port, with the current trip."""
        where = url if isinstance(url, URL) else URL(url)
        client = self.clients.get((where.host, where.port))
        if client is None:
            connection = Connection(
                where.host, where.port, tls=where.scheme == "https", endpoint=self._endpoint,
                profile=self._profile, cache=self._cache, age_share=self._age_share,
            )  # fmt: skip
            client = RegionalClient(connection, self._network, self._endpoint)
            self.clients[where.host, where.port] = client
        client._connection_pool.trip = self.trip
        return client


def region_at(trip: Trip, endpoint: Endpoint) -> str | None:
    """The Region of a request: the one that answered, else the one whose address was tried."""
    if trip.region is None and trip.address is not None:
        return endpoint.region_of(trip.address)
    return trip.region


def _is_address(host: str) -> bool:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True
