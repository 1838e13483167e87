"""What a client's resolver does: ask a DNS server, remember the answer for its TTL, find Regions.

TTLs are counted in wall seconds, as they stand on the wire: a lab that runs faster divides them
before it answers. Everything uses plain blocking sockets, looked up at the time of the call, so it
works in threads and under gevent alike.
"""

from __future__ import annotations

import ipaddress
import socket
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import dns.edns
import dns.exception
import dns.flags
import dns.inet
import dns.message
import dns.query
import dns.rcode
import dns.rdatatype
import dns.resolver
import yaml

from gameday import clock
from gameday.errors import GamedayError, TargetError

QUERY_TIMEOUT_S = 1.0
"""Wall seconds that one try of a query waits."""

QUERY_TRIES = 2
UDP_PAYLOAD_BYTES = 1232
NEGATIVE_TTL_S = 1.0
"""How long an empty answer without an SOA record is remembered."""


class DnsFailure(GamedayError, OSError):
    """A name could not be resolved: no server answered, or it has no address."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What a DNS server said at wall clock `at`; without an address the name cannot be reached."""

    addresses: tuple[str, ...]
    ttl_s: float  # least TTL of the chain; of an empty answer the SOA's negative TTL
    rcode: str  # "NOERROR", "NXDOMAIN", "SERVFAIL", ...
    at: float
    leads_to: str | None = None  # without addresses: the name that a CNAME of the answer leads to


@dataclass(frozen=True, slots=True)
class Network:
    """Where some clients are: their client subnet and their distance to each Region."""

    id: str
    cidr: str | None = None
    latency_ms: Mapping[str, float] = field(default_factory=dict)
    resolvers: tuple[str, ...] = ()  # where its resolvers are, when elsewhere than its clients

    @property
    def subnets(self) -> tuple[str | None, ...]:
        """The client subnets that Route 53 hears from its resolvers, at least one."""
        return self.resolvers or (self.cidr,)


Lookup = Callable[[str], Answer]


def read_networks(path: Path | None) -> tuple[Network, ...]:
    """The networks that clients come from; without a file one, whose subnet nobody is told.

    :raises TargetError: the file cannot be read or an entry has no id, names the file.
    """
    if path is None:
        return (Network("here"),)
    try:
        entries = yaml.safe_load(path.read_text(encoding="utf-8"))
        networks = tuple(
            Network(
                str(entry["id"]),
                str(ipaddress.ip_network(entry["cidr"])) if entry.get("cidr") else None,
                {str(r): float(ms) for r, ms in (entry.get("latency_ms") or {}).items()},
                tuple(str(ipaddress.ip_network(c)) for c in entry.get("resolvers") or ()),
            )
            for entry in entries
        )
    except (OSError, yaml.YAMLError, KeyError, TypeError, AttributeError, ValueError) as e:
        raise TargetError(f"{path}: not a list of {{id, cidr, latency_ms}}: {e}") from e
    if not networks:
        raise TargetError(f"{path}: name at least one network")
    return networks


def query(
    server: tuple[str, int],
    name: str,
    network_cidr: str | None = None,
    *,
    rdtype: str = "A",
    timeout_s: float = QUERY_TIMEOUT_S,
    tries: int = QUERY_TRIES,
) -> Answer:
    """Ask `server` for the addresses of `name`, over UDP and, if the answer was cut, over TCP.

    :param network_cidr: sent as EDNS client subnet (RFC 7871), so that the answer is the one for
        clients there.
    :param timeout_s: wall seconds for each of `tries`.
    :raises DnsFailure: no usable answer came. NXDOMAIN and other codes are answers.
    """
    request = dns.message.make_query(name, rdtype, payload=UDP_PAYLOAD_BYTES, use_edns=0)
    if network_cidr:
        net = ipaddress.ip_network(network_cidr)
        subnet = dns.edns.ECSOption(str(net.network_address), net.prefixlen)
        request.use_edns(0, payload=UDP_PAYLOAD_BYTES, options=[subnet])
    reason = "no answer"
    for _ in range(tries):
        try:
            reply = _udp(request, server, timeout_s)
            if reply.flags & dns.flags.TC:
                reply = dns.query.tcp(request, server[0], timeout_s, server[1])
            return _answer(reply, request.question[0].rdtype)
        except (OSError, dns.exception.DNSException, EOFError) as e:
            reason = str(e) or type(e).__name__
    raise DnsFailure(f"{server[0]}:{server[1]} gave no answer for {name}: {reason}")


def system_query(name: str, system: dns.resolver.Resolver | None = None) -> Answer:
    """The addresses of `name` by this machine's own resolver (`/etc/resolv.conf`).

    A name that no DNS server knows may stand in `/etc/hosts`, as localhost does.

    :raises DnsFailure: no server answered.
    """
    try:
        found = (system or dns.resolver.get_default_resolver()).resolve(
            name, "A", raise_on_no_answer=False, lifetime=QUERY_TIMEOUT_S * QUERY_TRIES
        )
    except (OSError, dns.exception.DNSException) as e:
        if hosts := _of_hosts_file(name):
            return Answer(hosts, NEGATIVE_TTL_S, "NOERROR", clock.now())
        if isinstance(e, dns.resolver.NXDOMAIN):
            return Answer((), NEGATIVE_TTL_S, "NXDOMAIN", clock.now())
        raise DnsFailure(f"cannot resolve {name}: {e}") from e
    return _answer(found.response, dns.rdatatype.A)


