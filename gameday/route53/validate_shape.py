"""What Route 53 refuses in one change by itself, whatever the zone holds: InvalidInput.

Sources: API_ResourceRecordSet, API_GeoLocation, API_GeoProximityLocation, API_CidrRoutingConfig.
Each function returns the first refusal's message, or None.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from gameday.route53.geography import CONTINENTS, COUNTRIES, REGION_NAME, STATES
from gameday.route53.zone import POLICY_MEMBERS
from gameday.route53.zone_json import FAILOVERS, TTL_MAX_S, WEIGHT_MAX, policies_of

Json = Mapping[str, Any]

ACTIONS = ("CREATE", "DELETE", "UPSERT")
TYPES = (
    "SOA", "A", "TXT", "NS", "CNAME", "MX", "NAPTR", "PTR", "SRV", "SPF", "AAAA", "CAA", "DS",
    "TLSA", "SSHFP", "SVCB", "HTTPS",
)  # fmt: skip
VALUE_LENGTH_MAX = 4000


def shape_problem(number: int, change: Json) -> str | None:
    """Why the change with this number (from 1) is malformed."""
    record = change.get("ResourceRecordSet", {})
    return next(filter(None, _problems(number, change, record)), None)


def _problems(number: int, change: Json, record: Json) -> Iterator[str | None]:
    at = f"changeBatch.changes.{number}.member"
    where = f"{at}.resourceRecordSet"
    yield _enum(change.get("Action"), ACTIONS, f"{at}.action")
    yield _enum(record.get("Type"), TYPES, f"{where}.type")
    if not record.get("Name"):
        yield f"Invalid request: Missing field 'Name' in {_described(change, record)}"
    yield _source(change, record)
    yield _policy(change, record)
    yield _range(record.get("Weight"), 0, WEIGHT_MAX, f"{where}.weight")
    yield _range(record.get("TTL"), 0, TTL_MAX_S, f"{where}.tTL")
    yield _length(record.get("SetIdentifier"), 1, 128, f"{where}.setIdentifier")
    for value in values_of(record):
        yield _length(value, 0, VALUE_LENGTH_MAX, f"{where}.resourceRecords.value")
    if record.get("Failover"):
        yield _enum(record["Failover"], FAILOVERS, f"{where}.failover")
    if (region := record.get("Region")) and not REGION_NAME.fullmatch(region):
        yield _constraint(region, f"{where}.region", "be the name of a Region")
    if record.get("GeoLocation"):
        yield _geolocation(record["GeoLocation"])
    if record.get("GeoProximityLocation"):
        yield _geoproximity(record["GeoProximityLocation"], where)
    if record.get("CidrRoutingConfig"):
        yield _cidr(record["CidrRoutingConfig"], where)
    if record.get("MultiValueAnswer"):
        yield _multivalue(record)


def values_of(record: Json) -> list[str]:
    """A record set's values."""
    return [str(r["Value"]) for r in record.get("ResourceRecords") or ()]


def _source(change: Json, record: Json) -> str | None:
    """Exactly one of alias target, values with TTL, traffic policy instance."""
    alias, policy = record.get("AliasTarget"), record.get("TrafficPolicyInstanceId")
    values = record.get("ResourceRecords") and record.get("TTL") is not None
    partly = bool(record.get("ResourceRecords") or record.get("TTL") is not None)
    found = bool(alias) + bool(policy) + bool(values)
    if found == 1 and not (alias and partly):
        return None
    return (
        "Invalid request: Expected exactly one of [AliasTarget, all of [TTL, and ResourceRecords], "
        f"or TrafficPolicyInstanceId], but found {'more than one' if found else 'none'} "
        f"in {_described(change, record)}"
    )


def _policy(change: Json, record: Json) -> str | None:
    members, identifier = policies_of(record), record.get("SetIdentifier")
    if len(members) > 1 or (identifier and not members):
        return (
            f"Invalid request: Expected exactly one of [{', '.join(POLICY_MEMBERS)}], but found "
            f"{'more than one' if members else 'none'} in {_described(change, record)}"
        )
    if members and not identifier:
        return f"Invalid request: Missing field 'SetIdentifier' in {_described(change, record)}"
    return None


