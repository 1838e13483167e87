"""Which server a client's resolver asks: the target's, else the hosted zone's own, else this
machine's.

Against AWS the endpoint's zone is asked directly, with each network's client subnet: one machine
then gets what clients anywhere would. A recursive resolver in between (GAMEDAY_DNS names one) would
answer from a cache that other people fill, and mostly without the subnet.
"""

from __future__ import annotations

import threading
from dataclasses import replace

import dns.exception
import dns.resolver

from gameday.resolver import QUERY_TRIES, Answer, DnsFailure, Lookup, query, system_query
from gameday.settings import Target

DNS_PORT = 53
REMEDY = "GAMEDAY_DNS=ADDRESS:PORT names a recursive resolver to ask instead"

Server = tuple[str, int]


class Lookups:
    """How the clients of a target resolve; what one of them finds out about a zone, all know."""

    def __init__(self, target: Target, system: dns.resolver.Resolver | None = None) -> None:
        """
        :param system: the resolver that says who serves a zone; this machine's own unless given.
        """
        self._target, self._system = target, system
        self._lock = threading.Lock()
        self._servers: dict[str, tuple[Server, ...]] = {}  # by name; the first is asked first

    def near(self, network_cidr: str | None = None) -> Lookup:
        """How clients of a network resolve a name.

        The names under the target's endpoint are asked of their zone's own name servers (Route 53
        Developer Guide, "How Amazon Route 53 uses EDNS0 to estimate the location of a user").
        """
        server, endpoint = self._target.dns, self._target.endpoint
        if server is not None:
            return lambda name: query(server, name, network_cidr)
        if endpoint is None:
            return self._elsewhere
        return lambda name: (
            self._of_the_zone(name, network_cidr)
            if _under(name, endpoint)
            else self._elsewhere(name)
        )

    def _elsewhere(self, name: str) -> Answer:
        return system_query(name, self._system)

    def _of_the_zone(self, name: str, network_cidr: str | None) -> Answer:
        """What the first name server of the zone that answers says, over all of them twice."""
        with self._lock:
            servers = self._servers.get(name)
            if servers is None:
                servers = self._servers[name] = self._find(name)
        for server in servers * QUERY_TRIES:
            try:
                answer = query(server, name, network_cidr, tries=1)
            except DnsFailure:
                continue
            if server != servers[0]:  # until it fails, too
                self._servers[name] = (server, *(s for s in servers if s != server))
            return self._followed(answer)
        self._servers.pop(name, None)  # they may have changed; the next client looks again
        listed = ", ".join(address for address, _ in servers)
        raise DnsFailure(f"no name server of the zone of {name} answers ({listed}); {REMEDY}")

    def _followed(self, answer: Answer) -> Answer:
        """An alias record's answer has addresses; a CNAME into another zone must be asked there."""
        if answer.leads_to is None:
            return answer
        rest = self._elsewhere(answer.leads_to)
        return replace(rest, ttl_s=min(answer.ttl_s, rest.ttl_s))

    def _find(self, name: str) -> tuple[Server, ...]:
        """The addresses of the servers that the zone of `name` is delegated to."""
        try:
            system = self._system or dns.resolver.get_default_resolver()
            zone = dns.resolver.zone_for_name(name, resolver=system)
            names = sorted(str(record.target) for record in system.resolve(zone, "NS"))
        except (OSError, dns.exception.DNSException) as e:
            raise DnsFailure(f"cannot find the name servers of {name}: {e}; {REMEDY}") from e
        addresses = [address for server in names for address in _addresses(server, system)]
        if not addresses:
            raise DnsFailure(f"the name servers of {name} have no address: {', '.join(names)}")
        return tuple(self._target.connect_address(a, DNS_PORT) for a in addresses)


def _addresses(name: str, system: dns.resolver.Resolver) -> list[str]:
    try:
        return [str(record.address) for record in system.resolve(name, "A")]
    except (OSError, dns.exception.DNSException):
        return []  # the zone has others


def _under(name: str, endpoint: str) -> bool:
    """Whether the name is the endpoint or a Region-only name beneath it."""
    asked, known = name.rstrip(".").lower(), endpoint.rstrip(".").lower()
    return asked == known or asked.endswith(f".{known}")
