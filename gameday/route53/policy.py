"""The routing policies: of the record sets that may answer, which do. Health is settled before.

Every policy works on a *pool*: the healthy records among those that apply to the client, or all
that apply when none is healthy (fail-open, health-checks-how-route-53-chooses-records). So no
policy knows about health, and each is the rule of one page of the Route 53 developer guide.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence

from gameday.route53.client import REGION_COORDINATES, Client, Prefix, distance_km
from gameday.route53.zone import Group, Location, RecordSet

Choose = Callable[[Sequence[float]], int]
"""Draws an index with a probability proportional to the given positive weights."""

Collections = Mapping[str, Mapping[str, tuple[Prefix, ...]]]

MULTIVALUE_MAX = 8
DEFAULT_CIDR_LOCATION = "*"
LOCAL = ("geolocation", "cidr")
"""Policies under which a record may not apply to a client at all."""

BY_CLIENT = frozenset({"latency", "geolocation", "geoproximity", "cidr"})
"""Policies whose answer depends on where the query comes from."""


def applicable(group: Group, client: Client, collections: Collections) -> Group:
    """The records that count for this client, also for an alias's health (routing-policy-geo)."""
    if not group or group[0].policy not in LOCAL:
        return group
    return tuple(r for r in group if rank(r, client, collections) < math.inf)


def choose(pool: Group, client: Client, collections: Collections, draw: Choose) -> Group:
    """The record or, for multivalue, the records of a pool that is not empty."""
    policy = pool[0].policy
    if policy == "simple":
        return pool[:1]
    if policy == "weighted":
        return (_weighted(pool, draw),)
    if policy == "multivalue":
        return _multivalue(pool, draw)
    return (min(pool, key=lambda r: rank(r, client, collections)),)


def _weighted(pool: Group, draw: Choose) -> RecordSet:
    """Zero weights count only where nothing else is left, and then equally."""
    nonzero = tuple(r for r in pool if r.weight > 0)
    candidates = nonzero or pool
    if len(candidates) == 1:
        return candidates[0]
    return candidates[draw([float(r.weight) if nonzero else 1.0 for r in candidates])]


def _multivalue(pool: Group, draw: Choose) -> Group:
    """All of up to eight; of more, eight drawn at random."""
    left = list(pool)
    while len(left) > MULTIVALUE_MAX:
        del left[draw([1.0] * len(left))]
    return tuple(left)


def rank(record: RecordSet, client: Client, collections: Collections) -> float:
    """What latency, failover, geolocation, geoproximity and IP-based routing minimise.

    Infinite for a geolocation or CIDR location that does not hold the client.
    """
    match record.policy:
        case "latency":
            return client.latency_to(record.region or "")
        case "failover":
            return 0.0 if record.failover == "PRIMARY" else 1.0
        case "geolocation":
            return _area(record.location or Location(), client)
        case "geoproximity":
            return _biased_km(record, client)
        case "cidr":
            return -_block_length(record, client, collections)
    return 0.0


def _area(location: Location, client: Client) -> float:
    """The smaller the area, the lower: subdivision, country, continent, everywhere."""
    if location.subdivision:
        inside = (location.country, location.subdivision) == (client.country, client.subdivision)
        return 0.0 if inside else math.inf
    if location.country:
        return 1.0 if location.country == client.country else math.inf
    if location.continent:
        return 2.0 if location.continent == client.continent else math.inf
    return 3.0


def _biased_km(record: RecordSet, client: Client) -> float:
    """Distance x (1 - bias/100): 150 km with bias 50 count as 75 (routing-policy-geoproximity)."""
    proximity, place = record.proximity, client.place()
    if proximity is None or place is None:
        return math.inf
    group = proximity.local_zone_group or ""
    there = proximity.coordinates or REGION_COORDINATES.get(
        # A Local Zone group is named `<region>-<place>-<number>`; its Region stands for it.
        proximity.region or "-".join(group.split("-")[:3])
    )
    return distance_km(place, there) * (1 - proximity.bias / 100) if there else math.inf


def _block_length(record: RecordSet, client: Client, collections: Collections) -> float:
    """Bits of the longest block that holds the whole client prefix; 0 for `*`, else -inf.

    A client prefix shorter than a block does not match it (routing-policy-ipbased).
    """
    collection, location = record.cidr or ("", DEFAULT_CIDR_LOCATION)
    if location == DEFAULT_CIDR_LOCATION:
        return 0.0
    prefix, longest = client.prefix, -math.inf
    for block in collections.get(collection, {}).get(location, ()):
        if prefix is None or prefix.version != block.version:
            continue
        if prefix.subnet_of(block):  # type: ignore[arg-type]
            longest = max(longest, float(block.prefixlen))
    return longest


def explain(record: RecordSet, client: Client) -> str:
    """What the policy weighed in this record, for people."""
    match record.policy:
        case "weighted":
            return f"weight {record.weight}"
        case "latency":
            latency_ms = client.latency_to(record.region or "")
            known = f"{latency_ms:g} ms" if latency_ms < math.inf else "no known latency"
            return f"{known} to {record.region} from {client.network}"
        case "failover":
            return (record.failover or "").lower()
        case "geolocation":
            place = record.location or Location()
            area = place.subdivision or place.country or place.continent or "* (default)"
            return f"location {area}"
        case "geoproximity":
            km = _biased_km(record, client)
            return f"{km:.0f} km with bias" if km < math.inf else "no known distance"
        case "cidr":
            return f"CIDR location {(record.cidr or ('', ''))[1]}"
    return record.policy
