"""Where clients are: the networks file, its defaults, and the network that an address belongs to.

The same list of mappings travels in the spec; `Networks` gives it to routing as `Client` values.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network
from pathlib import Path
from typing import Any

import yaml

from gameday.errors import UsageError
from gameday.route53 import geography, members
from gameday.route53.client import Client, Prefix
from gameday.route53.geography import COUNTRIES, STATES

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
    "us": "NA", "ca": "NA", "mx": "NA", "sa": "SA", "eu": "EU", "eusc": "EU", "af": "AF",
    "ap": "AS", "me": "AS", "il": "AS", "cn": "AS",
}  # fmt: skip
"""By the first word of a Region's name."""

OCEANIA = ("ap-southeast-2", "ap-southeast-4", "ap-southeast-6")


def default_networks(regions: Sequence[str]) -> list[dict[str, Any]]:
    """One network near each Region: 20 ms to it, 90 ms to every other."""
    networks = []
    for region, block in zip(regions, BLOCKS, strict=False):
        latency_ms = {other: NEAR_MS if other == region else FAR_MS for other in regions}
        network = {"id": f"near-{region}", "cidr": block, "latency_ms": latency_ms}
        continent = "OC" if region in OCEANIA else CONTINENTS.get(region.partition("-")[0])
        if continent:
            network["continent"] = continent
        networks.append(network)
    return networks


def read_networks(path: Path) -> list[dict[str, Any]]:
    """The networks in the YAML file `path`.

    :raises UsageError: it cannot be read, or `parse_networks` refuses it.
    """
    try:
        text = path.read_text(encoding="utf-8-sig")
    except OSError as e:
        raise UsageError(f"{path}: cannot read the networks: {e.strerror}") from e
    except UnicodeDecodeError as e:
        raise UsageError(f"{path}: not UTF-8 text: byte {e.start}; save it as UTF-8") from e
    return parse_networks(text, str(path))


def parse_networks(text: str, place: str = "networks file") -> list[dict[str, Any]]:
    """The networks in YAML `text`.

    :raises UsageError: one line that names `place`, the network and what is wrong with it.
    """
    try:
        items = yaml.safe_load(text)
    except yaml.YAMLError as e:
        mark = getattr(e, "problem_mark", None)
        line = f":{mark.line + 1}" if mark else ""
        why = " ".join(str(getattr(e, "problem", None) or e).split())
        raise UsageError(f"{place}{line}: not YAML: {why}") from e
    except (ValueError, RecursionError) as e:  # 2026-13-45 looks like a date
        raise UsageError(f"{place}: not YAML: {e}") from e
    if not isinstance(items, list) or not items:
        raise UsageError(f"{place}: must be a list of networks, each with id, cidr, latency_ms")
    ids: set[str] = set()
    blocks: dict[Prefix | None, str] = {}
    for number, item in enumerate(items, 1):
        if not isinstance(item, dict) or not item.get("id"):
            raise UsageError(f"{place}: network {number} has no id")
        name = members.shown(item["id"])
        if str(item["id"]) in ids:
            raise UsageError(f"{place}: network {name} is listed twice")
        try:
            client = _client(item)
        except ValueError as e:
            raise UsageError(f"{place}: network {name}: {e}") from e
        if other := blocks.get(client.prefix):
            raise UsageError(f"{place}: networks {other} and {name} have the same cidr")
        ids.add(client.network)
        blocks[client.prefix] = name
    return items


def _client(item: Network) -> Client:
    if unknown := sorted(map(str, set(item) - KNOWN)):
        raise ValueError(f"unknown member {unknown[0]}; known are {', '.join(sorted(KNOWN))}")
    if isinstance(item["id"], bool) or not isinstance(item["id"], str | int):
        raise ValueError("id must be a text")
    latency_ms = members.needed(item.get("latency_ms"), "latency_ms")
    if not isinstance(latency_ms, Mapping):
        raise ValueError("latency_ms must name Regions, each with its milliseconds")
    resolvers = item.get("resolvers") or []
    if not isinstance(resolvers, list):
        raise ValueError("resolvers must be a list of blocks")
    for resolver in resolvers:
        _block(resolver, "resolvers")
    country, subdivision = (members.text(item, m) for m in ("country", "subdivision"))
    if country and country not in COUNTRIES:
        raise ValueError(f"country {country} is not one of ISO 3166 in capitals")
    if subdivision and not country:
        raise ValueError(f"subdivision {subdivision} without its country")
    if country == "US" and subdivision and subdivision not in STATES:
        raise ValueError(f"subdivision {subdivision} is not a state of the USA")
    return Client(
        str(item["id"]), {str(r): _ms(r, ms) for r, ms in latency_ms.items()},
        _block(members.needed(item.get("cidr"), "cidr"), "cidr"),
        members.one_of(item, "continent", geography.CONTINENTS) or geography.continent_of(country),
        country, subdivision,
        _coordinates(item.get("coordinates")),
    )  # fmt: skip


def _block(given: object, member: str) -> Prefix:
    if not isinstance(given, str):
        raise ValueError(f"{member}: {members.shown(given)} is not a block like 198.51.100.0/24")
    return ip_network(given)


def _number(given: object, what: str) -> float:
    if not isinstance(given, int | float) or isinstance(given, bool) or not math.isfinite(given):
        raise ValueError(f"{what} is {members.shown(given)}, not a number")
    return float(given)


def _ms(region: object, given: object) -> float:
    found = _number(given, f"the latency to {region}")
    if found < 0:
        raise ValueError("a latency below 0 ms")
    return found


def _coordinates(given: object) -> tuple[float, float] | None:
    if given is None:
        return None
    if not isinstance(given, list) or len(given) != 2:
        raise ValueError("coordinates are [latitude, longitude] in degrees")
    latitude, longitude = (_number(one, "a coordinate") for one in given)
    if abs(latitude) > 90 or abs(longitude) > 180:
        raise ValueError(f"coordinates {given} are not [latitude, longitude] in degrees")
    return latitude, longitude


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
