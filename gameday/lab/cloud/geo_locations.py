"""GetGeoLocation and ListGeoLocations: which places geolocation records may name.

Countries come first, subdivisions after their country, continents last (API_ListGeoLocations).
"""

from __future__ import annotations

from typing import Any

from gameday.lab.cloud import paging
from gameday.lab.cloud.own import Handler, Params, Result
from gameday.lab.cloud.wire import Fault
from gameday.route53.geography import CONTINENTS, COUNTRIES, STATES

CODES = ("ContinentCode", "CountryCode", "SubdivisionCode")


def _places() -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = [{"CountryCode": "*", "CountryName": "Default"}]
    for code, name in sorted(COUNTRIES.items()):
        country = {"CountryCode": code, "CountryName": name}
        found.append(country)
        if code == "US":
            found += [
                country | {"SubdivisionCode": c, "SubdivisionName": n}
                for c, n in sorted(STATES.items())
            ]
    return found + [{"ContinentCode": c, "ContinentName": n} for c, n in CONTINENTS.items()]


PLACES = _places()


def key(place: Params) -> tuple[str, ...]:
    """What identifies a place: continent, country and subdivision codes, "" for none."""
    return tuple(place.get(code) or "" for code in CODES)


INDEX = {key(place): place for place in PLACES}


def handlers() -> dict[str, Handler]:
    """By operation name."""
    return {"GetGeoLocation": _get, "ListGeoLocations": _list}


def _get(_: str, params: Params) -> Result:
    """Without a code: the default location."""
    wanted = key(params)
    place = INDEX.get(wanted if any(wanted) else ("", "*", ""))
    if place is None:
        text = " ".join(filter(None, wanted))
        raise Fault("NoSuchGeoLocation", f"The geolocation {text} is not supported.")
    return {"GeoLocationDetails": place}


def _list(_: str, params: Params) -> Result:
    size = paging.size_of(params)
    start = key({code: params.get(f"Start{code}") for code in CODES})
    if any(start) and start not in INDEX:
        raise Fault("InvalidInput", "The list does not begin with a geolocation that exists.")
    first = PLACES.index(INDEX[start]) if any(start) else 0
    rest = PLACES[first:]
    result: Result = {
        "GeoLocationDetailsList": rest[:size],
        "IsTruncated": len(rest) > size,
        "MaxItems": str(size),
    }
    if len(rest) > size:
        following = rest[size]
        result |= {f"Next{code}": following[code] for code in CODES if code in following}
    return result
