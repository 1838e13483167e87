"""An HTTP/1.1 client that treats DNS, connections and retries as its profile says, under gevent.

One request is in flight at a time. Retries are the profile's and no others, not even
geventhttpclient's silent ones.
"""

from __future__ import annotations

import random
from dataclasses import dataclass, replace
from typing import Any

import gevent
from geventhttpclient.client import HTTPClient, HTTPClientPool
from geventhttpclient.header import Headers
from geventhttpclient.response import HTTPParseError
from geventhttpclient.url import URL

from gameday import clock
from gameday.load import wire
from gameday.load.connection import Connection, Endpoint, Trip
from gameday.load.hedge import Answer, race
from gameday.load.profiles import ClientProfile, Retry, Where
from gameday.load.retry import Budget, delay_s, may_repeat, wanted
from gameday.resolver import Network, ResolverCache

GRACE_WALL_S = 0.005
"""An answer that is kept 20 s still serves the request 20 s later.

It counts from when it came, a little after the request that asked for it began. In a lab that is
so little that without this the jitter of timers would decide.
"""


@dataclass(frozen=True, slots=True)
class Retries:
    """A client's retries: its policy, what it can still afford, and its dice."""

    policy: Retry
    budget: Budget
    dice: random.Random

    @classmethod
    def of(cls, policy: Retry, rng: random.Random) -> Retries:
        """The retries of a new client."""
        share = None if policy.budget_pct is None else policy.budget_pct / 100.0
        return cls(policy, Budget(share), rng)


class RegionalClient(HTTPClient):  # type: ignore[misc]
    """Requests to one name; notes which Region answered and how far away it is.

    The network's latency to that Region is slept in real milliseconds, whatever the speed: it is
    the distance of the client, added once to every answer (a connection's own round trips are not
    modelled).
    """

    def __init__(
        self,
        connection: Connection,
        network: Network,
        endpoint: Endpoint,
        retries: Retries,
        spare: RegionalClient | None = None,
    ) -> None:
        """`spare` sends the hedges."""
        super().__init__(connection._request_host, port=connection._request_port)
        self.ssl = connection._tls
        scheme = "https" if self.ssl else "http"
        self._base_url_string = f"{scheme}://{self.host}:{self.port}/"
        self.default_headers["Host"] = self.host  # on AWS the port is 443 and is not named
        self._connection_pool = connection
        self._head = wire.Head(self.default_headers)
        self._network, self._endpoint, self._retries = network, endpoint, retries
        self._spare = spare

    def request(self, method: str, request_uri: str, body: Any = b"", headers: Any = None) -> Any:
        """Send and read the whole answer; again as often as the profile's policy says."""
        retries, connection = self._retries, self._connection_pool
        if not retries.policy.times and self._spare is None:
            return self._once(method, request_uri, body, headers)
        retries.budget.earn()
        try:
            while True:
                response, error = self._hedged(method, request_uri, body, headers)
                trip, status = connection.trip, response.status_code if response else None
                again = wanted(retries.policy, trip.retries, status, trip.reused)
                if not again or not may_repeat(method, headers) or not retries.budget.take():
                    if error is not None:
                        raise error
                    return response
                connection.retry_from = trip.address
                delay = delay_s(retries.policy, trip.retries, retries.dice)
                gevent.sleep(self._endpoint.clock.client_timeout(delay))
                trip.retries += 1
        finally:
            connection.retry_from = None

    def _hedged(self, method: str, request_uri: str, body: Any, headers: Any) -> Answer:
        """One try, with a second one beside it when it is slow and the policy says so."""
        spare, hedge_s = self._spare, self._retries.policy.hedge_s
        if spare is None or hedge_s is None or not may_repeat(method, headers):
            return self._tried(method, request_uri, body, headers)
        trip, beside = self._connection_pool.trip, spare._connection_pool
        beside.trip = Trip(trip.intended, clock.monotonic())

        def second() -> Answer:
            beside.retry_from = trip.address
            return spare._tried(method, request_uri, body, headers)

        try:
            answer, hedge_won, sent = race(
                lambda: self._tried(method, request_uri, body, headers),
                second,
                self._endpoint.clock.client_timeout(hedge_s),
                self._retries.budget.take,
            )
        finally:
            self._connection_pool.abandon()
            beside.abandon()
        trip.hedges += sent
        if hedge_won:
            trip.end_as(beside.trip)
        beside.retry_from = None
        return answer

    def _tried(self, method: str, request_uri: str, body: Any, headers: Any) -> Answer:
        try:
            return self._once(method, request_uri, body, headers), None
        except (OSError, HTTPParseError) as error:
            return None, error

    def _once(self, method: str, request_uri: str, body: Any, headers: Any) -> Any:
        response = self._exchanged(method, request_uri, body, headers)
        if not response.message_complete:
            response._body_buffer += response.read()
        trip = self._connection_pool.trip
        self._connection_pool.answered(response.status_code)
        self._attribute(trip, response)
        trip.answered = clock.monotonic()
        away_ms = self._network.latency_ms.get(trip.region or "", 0.0)
        if away_ms:
            gevent.sleep(away_ms / 1000.0)
        return response

    def _exchanged(self, method: str, uri: str, body: Any, headers: Any) -> Any:
        """The answer to one request, with its headers read and perhaps its body."""
        content = body.encode() if isinstance(body, str) else body or b""
        named = headers if isinstance(headers, Headers) else Headers(headers)
        head = self._head.of(method, uri, named, content)
        if head is None:
            return super().request(method, uri, body=body, headers=headers)
        return wire.exchange(self._connection_pool, method, head, content)

    def _attribute(self, trip: Trip, response: Any) -> None:
        """Which Region answered: the one that the answer names, else the one of the address."""
        there = self._endpoint.region_of(trip.address) if trip.address else None
        named = response.get(self._endpoint.target.region_header)
        trip.region = named if isinstance(named, str) and named else there
        trip.misrouted = None not in (trip.region, there) and trip.region != there


