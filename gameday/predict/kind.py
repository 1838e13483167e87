"""The kinds of client that a prediction looks at, and how long each keeps what it once resolved."""

from __future__ import annotations

import math
from dataclasses import dataclass

from gameday.predict.behaviour import Behaviour
from gameday.predict.clients import Mode

STRETCHED_TTL_S = 3600.0
STRETCHED_SHARE = 0.0874
"""8.74 % of 8,524 resolvers answered from their cache after the TTL had ended (PAM 2023)."""

JVM_CACHE_S = 30.0
"""Java, InetAddress: networkaddress.cache.ttl where nobody sets it (never ends with a manager)."""

BROWSER_CACHE_S = 60.0

CONNECT_S, READ_S = 5.0, 10.0
"""Time-outs of clients that have some: Envoy's default to connect, OkHttp's for an answer."""

KERNEL_CONNECT_S = 127.0
"""Linux gives up a connect after six retransmissions of its SYN (ip-sysctl: `tcp_syn_retries`)."""

PERIOD_S = 10.0
"""Between two requests of one client, unless said."""


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of client."""

    name: str
    says: str
    own_cache_s: float = 0.0  # a cache in the client, on top of its resolver's
    stretched_s: float = 0.0  # its resolver keeps an answer at least so long
    connection_s: float | None = 0.0  # age at which a connection is dropped; None: never
    drop_s: float | None = None  # a burst of 5xx of that length drops it, too
    hang_s: float = READ_S  # until a request into a black hole times out
    period_s: float = PERIOD_S

    def waits_s(self, ttl_s: float, mode: Mode) -> tuple[float, ...] | None:
        """The lives of the caches and connections between DNS and this client; None: it stays.

        A connection into a black hole times out, so its age no longer matters.
        """
        ends = [s for s in (self.connection_s, self.drop_s) if s is not None]
        if (not ends and mode is not Mode.BLACK_HOLE) or math.isinf(self.own_cache_s):
            return None
        connection_s = 0.0 if mode is Mode.BLACK_HOLE else min(ends)
        waits = (max(ttl_s, self.stretched_s), self.own_cache_s, connection_s)
        return tuple(w for w in waits if w > 0)

    def hang_within_s(self, mode: Mode) -> tuple[float, float]:
        """Between which seconds its first request into a black hole times out; 0 and 0 elsewhere.

        Before that it does not look up; of later ones it is taken to have some on their way always.
        """
        if mode is not Mode.BLACK_HOLE:
            return 0.0, 0.0
        return self.hang_s, self.hang_s + self.period_s

    @classmethod
    def of(cls, name: str, how: Behaviour, period_s: float = PERIOD_S) -> Kind:
        """The kind of a client of that behaviour."""
        life_s = how.life_s(period_s)
        return cls(
            name, _said(how, life_s), how.name_cache_s, how.ttl_min_s, life_s,
            None if life_s == 0.0 else how.drop_s(period_s),
            how.connect_timeout_s if life_s == 0.0 else how.read_timeout_s, period_s,
        )  # fmt: skip


def _said(how: Behaviour, life_s: float | None) -> str:
    """A behaviour in words."""
    if life_s is None:
        kept = "keeps a connection while it works"
    elif life_s == 0.0:
        kept = "a new connection for each request"
    else:
        kept = f"keeps a connection for {life_s:g} s"
    words = [kept]
    if how.drop_on_5xx and life_s != 0.0:
        words.append(f"drops it after {how.drop_on_5xx} answers 5xx in a row")
    if how.name_cache_s:
        shown = "for ever" if math.isinf(how.name_cache_s) else f"for {how.name_cache_s:g} s"
        words.append(f"keeps addresses {shown}")
    if how.ttl_min_s:
        words.append(f"its resolver keeps answers for at least {how.ttl_min_s:g} s")
    return "; ".join(words)


def kinds(connection_s: float = 30.0) -> tuple[Kind, ...]:
    """The kinds of client that a prediction looks at; pools drop connections at that age.

    Sources: Java, "Networking Properties" (no time-outs of its own); Chromium, net/spdy (a PING
    that is not answered for 10 s ends an HTTP/2 connection).
    """
    return (
        Kind("per-request", "a new connection and a look-up for each request", hang_s=CONNECT_S),
        Kind(f"pooled-max-age-{connection_s:g}", f"keeps connections for {connection_s:g} s",
             connection_s=connection_s),
        Kind("pooled", "keeps connections while they work (most HTTP libraries)",
             connection_s=None),
        Kind("jvm-default", "Java: its own cache of 30 s on top of the resolver's, no time-outs",
             own_cache_s=JVM_CACHE_S, hang_s=KERNEL_CONNECT_S),
        Kind("browser", "one long HTTP/2 connection, and a DNS cache of 60 s",
             own_cache_s=BROWSER_CACHE_S, connection_s=None),
        Kind("ttl-stretched", "behind a resolver that keeps answers for an hour",
             stretched_s=STRETCHED_TTL_S, hang_s=CONNECT_S),
    )  # fmt: skip
