"""A hosted zone's resource record sets as a value: applying a change batch, listing in order.

A record set is AWS's JSON as `list-resource-record-sets` prints it. Pure. Whether a batch is
allowed is judged before, by `gameday.route53.validate`.
"""

from __future__ import annotations

import copy
from collections.abc import Iterable, Mapping
from typing import Any

RecordSet = dict[str, Any]


def normalized(name: str) -> str:
    """A name as Route 53 stores it: lower case, with the trailing dot."""
    return name.lower().rstrip(".") + "."


def key_of(record_set: Mapping[str, Any]) -> tuple[str, str, str]:
    """What identifies a record set in its zone: name, type and set identifier."""
    return (
        normalized(record_set["Name"]),
        record_set["Type"],
        record_set.get("SetIdentifier") or "",
    )


def order_of(record_set: Mapping[str, Any]) -> tuple[tuple[str, ...], str, str]:
    """Route 53's order: by the labels of the name from the right, then type, then identifier."""
    name, kind, identifier = key_of(record_set)
    return tuple(reversed(name.rstrip(".").split("."))), kind, identifier


def cleaned(record_set: Mapping[str, Any]) -> RecordSet:
    """The record set as it is stored: names normalised, members without a value left out."""
    stored = {k: copy.deepcopy(v) for k, v in record_set.items() if v not in (None, [], {})}
    stored["Name"] = normalized(stored["Name"])
    alias = stored.get("AliasTarget")
    if alias:
        alias["DNSName"] = normalized(alias["DNSName"])
        alias["EvaluateTargetHealth"] = alias.get("EvaluateTargetHealth") in (True, "true")
    return stored


def applied(
    record_sets: Iterable[RecordSet], changes: Iterable[Mapping[str, Any]]
) -> list[RecordSet]:
    """The record sets after `changes` (CREATE, UPSERT, DELETE), in Route 53's order."""
    kept = {key_of(r): r for r in record_sets}
    for change in changes:
        record_set = cleaned(change["ResourceRecordSet"])
        if change["Action"] == "DELETE":
            kept.pop(key_of(record_set), None)
        else:
            kept[key_of(record_set)] = record_set
    return sorted(kept.values(), key=order_of)


def page(
    record_sets: list[RecordSet],
    start: tuple[str | None, str | None, str | None],
    items_max: int,
) -> tuple[list[RecordSet], RecordSet | None]:
    """At most `items_max` record sets from `start` (name, type, identifier), and the next one."""
    name, kind, identifier = start
    left = record_sets
    if name:
        first = order_of({"Name": name, "Type": kind or "", "SetIdentifier": identifier or ""})
        left = [r for r in record_sets if order_of(r) >= first]
    return left[:items_max], left[items_max] if len(left) > items_max else None


def collections_of(changes: Iterable[Mapping[str, Any]]) -> set[str]:
    """The CIDR collections that the record sets of `changes` refer to."""
    routed = (c["ResourceRecordSet"].get("CidrRoutingConfig") for c in changes)
    return {config["CollectionId"] for config in routed if config}


def indivisible_ttl(changes: Iterable[Mapping[str, Any]], speed: float) -> list[str]:
    """Why the TTLs in `changes` cannot be run at `speed`: one message for each.

    A lab serves TTL / speed, and DNS knows only whole seconds: rounding would change what is
    measured, so such a TTL is refused. A departure from AWS that no speed of 1 shows.
    """
    messages = []
    for change in changes:
        record_set = change["ResourceRecordSet"]
        ttl = record_set.get("TTL")
        if ttl is None or change["Action"] == "DELETE" or record_set["Type"] in ("NS", "SOA"):
            continue
        served = int(ttl) / speed
        if int(ttl) and (served < 1 or abs(served - round(served)) > 1e-9):
            messages.append(
                f"TTL {ttl} of {record_set['Name']} {record_set['Type']} cannot be served at "
                f"speed {speed:g}, because DNS knows whole seconds only; "
                f"use a multiple of {speed:g}, or start the lab with another --speed"
            )
    return messages