def _of_hosts_file(name: str) -> tuple[str, ...]:
    """What the machine knows of a name without DNS (nsswitch.conf: the hosts file, mDNS)."""
    try:
        found = socket.getaddrinfo(name, None, socket.AF_INET, socket.SOCK_STREAM)
    except OSError:
        return ()
    return tuple(str(where[0]) for *_, where in found)


def _udp(
    request: dns.message.Message, server: tuple[str, int], timeout_s: float
) -> dns.message.Message:
    family = dns.inet.af_for_address(server[0])
    with socket.socket(family, socket.SOCK_DGRAM) as sock:
        sock.connect(server)
        sock.send(request.to_wire())
        deadline = clock.monotonic() + timeout_s
        while (left_s := deadline - clock.monotonic()) > 0:
            sock.settimeout(left_s)
            reply = dns.message.from_wire(sock.recv(65_535), ignore_trailing=True)
            if request.is_response(reply):
                return reply
    raise TimeoutError("timed out")


def _answer(reply: dns.message.Message, rdtype: dns.rdatatype.RdataType) -> Answer:
    addresses = tuple(
        str(record.address) for rrset in reply.answer if rrset.rdtype == rdtype for record in rrset
    )
    aliases = [r for r in reply.answer if r.rdtype == dns.rdatatype.CNAME]
    leads_to = str(aliases[-1][0].target).rstrip(".") if aliases and not addresses else None
    soa = [r for r in reply.authority if r.rdtype == dns.rdatatype.SOA]
    if addresses or (aliases and not soa):
        ttl_s = float(min(rrset.ttl for rrset in reply.answer))
    else:
        ttl_s = float(min(soa[0].ttl, soa[0][0].minimum)) if soa else NEGATIVE_TTL_S
    return Answer(addresses, ttl_s, dns.rcode.to_text(reply.rcode()), clock.now(), leads_to)


class ResolverCache:
    """One recursive resolver's view of the names: each answer is used until its TTL is over.

    A failed query is not remembered, and an expired answer is never served (RFC 8767 calls that
    serve-stale; a client that used it would hide an outage of DNS).

    :param first_share: the share of its TTL (0..1) that a name's first answer has left, as if this
        resolver had fetched it some time ago. Caches that were all filled at once would otherwise
        all move in one instant.
    :param ttl_min_s: a resolver that stretches TTLs, wall seconds; `ttl_max_s` one that caps them.
    :param grace_s: wall seconds that an answer is used beyond its TTL, as by whoever counts it in
        whole seconds.
    """

    def __init__(
        self,
        lookup: Lookup,
        *,
        first_share: float = 1.0,
        ttl_min_s: float = 0.0,
        ttl_max_s: float = float("inf"),
        grace_s: float = 0.0,
        monotonic: Callable[[], float] = clock.monotonic,
    ) -> None:
        self._lookup, self._monotonic = lookup, monotonic
        self._first_share = first_share
        self._ttl_min_s, self._ttl_max_s, self._grace_s = ttl_min_s, ttl_max_s, grace_s
        self._held: dict[str, tuple[Answer, float]] = {}  # name -> answer, expiry
        self._locks: dict[str, threading.Lock] = {}
        self.queries = 0

    def get(self, name: str) -> Answer:
        """The answer now in force; while one caller asks for a name the others wait for it.

        :raises DnsFailure: no server answered.
        """
        held = self._held.get(name)
        if held is not None and self._monotonic() < held[1]:
            return held[0]
        with self._locks.setdefault(name, threading.Lock()):
            held = self._held.get(name)
            if held is not None and self._monotonic() < held[1]:
                return held[0]
            self.queries += 1
            answer = self._lookup(name)
            ttl_s = min(max(answer.ttl_s, self._ttl_min_s), self._ttl_max_s)
            share = self._first_share if held is None else 1.0
            self._held[name] = answer, self._monotonic() + ttl_s * share + self._grace_s
            return answer

    def addresses(self, name: str) -> tuple[str, ...]:
        """The addresses now in force, at least one.

        :raises DnsFailure: no server answered, or the answer has no address.
        """
        answer = self.get(name)
        if not answer.addresses:
            raise DnsFailure(f"{name} has no address ({answer.rcode})")
        return answer.addresses


NOBODY = ""


class RegionAddresses:
    """Which Region an address belongs to: the one whose own name resolves to it.

    The Region-only names are `<region>.<endpoint>`; `known` is what the target says by itself.
    Addresses once seen stay known, because a Region may have many and shows a few at a time. One
    that two Regions show is nobody's.
    """

    RETRY_S = 1.0
    """Wall seconds between two attempts to place an unknown address."""

    def __init__(
        self,
        regions: tuple[str, ...],
        endpoint: str,
        lookup: Lookup,
        monotonic: Callable[[], float] = clock.monotonic,
        known: Mapping[str, str] | None = None,
    ) -> None:
        self._regions, self._endpoint, self._lookup = regions, endpoint, lookup
        self._monotonic = monotonic
        self._known: dict[str, str] = dict(known or {})
        self._next_try = float("-inf")

    def region_of(self, address: str) -> str | None:
        """The Region of `address`, or None unless exactly one Region's own name resolves to it."""
        found = self._known.get(address)
        if found is None and self._monotonic() >= self._next_try:
            self._next_try = self._monotonic() + self.RETRY_S
            self._refresh()
            found = self._known.get(address)
        return found or None

    def _refresh(self) -> None:
        for region in self._regions:
            try:
                answer = self._lookup(f"{region}.{self._endpoint}")
            except DnsFailure:
                continue
            for address in answer.addresses:
                if self._known.setdefault(address, region) != region:
                    self._known[address] = NOBODY
