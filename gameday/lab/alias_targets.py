"""What alias records point at outside every zone: AWS's regional names, and stand-ins.

A stand-in is an operator's: an address list and a health for one DNS name, set through the
management port (`PUT /resources/NAME`). It beats what the lab knows of itself.
"""

from __future__ import annotations

from collections.abc import Mapping
from ipaddress import ip_address
from typing import Any

from gameday.errors import UsageError
from gameday.route53.answer import EXTERNAL_TTL_S, External
from gameday.route53.zone import canonical

Json = Mapping[str, Any]

MEMBERS = ("A", "AAAA", "ttl", "healthy")
VERSIONS = {"A": 4, "AAAA": 6}
SUFFIXES = (".amazonaws.com.", ".on.aws.")


class AliasTargets:
    """Finds the resource behind a name; `addresses` are the lab's Regions by name.

    A name under amazonaws.com or on.aws with a Region of the lab among its labels (an API's, a
    load balancer's, a function URL's) is at the address of that Region.
    """

    def __init__(self, addresses: Mapping[str, str]) -> None:
        self._addresses = addresses
        self._stand_ins: dict[str, External] = {}

    def __call__(self, name: str) -> External | None:
        found = self._stand_ins.get(name)
        if found is not None or not name.endswith(SUFFIXES):
            return found
        for label in name.split(".")[1:]:
            if label in self._addresses:
                return External({"A": (self._addresses[label],)})
        return None

    def stand_in(self, resources: Mapping[str, Json]) -> None:
        """Take over all stand-ins, as `parse_resource` returned them, by canonical name."""
        self._stand_ins = {name: _external(body) for name, body in resources.items()}


def _external(body: Json) -> External:
    addresses = {kind: tuple(body[kind]) for kind in VERSIONS if body.get(kind)}
    return External(addresses, body["ttl"], body["healthy"])


def parse_resource(name: str, body: Json) -> tuple[str, dict[str, Any]]:
    """Canonical name and complete body of a stand-in: `{"A": [...], "ttl": 60, "healthy": true}`.

    :raises UsageError: an unknown member, or a value that is none.
    """
    where = f"resource {name}"
    if unknown := sorted(set(body) - set(MEMBERS)):
        known = ", ".join(MEMBERS)
        raise UsageError(f"{where}: unknown member {unknown[0]}; known are {known}")
    full = {"A": [], "AAAA": [], "ttl": EXTERNAL_TTL_S, "healthy": True} | dict(body)
    for kind, version in VERSIONS.items():
        listed: Any = full[kind]
        if not isinstance(listed, list) or not all(_is_address(a, version) for a in listed):
            raise UsageError(f"{where}: {kind} is a list of IPv{version} addresses")
    if isinstance(full["ttl"], bool) or not isinstance(full["ttl"], int) or full["ttl"] < 0:
        raise UsageError(f"{where}: ttl is a number of AWS seconds, 0 or more")
    if not isinstance(full["healthy"], bool):
        raise UsageError(f"{where}: healthy is true or false")
    return canonical(name), full


def _is_address(text: object, version: int) -> bool:
    try:
        return isinstance(text, str) and ip_address(text).version == version
    except ValueError:
        return False
