"""How clients treat DNS and connections: the kinds of client that a load is mixed of.

Clients speak HTTP/1.1, and retry only where their profile says so. Durations are AWS seconds.
Browsers speak HTTP/2 to API Gateway over one long connection, which behaves like `pooled`.
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Any

from gameday.errors import UsageError
from gameday.workload.mix import shares_pct

CONNECT_TIMEOUT_S = 5.0
"""TCP and TLS together. The default `connect_timeout` of an Envoy cluster is 5 s."""

READ_TIMEOUT_S = 10.0
"""Between two reads. OkHttp's default `readTimeout` is 10 s."""

KERNEL_CONNECT_S = 127.0
"""Linux gives up a connect after six retransmissions of its SYN (ip-sysctl: `tcp_syn_retries`)."""

KERNEL_READ_S = 924.6
"""And a connection after fifteen of its data (ip-sysctl: `tcp_retries2`): no timeout of its own."""

BACKOFF_MAX_S = 20.0
"""The AWS SDKs' longest backoff ("Retry behavior", AWS SDKs and Tools Reference Guide)."""


class Where(StrEnum):
    """Which address a retry goes to."""

    RESOLVE = "resolve"  # whatever the name resolves to then
    SAME = "same-address"
    NEXT = "next-address"  # of the answer


@dataclass(frozen=True, slots=True)
class Retry:
    """When a failed request is sent again by the client itself, unseen by who asked for it.

    Only what may be repeated is: GET, HEAD, OPTIONS, PUT, DELETE, or a request with an
    Idempotency-Key. With a budget, retries are at most that share of the requests, plus ten.

    A hedge is a second copy of a slow request, over a connection of its own to the next address;
    the first good answer counts (Dean and Barroso, "The Tail at Scale", CACM 56/2). It is paid
    from the same budget.
    """

    times: int = 0
    where: Where = Where.RESOLVE
    on_5xx: bool = False  # also an answer 5xx, not only an error of the connection
    only_reused: bool = False  # only when a kept connection turned out to be dead
    backoff_s: float = 0.0  # the first delay at most; doubles, with full jitter; 0: at once
    budget_pct: float | None = None
    hedge_s: float | None = None  # an answer that takes longer is asked for once more, beside


@dataclass(frozen=True, slots=True)
class ClientProfile:
    """One kind of client.

    - `per-request`: a new connection for every request, the name resolved anew through the
      resolver's cache, so TTLs are honoured (`requests.get` without a session, urllib, curl runs).
    - `pooled`: one connection, kept while it works. The name is resolved when a connection must be
      opened, that is after a reset, a timeout or a close by the server; a 5xx answer breaks no
      connection (urllib3's `PoolManager`, `requests.Session`, OkHttp, libcurl: "reuse of a
      connection after its DNS entry expired is by design").
    - `pooled-max-age-N`: the same, but a connection older than N seconds is not used again
      (HikariCP `maxLifetime`, Apache HttpClient `setConnectionTimeToLive`, libcurl
      `CURLOPT_MAXLIFETIME_CONN`).

    Others are in `PRESETS`, and `pooled+retry-2+next-address` adds what `MODIFIERS` has.
    """

    name: str
    reuse: bool
    max_age_s: float | None = None  # None: for ever
    connect_timeout_s: float = CONNECT_TIMEOUT_S
    read_timeout_s: float = READ_TIMEOUT_S
    idle_max_s: float | None = None  # a connection unused for longer is not used again
    drop_on_5xx: int | None = None  # answers 5xx in a row after which the connection is dropped
    follow_dns: bool = False  # a connection whose address has left the answer is dropped
    name_cache_s: float | None = (
        None  # how long the client itself keeps an answer, whatever its TTL
    )
    ttl_min_s: float = 0.0  # its resolver keeps an answer at least so long
    retry: Retry = Retry()


Mix = tuple[tuple[ClientProfile, float], ...]
"""Profiles and each one's share of the requests, 0..1, in the order given; the shares sum to 1."""

DEFAULT_MIX = "per-request=50,pooled-max-age-30=50"

_BLOCKING = {"connect_timeout_s": KERNEL_CONNECT_S, "read_timeout_s": KERNEL_READ_S}

