"""Parses zones and record sets from the JSON that the Route 53 API prints.

What Route 53 would not hold in a record set by itself is refused here, so nothing behind this
module meets a wrong kind or a number out of range; `zone_rules` judges record sets side by side.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from ipaddress import ip_network
from typing import Any

from gameday.errors import UsageError
from gameday.route53 import members
from gameday.route53.geography import CONTINENTS
from gameday.route53.zone import (
    POLICY_MEMBERS,
    Alias,
    Group,
    Location,
    Proximity,
    RecordSet,
    Zone,
    Zones,
    canonical,
)

Json = Mapping[str, Any]

TTL_MAX_S = 2_147_483_647
WEIGHT_MAX = 255
IDENTIFIER_MAX = 128
BIAS_MAX = 99
FAILOVERS = ("PRIMARY", "SECONDARY")
NAME_MAX, VALUE_MAX = 1024, 4000


def parse_zones(body: Json) -> Zones:
    """The zones of a snapshot: `zones` and optionally `cidr_collections`.

    :raises UsageError: one line that names the record set and what is wrong with it.
    """
    zones: dict[str, Zone] = {}
    for item in body.get("zones", ()):
        zone = parse_zone(item["id"], item["name"], item["record_sets"])
        zones.setdefault(zone.name, zone)
    collections = {
        collection["id"]: {
            location: tuple(ip_network(block, strict=False) for block in blocks)
            for location, blocks in collection["locations"].items()
        }
        for collection in body.get("cidr_collections", ())
    }
    return Zones(zones, collections)


def parse_zone(zone_id: str, name: str, record_sets: Iterable[Json]) -> Zone:
    """A zone from AWS's JSON record sets.

    :raises UsageError: a record set is malformed, or lies outside the zone.
    """
    apex = canonical(name)
    groups: dict[str, dict[str, Group]] = {apex: {}}
    nodes = {apex}
    for item in record_sets:
        record = parse_record_set(item)
        owner = record.name
        if owner != apex and not owner.endswith("." + apex):
            raise UsageError(f"record set {record.label}: not in zone {apex}")
        types = groups.setdefault(owner, {})
        types[record.type] = (*types.get(record.type, ()), record)
        while owner != apex:
            nodes.add(owner)
            owner = owner.partition(".")[2]
    return Zone(zone_id.rpartition("/")[2], apex, groups, frozenset(nodes))


def parse_record_set(item: Json) -> RecordSet:
    """One record set from AWS's JSON shape.

    :raises UsageError: a member is missing, of the wrong kind or out of range, or excludes another.
    """
    try:
        name, rtype = members.text(item, "Name", NAME_MAX), members.text(item, "Type")
        if not name or not rtype:
            raise ValueError("needs Name and Type")
    except ValueError as e:
        raise UsageError(f"record set {item!r:.120}: {e}") from e
    name, rtype = canonical(name), rtype.upper()
    label = f"{members.shown(name)} {rtype}"
    try:
        identifier = members.text(item, "SetIdentifier", IDENTIFIER_MAX)
        label += f" ({identifier})" if identifier else ""
        policy = _policy(item, identifier)
        alias, values = members.body(item, "AliasTarget"), _values(item)
        if bool(alias) == bool(values):
            raise ValueError("give either AliasTarget or ResourceRecords")
        ttl_s = members.number(item, "TTL", 0, TTL_MAX_S)
        return RecordSet(
            name, rtype, members.needed(ttl_s, "TTL") if values else ttl_s or 0, values,
            policy, identifier,
            weight=members.number(item, "Weight", 0, WEIGHT_MAX) or 0,
            region=members.text(item, "Region", 64),
            failover=members.one_of(item, "Failover", FAILOVERS),
            location=_location(members.body(item, "GeoLocation")),
            proximity=_proximity(members.body(item, "GeoProximityLocation")),
            cidr=_cidr(members.body(item, "CidrRoutingConfig")),
            alias=_alias(alias),
            health_check=members.text(item, "HealthCheckId", 64),
        )  # fmt: skip
    except ValueError as e:
        raise UsageError(f"record set {label}: {e}") from e


def policies_of(record: Json) -> list[str]:
    """The members of a record set that make it follow a policy; empty for simple routing."""
    given = (m for m in POLICY_MEMBERS if record.get(m) is not None)
    return [m for m in given if m != "MultiValueAnswer" or record[m] not in (False, "false")]


def _policy(item: Json, identifier: str | None) -> str:
    members.truth(item, "MultiValueAnswer")
    given = policies_of(item)
    if len(given) > 1:
        raise ValueError(f"{' and '.join(given)} exclude one another")
    if given and not identifier:
        raise ValueError(f"{given[0]} needs a SetIdentifier")
    if given and item[given[0]] in ("", {}):
        raise ValueError(f"{given[0]} is empty")
    return POLICY_MEMBERS[given[0]] if given else "simple"


def _values(item: Json) -> tuple[str, ...]:
    values = tuple(
        members.needed(members.text(r, "Value", VALUE_MAX), "Value")
        for r in members.bodies(item, "ResourceRecords")
    )
    if any(value.isspace() for value in values):
        raise ValueError("Value is missing")
    return values


def _alias(item: Json | None) -> Alias | None:
    if item is None:
        return None
    if item.get("EvaluateTargetHealth") is None:
        raise ValueError("EvaluateTargetHealth is missing")
    return Alias(
        members.needed(members.text(item, "HostedZoneId"), "HostedZoneId").rpartition("/")[2],
        canonical(members.needed(members.text(item, "DNSName", NAME_MAX), "DNSName")),
        members.truth(item, "EvaluateTargetHealth"),
    )


def _location(item: Json | None) -> Location | None:
    """Source: API_GeoLocation. The country may be one that this version does not know."""
    if item is None:
        return None
    continent = members.one_of(item, "ContinentCode", CONTINENTS)
    country = members.text(item, "CountryCode")
    if bool(continent) == bool(country):
        raise ValueError("GeoLocation needs exactly one of ContinentCode and CountryCode")
    if country and not re.fullmatch(r"[A-Z]{2}|\*", country):
        raise ValueError(f"CountryCode {members.shown(country)} is not a two-letter code or *")
    subdivision = members.text(item, "SubdivisionCode")
    if subdivision and country != "US":
        raise ValueError("SubdivisionCode is supported for CountryCode US only")
    if subdivision and not re.fullmatch(r"[A-Z]{2}", subdivision):
        raise ValueError(f"SubdivisionCode {members.shown(subdivision)} is not a state of the USA")
    return Location(continent, None if country == "*" else country, subdivision)


def _proximity(item: Json | None) -> Proximity | None:
    if item is None:
        return None
    place = members.body(item, "Coordinates")
    coordinates = None
    if place is not None:
        coordinates = (_degrees(place, "Latitude", 90), _degrees(place, "Longitude", 180))
    return Proximity(
        members.text(item, "AWSRegion", 64), members.text(item, "LocalZoneGroup", 64), coordinates,
        members.number(item, "Bias", -BIAS_MAX, BIAS_MAX) or 0,
    )  # fmt: skip


def _degrees(place: Json, name: str, most: float) -> float:
    value = place.get(name)
    is_number = isinstance(value, str | int | float) and not isinstance(value, bool)
    if not is_number or not re.fullmatch(r"[-+]?[0-9]{1,3}(\.[0-9]*)?", str(value)):
        raise ValueError(f"{name} is {members.shown(value)}, not degrees")
    if abs(float(str(value))) > most:
        raise ValueError(f"{name} is {members.shown(value)}, not within -{most:g} to {most:g}")
    return float(str(value))


def _cidr(item: Json | None) -> tuple[str, str] | None:
    if item is None:
        return None
    return (
        members.needed(members.text(item, "CollectionId"), "CollectionId"),
        members.needed(members.text(item, "LocationName"), "LocationName"),
    )