def _geolocation(place: Json) -> str | None:
    continent, country = place.get("ContinentCode"), place.get("CountryCode")
    subdivision = place.get("SubdivisionCode")
    if bool(continent) == bool(country):
        return "Invalid request: GeoLocation needs exactly one of ContinentCode and CountryCode"
    if continent and continent not in CONTINENTS:
        return f"Invalid request: ContinentCode {continent} is not one of {', '.join(CONTINENTS)}"
    if country and country != "*" and country not in COUNTRIES:
        return f"Invalid request: CountryCode {country} is not supported"
    if subdivision and country != "US":
        return "Invalid request: SubdivisionCode is supported for CountryCode US only"
    if subdivision and subdivision not in STATES:
        return f"Invalid request: SubdivisionCode {subdivision} is not supported for CountryCode US"
    return None


def _geoproximity(place: Json, where: str) -> str | None:
    given = [m for m in ("AWSRegion", "LocalZoneGroup", "Coordinates") if place.get(m)]
    if len(given) != 1:
        return (
            "Invalid request: GeoProximityLocation needs exactly one of AWSRegion, LocalZoneGroup "
            "and Coordinates"
        )
    coordinates = place.get("Coordinates") or {}
    for member, limit in (("Latitude", 90), ("Longitude", 180)):
        text = str(coordinates.get(member, "0"))
        if not re.fullmatch(r"[-+]?\d{1,3}(\.\d{0,2})?", text) or abs(float(text)) > limit:
            return (
                f"Invalid request: {member} {text} is not within -{limit}..{limit} with at most "
                "two decimals"
            )
    return _range(place.get("Bias"), -99, 99, f"{where}.geoProximityLocation.bias")


def _cidr(config: Json, where: str) -> str | None:
    name = str(config.get("LocationName", ""))
    if not re.fullmatch(r"[0-9A-Za-z_\-*]{1,16}", name):
        return _constraint(
            name, f"{where}.cidrRoutingConfig.locationName",
            "satisfy regular expression pattern: [0-9A-Za-z_\\-\\*]+",
        )  # fmt: skip
    return None


def _multivalue(record: Json) -> str | None:
    if record.get("AliasTarget"):
        return "Invalid request: MultiValueAnswer is not supported for alias records"
    if record.get("Type") in ("CNAME", "NS"):
        return f"Invalid request: MultiValueAnswer is not supported for type {record['Type']}"
    if len(values_of(record)) > 1:
        return "Invalid request: A MultiValueAnswer record set holds one resource record"
    return None


def _enum(value: object, allowed: tuple[str, ...], where: str) -> str | None:
    if value in allowed:
        return None
    return _constraint(value, where, f"satisfy enum value set: [{', '.join(allowed)}]")


def _range(value: object, least: int, most: int, where: str) -> str | None:
    if value is None:
        return None
    try:
        number = int(str(value))
    except ValueError:
        return _constraint(value, where, "be an integer")
    if number > most:
        return _constraint(value, where, f"have value less than or equal to {most}")
    if number < least:
        return _constraint(value, where, f"have value greater than or equal to {least}")
    return None


def _length(value: str | None, least: int, most: int, where: str) -> str | None:
    if value is None or least <= len(value) <= most:
        return None
    bound = f"less than or equal to {most}" if value else f"greater than or equal to {least}"
    return _constraint(value, where, f"have length {bound}")


def _constraint(value: object, where: str, must: str) -> str:
    return (
        f"1 validation error detected: Value '{value}' at '{where}' failed to satisfy constraint: "
        f"Member must {must}"
    )


def _described(change: Json, record: Json) -> str:
    identifier = record.get("SetIdentifier") or "null"
    return (
        f"Change with [Action={change.get('Action')}, Name={record.get('Name')}, "
        f"Type={record.get('Type')}, SetIdentifier={identifier}]"
    )
