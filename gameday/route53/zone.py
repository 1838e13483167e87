"""Hosted zones and record sets as values; `zone_json` parses them.

Names are lower case with a trailing dot and Route 53's octal escapes, except that `*` is written
as it is (DomainNameFormat); trailing dot and escapes are optional in what is read.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from gameday.route53.client import Prefix

POLICY_MEMBERS = {
    "Weight": "weighted", "Region": "latency", "Failover": "failover", "GeoLocation": "geolocation",
    "GeoProximityLocation": "geoproximity", "MultiValueAnswer": "multivalue",
    "CidrRoutingConfig": "cidr",
}  # fmt: skip
"""The member of a ResourceRecordSet that makes it follow a routing policy; none: simple."""

SOA_TTL_S = 900
DEFAULT_SOA = (
    "ns-2048.awsdns-64.com. awsdns-hostmaster.amazon.com. 1 7200 900 1209600 86400"  # SOA-NSrecords
)


@dataclass(frozen=True, slots=True)
class Alias:
    """What an alias record points at."""

    zone_id: str
    name: str
    evaluate_target_health: bool


@dataclass(frozen=True, slots=True)
class Location:
    """A geolocation: subdivision within country, country, continent, or all None for `*`."""

    continent: str | None = None
    country: str | None = None
    subdivision: str | None = None


@dataclass(frozen=True, slots=True)
class Proximity:
    """Where a geoproximity record's resource is, and its bias (-99..99)."""

    region: str | None
    local_zone_group: str | None
    coordinates: tuple[float, float] | None
    bias: int


@dataclass(frozen=True, slots=True)
class RecordSet:
    """One ResourceRecordSet. Exactly one of `alias` and `values` says what it answers."""

    name: str
    type: str
    ttl_s: int
    values: tuple[str, ...]
    policy: str = "simple"
    set_identifier: str | None = None
    weight: int = 0
    region: str | None = None
    failover: str | None = None  # PRIMARY or SECONDARY
    location: Location | None = None
    proximity: Proximity | None = None
    cidr: tuple[str, str] | None = None  # collection id, location name
    alias: Alias | None = None
    health_check: str | None = None

    @property
    def label(self) -> str:
        """How messages name it."""
        suffix = f" ({self.set_identifier})" if self.set_identifier else ""
        return f"{self.name} {self.type}{suffix}"


Group = tuple[RecordSet, ...]


@dataclass(frozen=True, slots=True)
class Zone:
    """A hosted zone: `groups[name][type]` are the record sets that share a name and a type."""

    id: str
    name: str
    groups: Mapping[str, Mapping[str, Group]]
    nodes: frozenset[str] = field(default=frozenset())

    def contains(self, name: str) -> bool:
        return name == self.name or name.endswith("." + self.name)

    def group(self, name: str, rtype: str) -> Group:
        """The record sets of a name and type; empty when there are none."""
        return self.groups.get(name, {}).get(rtype, ())

    def record_sets(self) -> Iterator[RecordSet]:
        """Every record set."""
        for types in self.groups.values():
            for group in types.values():
                yield from group

    def owner(self, name: str) -> str | None:
        """The name whose record sets answer for `name`: itself, a wildcard, or None (NXDOMAIN).

        A name that exists, also as an empty non-terminal, beats every wildcard for all types
        (DomainNameFormat, RFC 4592).
        """
        if name in self.nodes:
            return name
        while name and name != self.name:
            name = name.partition(".")[2]
            if name in self.nodes:
                wildcard = f"*.{name}"
                return wildcard if wildcard in self.groups else None
        return None

    def cut(self, name: str) -> Group:
        """The NS record set that delegates `name` away from this zone; empty when none does."""
        found: Group = ()
        while name != self.name and name:
            found = self.group(name, "NS") or found
            name = name.partition(".")[2]
        return found

    def soa(self) -> tuple[str, int]:
        """The SOA record's value and its TTL in seconds."""
        for record in self.group(self.name, "SOA"):
            if record.values:
                return record.values[0], record.ttl_s
        return DEFAULT_SOA, SOA_TTL_S

    def negative_ttl_s(self) -> int:
        """How long a resolver may remember that there is nothing (SOA-NSrecords)."""
        value, ttl_s = self.soa()
        minimum = re.search(r" (\d{1,10})$", value)
        return min(ttl_s, int(minimum[1])) if minimum else ttl_s


@dataclass(frozen=True, slots=True)
class Zones:
    """Everything that answers: zones by name, CIDR collections by id and location name."""

    by_name: Mapping[str, Zone] = field(default_factory=dict)
    collections: Mapping[str, Mapping[str, tuple[Prefix, ...]]] = field(default_factory=dict)

    def find(self, name: str) -> Zone | None:
        """The zone that answers for `name`: the longest that contains it."""
        while name:
            if name in self.by_name:
                return self.by_name[name]
            name = name.partition(".")[2]
        return self.by_name.get(".")


_ESCAPABLE = re.compile(r"\\([0-7]{3})|[^a-z0-9_*.\0-\x20\x7f-\U0010ffff-]")


def canonical(name: str) -> str:
    """`name` as this package writes it: lower case, trailing dot, all but a-z 0-9 - _ * escaped.

    Blanks and what is not ASCII stay: no zone holds them, and messages should show them.
    """
    name = _ESCAPABLE.sub(_escaped, name.lower())
    return name if name.endswith(".") else name + "."


def _escaped(found: re.Match[str]) -> str:
    return escape_label(bytes((int(found[1], 8) & 255,)) if found[1] else found[0].encode())


def escape_label(label: bytes) -> str:
    """A label from the wire as Route 53 writes it: all but a-z 0-9 - _ * as `\\ooo`."""
    return re.sub(r"[^a-z0-9_*-]", lambda m: f"\\{ord(m[0]):03o}", label.lower().decode("latin-1"))