class ClientPool(HTTPClientPool):  # type: ignore[misc]
    """The connections of one client, by name and port."""

    def __init__(
        self,
        endpoint: Endpoint,
        profile: ClientProfile,
        network: Network,
        cache: ResolverCache,
        age_share: float = 1.0,
        rng: random.Random | None = None,
        name_share: float = 1.0,
    ) -> None:
        """`name_share`: how much of its time the client's own first answer has left, 0..1."""
        super().__init__()
        self._endpoint, self._profile, self._network = endpoint, profile, network
        self._age_share = age_share
        if profile.name_cache_s is not None:  # beside its resolver, the client remembers, too
            kept_s = endpoint.clock.wall(profile.name_cache_s)
            cache = ResolverCache(
                cache.get, first_share=name_share, ttl_min_s=kept_s, ttl_max_s=kept_s,
                grace_s=GRACE_WALL_S, monotonic=clock.monotonic,
            )  # fmt: skip
        self._cache = cache
        self._retries = Retries.of(profile.retry, rng or random.Random(0))
        self.trip = Trip(0.0, 0.0)

    def get_client(self, url: str | URL) -> Any:
        """The client for that URL's name and port, with the current trip."""
        where = url if isinstance(url, URL) else URL(url)
        place = where.scheme, where.netloc  # as they stand there; host and port cost 5 us to parse
        client = self.clients.get(place)
        if client is None:
            spare = None
            if self._profile.retry.hedge_s is not None:
                spare = self._client(where, replace(self._profile.retry, where=Where.NEXT))
                self.clients[(*place, "hedges")] = spare
            client = self._client(where, self._profile.retry, spare)
            self.clients[place] = client
        client._connection_pool.trip = self.trip
        return client

    def _client(
        self, where: URL, retry: Retry, spare: RegionalClient | None = None
    ) -> RegionalClient:
        connection = Connection(
            where.host, where.port, tls=where.scheme == "https", endpoint=self._endpoint,
            profile=replace(self._profile, retry=retry), cache=self._cache,
            age_share=self._age_share,
        )  # fmt: skip
        return RegionalClient(connection, self._network, self._endpoint, self._retries, spare)


def region_at(trip: Trip, endpoint: Endpoint) -> str | None:
    """The Region of a request: the one that answered, else the one whose address was tried."""
    if trip.region is None and trip.address is not None:
        return endpoint.region_of(trip.address)
    return trip.region
