"""Where clients are: the networks file, its defaults, and the network that an address belongs to.

The same list of mappings travels in the spec; `Networks` gives it to routing as `Client` values.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network
from typing import Any

import yaml

from gameday.errors import UsageError
from gameday.route53.client import Client, Prefix

Network = Mapping[str, Any]

NEAR_MS, FAR_MS = 20.0, 90.0
KNOWN = {
    "id", "cidr", "latency_ms", "country", "continent", "subdivision", "coordinates", "resolvers"
}  # fmt: skip
BLOCKS = (
    "198.51.100.0/24", "203.0.113.0/24", *(f"198.18.{n}.0/24" for n in range(1, 64)),
)  # fmt: skip
"""Documentation and benchmark addresses: no packet ever goes there."""

CONTINENTS = {
    "us": "NA", "ca": "NA", "mx": "NA", "sa": "SA", "eu": "EU", "af": "AF", "ap": "AS", "me": "AS",
    "il": "AS",
}  # fmt: skip


def default_networks(regions: Sequence[str]) -> list[dict[str, Any]]:
    """One network near each Region: 20 ms to it, 90 ms to every other."""
    networks = []
    for region, block in zip(regions, BLOCKS, strict=False):
        latency_ms = {other: NEAR_MS if other == region else FAR_MS for other in regions}
        network = {"id": f"near-{region}", "cidr": block, "latency_ms": latency_ms}
        if continent := CONTINENTS.get(region.partition("-")[0]):
            network["continent"] = continent
        networks.append(network)
    return networks


def parse_networks(text: str, place: str = "networks file") -> list[dict[str, Any]]:
    """The networks in YAML `text`.

    :raises UsageError: one line that names `place`, the network and what is wrong with it.
    """
    try:
        items = yaml.safe_load(text)
    except yaml.YAMLError as e:
        mark = getattr(e, "problem_mark", None)
        line = f":{mark.line + 1}" if mark else ""
        raise UsageError(f"{place}{line}: not YAML: {getattr(e, 'problem', e)}") from e
    if not isinstance(items, list) or not items:
        raise UsageError(f"{place}: must be a list of networks, each with id, cidr, latency_ms")
    seen: set[str] = set()
    for number, item in enumerate(items, 1):
        if not isinstance(item, dict) or not item.get("id"):
            raise UsageError(f"{place}: network {number} has no id")
        if item["id"] in seen:
            raise UsageError(f"{place}: network {item['id']} is listed twice")
        seen.add(item["id"])
        try:
            _client(item)
        except (KeyError, TypeError, ValueError, AttributeError) as e:
            what = f"{e.args[0]} is missing" if isinstance(e, KeyError) else str(e)
            raise UsageError(f"{place}: network {item['id']}: {what}") from e
    return items


def _client(item: Network) -> Client:
    if unknown := sorted(set(item) - KNOWN):
        raise ValueError(f"unknown member {unknown[0]}; known are {', '.join(sorted(KNOWN))}")
    latency_ms = {str(region): float(ms) for region, ms in item["latency_ms"].items()}
    if any(not ms >= 0 for ms in latency_ms.values()):
        raise ValueError("a latency below 0 ms")
    for resolver in item.get("resolvers") or ():
        ip_network(resolver)
    place = item.get("coordinates")
    coordinates = (float(place[0]), float(place[1])) if place else None
    return Client(
        str(item["id"]), latency_ms, ip_network(item["cidr"]), item.get("continent"),
        item.get("country"), item.get("subdivision"), coordinates,
    )  # fmt: skip


class Networks:
    """Finds the network of an address: the longest prefix that holds it."""

    def __init__(self, items: Iterable[Network]) -> None:
        self.clients = [_client(item) for item in items]

    def of_source(self, address: str) -> Client:
        """The client at a packet's source; loopback belongs to the first network."""
        source = ip_address(address)
        if source.is_loopback and self.clients:
            return self.clients[0]
        return self.of_prefix(ip_network(source))

    def of_prefix(self, prefix: Prefix) -> Client:
        """The client behind a client subnet; without location where no network holds it."""
        best, longest = Client(), -1
        for client in self.clients:
            block = client.prefix
            if block is not None and _holds(block, prefix.network_address):
                length = block.prefixlen
                if length > longest and length <= prefix.prefixlen:
                    best, longest = client, length
        return best.at(prefix)


def _holds(block: Prefix, address: IPv4Address | IPv6Address) -> bool:
    return block.version == address.version and address in block
