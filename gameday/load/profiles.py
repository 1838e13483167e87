"""How clients treat DNS and connections: the kinds of client that a load is mixed of.

Clients speak HTTP/1.1 and do not retry. Durations are AWS seconds. Browsers speak HTTP/2 to API
Gateway over one long connection, which behaves like `pooled`.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from gameday.errors import UsageError

CONNECT_TIMEOUT_S = 5.0
"""TCP and TLS together. The default `connect_timeout` of an Envoy cluster is 5 s."""

READ_TIMEOUT_S = 10.0
"""Between two reads. OkHttp's default `readTimeout` is 10 s."""

PCT_SUM_TOLERANCE = 0.01


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

    In life many programs share one resolver; each client here has its own place in one of its
    population's caches.
    """

    name: str
    reuse: bool
    max_age_s: float | None = None  # None: for ever
    connect_timeout_s: float = CONNECT_TIMEOUT_S
    read_timeout_s: float = READ_TIMEOUT_S


Mix = tuple[tuple[ClientProfile, float], ...]
"""Profiles and each one's share of the requests, 0..1, in the order given; the shares sum to 1."""

DEFAULT_MIX = "per-request=50,pooled-max-age-30=50"

_MAX_AGE = re.compile(r"pooled-max-age-(\d+(?:\.\d+)?)")


def profile(name: str) -> ClientProfile:
    """The profile of that name.

    :raises UsageError: there is none.
    """
    if name == "per-request":
        return ClientProfile(name, reuse=False)
    if name == "pooled":
        return ClientProfile(name, reuse=True)
    found = _MAX_AGE.fullmatch(name)
    if found and float(found[1]) > 0:
        return ClientProfile(name, reuse=True, max_age_s=float(found[1]))
    raise UsageError(
        f"clients: there is no profile {name!r}; choose per-request, pooled or pooled-max-age-N"
    )


def parse_mix(text: str) -> Mix:
    """The mix that `per-request=50,pooled=50` describes: profiles with their percentage.

    :raises UsageError: an unknown profile, one given twice, or percentages that do not sum to 100.
    """
    mix: list[tuple[ClientProfile, float]] = []
    for item in filter(None, (part.strip() for part in text.split(","))):
        name, equals, pct_text = item.partition("=")
        try:
            pct = float(pct_text) if equals else 100.0
        except ValueError:
            raise UsageError(f"clients: {item!r} is not PROFILE=PERCENT") from None
        if not 0 < pct <= 100:
            raise UsageError(f"clients: {item!r}: a share lies above 0 and up to 100 percent")
        mix.append((profile(name.strip()), pct / 100.0))
    if not mix:
        raise UsageError("clients: name at least one profile, for example pooled=100")
    names = [p.name for p, _ in mix]
    for name in names:
        if names.count(name) > 1:
            raise UsageError(f"clients: {name} is given twice")
    total_pct = 100.0 * sum(share for _, share in mix)
    if abs(total_pct - 100.0) > PCT_SUM_TOLERANCE:
        raise UsageError(f"clients: the shares of {text!r} sum to {total_pct:g} %, not to 100")
    return tuple((p, share * 100.0 / total_pct) for p, share in mix)