PRESETS: dict[str, dict[str, Any]] = {
    # requests, "Timeouts": none unless given; HTTPAdapter(max_retries=0)
    "requests": {"reuse": True, **_BLOCKING},
    # urllib3, Retry.DEFAULT = Retry(3): connection errors, backoff_factor 0, idempotent methods
    "urllib3": {"reuse": True, **_BLOCKING, "retry": Retry(times=3)},
    # Chromium, net/: connect 4 min, idle sockets 300 s, names of the system resolver 60 s; a
    # request on a kept connection that turns out dead is sent once more
    "browser": {
        "reuse": True, "connect_timeout_s": 240.0, "read_timeout_s": KERNEL_READ_S,
        "idle_max_s": 300.0, "name_cache_s": 60.0, "retry": Retry(times=1, only_reused=True),
    },
    # JDK, "Networking Properties": networkaddress.cache.ttl 30 s, no timeouts, idle kept 5 s
    "jvm-default": {
        "reuse": True, **_BLOCKING, "idle_max_s": 5.0, "name_cache_s": 30.0,
        "retry": Retry(times=1, only_reused=True),
    },
    # the same with networkaddress.cache.ttl=-1, as with a security manager before JDK 18
    "jvm-forever": {
        "reuse": True, **_BLOCKING, "idle_max_s": 5.0, "name_cache_s": math.inf,
        "retry": Retry(times=1, only_reused=True),
    },
    # AWS SDK for Java 2.x, "Set the JVM TTL for DNS name lookups": 5 s; ApacheHttpClient: connect
    # 2 s, socket 30 s, idle 60 s; "Retry behavior": standard mode, 3 attempts, jitter up to 20 s
    "jvm-aws": {
        "reuse": True, "connect_timeout_s": 2.0, "read_timeout_s": 30.0, "idle_max_s": 60.0,
        "name_cache_s": 5.0, "retry": Retry(times=2, on_5xx=True, backoff_s=0.1, budget_pct=20.0),
    },
    # Go, net/http DefaultTransport: dial 30 s, IdleConnTimeout 90 s; retries a dead kept connection
    "go": {
        "reuse": True, "connect_timeout_s": 30.0, "read_timeout_s": KERNEL_READ_S,
        "idle_max_s": 90.0, "retry": Retry(times=1, only_reused=True),
    },
    # libcurl, one handle: CURLOPT_CONNECTTIMEOUT 300 s, CURLOPT_MAXAGE_CONN 118 s,
    # CURLOPT_DNS_CACHE_TIMEOUT 60 s; retries a dead kept connection
    "curl": {
        "reuse": True, "connect_timeout_s": 300.0, "read_timeout_s": KERNEL_READ_S,
        "idle_max_s": 118.0, "name_cache_s": 60.0, "retry": Retry(times=1, only_reused=True),
    },
}  # fmt: skip
"""Clients named after what they imitate, each with its source."""

MODIFIERS = (
    "retry-N", "on-5xx", "same-address", "next-address", "backoff-S", "budget-PERCENT", "hedge-S",
    "max-age-S", "idle-S", "drop-on-5xx-N", "follow-dns", "connect-timeout-S", "read-timeout-S",
    "name-cache-S", "ttl-clamp-S",
)  # fmt: skip
"""What a profile can be given with `+`; N are counts, S AWS seconds."""

_NUMBERED = re.compile(r"([a-z0-9-]*[a-z][a-z0-9-]*)-(\d+(?:\.\d+)?)")


def profile(name: str) -> ClientProfile:
    """The profile of that name: a base, and modifiers after `+`.

    :raises UsageError: there is none.
    """
    base, *modifiers = name.split("+")
    found = _base(base)
    for modifier in modifiers:
        found = _modified(found, modifier)
    return replace(found, name=name)


def _base(name: str) -> ClientProfile:
    if name == "per-request":
        return ClientProfile(name, reuse=False)
    if name == "pooled":
        return ClientProfile(name, reuse=True)
    if name in PRESETS:
        return ClientProfile(name, **PRESETS[name])
    kind, number = _numbered(name)
    if kind == "pooled-max-age":
        return ClientProfile(name, reuse=True, max_age_s=number)
    if kind == "ttl-clamp":
        return ClientProfile(name, reuse=False, ttl_min_s=number)
    raise UsageError(
        f"clients: there is no profile {name!r}; choose per-request, pooled, pooled-max-age-N, "
        f"ttl-clamp-N, {', '.join(PRESETS)}"
    )


def _modified(base: ClientProfile, modifier: str) -> ClientProfile:
    kind, number = _numbered(modifier)
    retry = base.retry
    again = replace(retry, times=max(1, retry.times), only_reused=False)
    flags: dict[str, dict[str, Any]] = {
        "on-5xx": {"retry": replace(again, on_5xx=True)},
        "same-address": {"retry": replace(again, where=Where.SAME)},
        "next-address": {"retry": replace(again, where=Where.NEXT)},
        "follow-dns": {"follow_dns": True},
    }
    numbers: dict[str, dict[str, Any]] = {
        "retry": {"retry": replace(again, times=int(number))},
        "backoff": {"retry": replace(again, backoff_s=number)},
        "budget": {"retry": replace(retry, budget_pct=number)},
        "hedge": {"retry": replace(retry, hedge_s=number)},
        "max-age": {"max_age_s": number},
        "idle": {"idle_max_s": number},
        "drop-on-5xx": {"drop_on_5xx": int(number)},
        "connect-timeout": {"connect_timeout_s": number},
        "read-timeout": {"read_timeout_s": number},
        "name-cache": {"name_cache_s": number},
        "ttl-clamp": {"ttl_min_s": number},
    }
    changes = (numbers if number else flags).get(kind)
    if changes is None or (kind in ("retry", "drop-on-5xx") and number != int(number)):
        raise UsageError(
            f"clients: there is no modifier {modifier!r}; choose among {', '.join(MODIFIERS)}"
        )
    return replace(base, **changes)


def _numbered(text: str) -> tuple[str, float]:
    """`retry-2` as `retry` and 2; what ends in no number above 0 is itself and 0."""
    found = _NUMBERED.fullmatch(text)
    return (found[1], float(found[2])) if found and float(found[2]) > 0 else (text, 0.0)


def parse_mix(text: str) -> Mix:
    """The mix that `per-request=50,pooled=50` describes: profiles with their percentage.

    :raises UsageError: an unknown profile, one given twice, or percentages that do not sum to 100.
    """
    pct = shares_pct(text)
    total_pct = sum(pct.values())
    return tuple((profile(name), share / total_pct) for name, share in pct.items())
