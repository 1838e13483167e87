"""ListHostedZonesByName, whose order, start and pages moto leaves out."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from gameday.lab.cloud import paging
from gameday.lab.cloud.own import Params, Result
from gameday.lab.cloud.record_sets import normalized

Key = tuple[tuple[str, ...], str]


def order_of(name: str, zone_id: str = "") -> Key:
    """By the labels of the name from the right, then by id (API_ListHostedZonesByName)."""
    return tuple(reversed(normalized(name).rstrip(".").split("."))), zone_id


def list_by_name(params: Params, zones: Iterable[Any], count: Callable[[Any], int]) -> Result:
    """A page of moto's `zones` from DNSName and HostedZoneId on; `count` counts record sets."""
    ordered = sorted(zones, key=lambda z: order_of(z.name, z.resource_id))
    name, zone_id = params.get("DNSName"), params.get("HostedZoneId")
    start = order_of(name, (zone_id or "").rpartition("/")[2]) if name else None
    keys = [order_of(z.name, z.resource_id) for z in ordered]
    size = paging.size_of(params)
    page, following = paging.from_marker(ordered, keys, start, size)
    result: Result = {
        "HostedZones": [_shown(zone, count(zone)) for zone in page],
        "IsTruncated": following is not None,
        "MaxItems": str(size),
    }
    if name:
        result["DNSName"] = normalized(name)
    if zone_id:
        result["HostedZoneId"] = zone_id
    if following is not None:
        left = ordered[following]
        result |= {"NextDNSName": normalized(left.name), "NextHostedZoneId": left.resource_id}
    return result


def _shown(zone: Any, count: int) -> dict[str, Any]:
    config = {"PrivateZone": bool(zone.private_zone)}
    return {
        "Id": f"/hostedzone/{zone.resource_id}",
        "Name": normalized(zone.name),
        "CallerReference": zone.caller_reference,
        "Config": config | ({"Comment": zone.comment} if zone.comment else {}),
        "ResourceRecordSetCount": count,
    }
