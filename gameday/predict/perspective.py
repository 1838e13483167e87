"""From where a name looks different: a client for each place that its policies tell apart.

AWS publishes neither its latency table nor its map of addresses, so nearness is distance between
Regions, and a client stands in each location that a record names, and in none of them.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from ipaddress import ip_network
from itertools import islice, product

from gameday.route53.client import REGION_COORDINATES, Client, Prefix, distance_km
from gameday.route53.exports import Routing
from gameday.route53.zone import Group, Location, Zone, Zones

Named = dict[str, dict[str, None]]
"""The locations that records name, by CIDR collection."""

PERSPECTIVES_MAX = 64
KM_PER_MS = 100.0  # light in fibre, there and back
UNKNOWN_MS = 400.0

COUNTRIES = {
    "EU": "AD AL AT AX BA BE BG BY CH CZ DE DK EE ES FI FO FR GB GG GI GR HR HU IE IM IS IT JE LI "
          "LT LU LV MC MD ME MK MT NL NO PL PT RO RS RU SE SI SJ SK SM UA VA XK",
    "NA": "AG AI AW BB BL BM BQ BS BZ CA CR CU CW DM DO GD GL GP GT HN HT JM KN KY LC MF MQ MS MX "
          "NI PA PM PR SV SX TC TT US VC VG VI",
    "SA": "AR BO BR CL CO EC FK GF GY PE PY SR UY VE",
    "AS": "AE AF AM AZ BD BH BN BT CC CN CX CY GE HK ID IL IN IO IQ IR JO JP KG KH KP KR KW KZ LA "
          "LB LK MM MN MO MV MY NP OM PH PK PS QA SA SG SY TH TJ TM TR TW UZ VN YE",
    "OC": "AS AU CK FJ FM GU KI MH MP NC NF NR NU NZ PF PG PN PW SB TK TL TO TV UM VU WF WS",
    "AF": "AO BF BI BJ BW CD CF CG CI CM CV DJ DZ EG EH ER ET GA GH GM GN GQ GW KE KM LR LS LY MA "
          "MG ML MR MU MW MZ NA NE NG RE RW SC SD SH SL SN SO SS ST SZ TD TG TN TZ UG YT ZA ZM ZW",
}  # fmt: skip
CONTINENT = {country: code for code, names in COUNTRIES.items() for country in names.split()}
"""ISO 3166-1 countries by the continent codes of the Route 53 API Reference (GeoLocation)."""


def reachable(zone: Zone, group: Group, seen: frozenset[str] = frozenset()) -> Iterator[Group]:
    """The group and every group of the zone that its aliases and CNAMEs lead to."""
    if not group or group[0].name in seen:
        return
    yield group
    for record in group:
        name = record.alias.name if record.alias else ""
        rtype = record.type
        if record.type == "CNAME" and record.values:
            name, rtype = record.values[0].lower().rstrip(".") + ".", "A"
        if name and zone.contains(name):
            below = zone.group(name, rtype) or zone.group(name, "CNAME")
            yield from reachable(zone, below, seen | {group[0].name})


def perspectives(routing: Routing, zone: Zone, group: Group) -> tuple[Zones, tuple[Client, ...]]:
    """The clients to ask as, and the zones to ask: with blocks for every CIDR location named.

    An export holds no CIDR blocks, so each location gets one of its own; at most 64 clients.
    """
    regions: dict[str, None] = {}
    places: dict[Location, None] = {}
    blocks: Named = {}
    for level in reachable(zone, group):
        for record in level:
            here = record.region or (record.proximity.region if record.proximity else None)
            if here:
                regions[here] = None
            if record.location:
                places[record.location] = None
            if record.cidr:
                blocks.setdefault(record.cidr[0], {})[record.cidr[1]] = None
    near = [(Client("", latencies_ms(r, regions)), f"nearest {r}") for r in regions]
    choices = product(near or [(Client(""), "")], _places(places), _prefixes(blocks))
    made = []
    for (client, label), place, (prefix, location) in islice(choices, PERSPECTIVES_MAX):
        continent, country, subdivision = _where(place)
        words = [w for w in (label, _called(place) if places else "", location) if w]
        made.append(
            replace(
                client,
                network="clients " + ", ".join(words) if words else "everyone",
                prefix=prefix, continent=continent, country=country, subdivision=subdivision,
            )
        )  # fmt: skip
    return Zones(routing.zones.by_name, _collections(blocks)), tuple(made)


def latencies_ms(near: str, regions: dict[str, None]) -> dict[str, float]:
    """Milliseconds from the metropolitan area of `near` to each Region, by distance."""
    here = REGION_COORDINATES.get(near)
    found = {}
    for number, region in enumerate(regions):
        there = REGION_COORDINATES.get(region)
        far = UNKNOWN_MS + number
        found[region] = distance_km(here, there) / KM_PER_MS if here and there else far
    return found | {near: 0.0}


def _places(places: dict[Location, None]) -> list[Location | None]:
    """Every location that is not the default, and nowhere."""
    return [*(p for p in places if p != Location()), None]


def _where(place: Location | None) -> tuple[str | None, str | None, str | None]:
    if place is None:
        return None, None, None
    return place.continent or CONTINENT.get(place.country or ""), place.country, place.subdivision


def _called(place: Location | None) -> str:
    if place is None:
        return "anywhere else"
    return "in " + "-".join(p for p in (place.continent, place.country, place.subdivision) if p)


def _collections(blocks: Named) -> dict[str, dict[str, tuple[Prefix, ...]]]:
    return {
        collection: {name: (ip_network(f"10.{n}.0.0/16"),) for n, name in enumerate(names)}
        for collection, names in blocks.items()
    }


def _prefixes(blocks: Named) -> list[tuple[Prefix | None, str]]:
    """A client prefix inside each location's block, and one outside all."""
    found: list[tuple[Prefix | None, str]] = [(None, "" if not blocks else "in no CIDR location")]
    for names in blocks.values():
        found += [
            (ip_network(f"10.{n}.1.0/24"), f"in CIDR location {name}")
            for n, name in enumerate(names)
            if name != "*"
        ]
    return found
