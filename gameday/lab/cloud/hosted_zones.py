"""Hosted zones: their lists, whose order and pages moto leaves out, and what moto would not refuse.

What is refused neither here nor by the service model goes to moto, which keeps the zones.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from gameday.lab.cloud import paging
from gameday.lab.cloud.own import Params, Result
from gameday.lab.cloud.record_sets import normalized
from gameday.lab.cloud.wire import Fault
from gameday.route53.record_data import name_problem

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


def list_all(params: Params, zones: Iterable[Any], count: Callable[[Any], int]) -> Result:
    """A page of moto's `zones` by id from Marker on (API_ListHostedZones)."""
    wanted, kind = params.get("DelegationSetId"), params.get("HostedZoneType")
    chosen = [
        zone
        for zone in sorted(zones, key=lambda z: str(z.resource_id))
        if (not wanted or zone.delegation_set.id == wanted)
        and (not kind or zone.private_zone is (kind == "PrivateHostedZone"))
    ]
    size, marker = paging.size_of(params), (params.get("Marker") or "").rpartition("/")[2]
    ids = [zone.resource_id for zone in chosen]
    page, following = paging.from_marker(chosen, ids, marker or None, size)
    result: Result = {
        "HostedZones": [_shown(zone, count(zone)) for zone in page],
        "Marker": marker,
        "IsTruncated": following is not None,
        "MaxItems": str(size),
    }
    return result | ({} if following is None else {"NextMarker": ids[following]})


def refuse_creation(params: Params, zones: Iterable[Any]) -> None:
    """What moto would make a zone of: no name, a request that is sent again, a VPC alone.

    On AWS a VPC makes a zone private; moto, which asks the caller, would have it served.

    :raises Fault: InvalidDomainName, HostedZoneAlreadyExists (API_CreateHostedZone), InvalidInput.
    """
    name, reference = params["Name"], params["CallerReference"]
    if problem := name_problem(name):
        raise Fault("InvalidDomainName", problem)
    if any(zone.caller_reference == reference for zone in zones):
        text = f"A hosted zone has already been created with the caller reference {reference}."
        raise Fault("HostedZoneAlreadyExists", text)
    if params.get("VPC") and not (params.get("HostedZoneConfig") or {}).get("PrivateZone"):
        text = "A zone with a VPC is private: set HostedZoneConfig.PrivateZone in the lab, too."
        raise Fault("InvalidInput", text)


def _shown(zone: Any, count: int) -> dict[str, Any]:
    config = {"PrivateZone": bool(zone.private_zone)}
    return {
        "Id": f"/hostedzone/{zone.resource_id}",
        "Name": normalized(zone.name),
        "CallerReference": zone.caller_reference,
        "Config": config | ({"Comment": zone.comment} if zone.comment else {}),
        "ResourceRecordSetCount": count,
    }
