"""CIDR collections: the blocks that IP-based routing looks a client's address up in.

Sources: Route 53 API reference, CreateCidrCollection, ChangeCidrCollection, DeleteCidrCollection;
routing-policy-ipbased and DNSLimitations for what is refused.
"""

from __future__ import annotations

import re
import uuid
from collections.abc import Callable
from dataclasses import dataclass, field
from ipaddress import IPv4Network, IPv6Network, ip_network
from typing import Any

from gameday.lab.cloud import paging
from gameday.lab.cloud.own import Handler, Params, Result
from gameday.lab.cloud.wire import Fault

COLLECTIONS_MAX, BLOCKS_MAX = 5, 1000
LONGEST = {4: 24, 6: 48}  # bits of a block
COLLECTION_NAME = re.compile(r"[0-9A-Za-z_-]{1,64}")
LOCATION_NAME = re.compile(r"[0-9A-Za-z_-]{1,16}")

Block = IPv4Network | IPv6Network


@dataclass(slots=True)
class Collection:
    """One collection: its blocks by location name."""

    id: str
    name: str
    reference: str
    version: int = 1
    locations: dict[str, list[Block]] = field(default_factory=dict)

    def shown(self) -> dict[str, Any]:
        """As AWS lists it."""
        arn = f"arn:aws:route53:::cidrcollection/{self.id}"
        return {"Arn": arn, "Id": self.id, "Name": self.name, "Version": self.version}

    def blocks(self) -> list[tuple[str, Block]]:
        """Every block with its location's name."""
        return [(name, b) for name, blocks in sorted(self.locations.items()) for b in blocks]


class CidrCollections:
    """All collections of the account. `in_use(id)`: whether a record set refers to one."""

    def __init__(self, in_use: Callable[[str], bool]) -> None:
        self._in_use = in_use
        self._all: dict[str, Collection] = {}

    def handlers(self) -> dict[str, Handler]:
        """By operation name."""
        return {
            "CreateCidrCollection": self._create,
            "ChangeCidrCollection": self._change,
            "DeleteCidrCollection": self._delete,
            "ListCidrCollections": lambda _, p: paging.by_token(
                p, "CidrCollections", [c.shown() for c in self._all.values()]
            ),
            "ListCidrLocations": self._list_locations,
            "ListCidrBlocks": self._list_blocks,
        }

    def snapshot(self) -> list[dict[str, Any]]:
        """What the name server must know."""
        return [
            {"id": c.id, "locations": {n: [str(b) for b in bs] for n, bs in c.locations.items()}}
            for c in self._all.values()
        ]

    def __contains__(self, collection_id: object) -> bool:
        return collection_id in self._all

    def _get(self, collection_id: str) -> Collection:
        if collection_id not in self._all:
            text = f"The CIDR collection {collection_id} does not exist."
            raise Fault("NoSuchCidrCollectionException", text)
        return self._all[collection_id]

    def _create(self, _: str, params: Params) -> Result:
        name, reference = params["Name"], params["CallerReference"]
        if not COLLECTION_NAME.fullmatch(name):
            raise Fault("InvalidInput", f"{name} is not a name: 1 to 64 of 0-9 A-Z a-z _ -")
        known = next((c for c in self._all.values() if reference == c.reference), None)
        if known is None or known.name != name:
            if known or any(c.name == name for c in self._all.values()):
                text = f"A CIDR collection with this name or reference exists: {name}."
                raise Fault("CidrCollectionAlreadyExistsException", text)
            if len(self._all) >= COLLECTIONS_MAX:
                text = f"An account has at most {COLLECTIONS_MAX} CIDR collections."
                raise Fault("LimitsExceeded", text)
            known = Collection(str(uuid.uuid4()), name, reference)
            self._all[known.id] = known
        location = f"https://route53.amazonaws.com/2013-04-01/cidrcollection/{known.id}"
        return {"Collection": known.shown(), "Location": location}

    def _change(self, _: str, params: Params) -> Result:
        """All changes or none."""
        collection = self._get(params["Id"])
        wanted = params.get("CollectionVersion")
        if wanted is not None and wanted != collection.version:
            text = f"Version {wanted} is not current; the current one is {collection.version}."
            raise Fault("CidrCollectionVersionMismatchException", text)
        after = {name: list(blocks) for name, blocks in collection.locations.items()}
        for change in params["Changes"]:
            _apply(after, change["LocationName"], change["Action"], change["CidrList"])
        if sum(map(len, after.values())) > BLOCKS_MAX:
            text = f"A CIDR collection holds at most {BLOCKS_MAX} blocks."
            raise Fault("LimitsExceeded", text)
        collection.locations = {name: blocks for name, blocks in after.items() if blocks}
        collection.version += 1
        return {"Id": collection.id}

    def _delete(self, _: str, params: Params) -> Result:
        collection = self._get(params["Id"])
        if collection.locations or self._in_use(collection.id):
            text = "This CIDR collection is in use, and isn't empty."
            raise Fault("CidrCollectionInUseException", text)
        del self._all[collection.id]
        return {}

    def _list_locations(self, _: str, params: Params) -> Result:
        names = sorted(self._get(params["CollectionId"]).locations)
        return paging.by_token(params, "CidrLocations", [{"LocationName": n} for n in names])

    def _list_blocks(self, _: str, params: Params) -> Result:
        collection, wanted = self._get(params["CollectionId"]), params.get("LocationName")
        if wanted and wanted not in collection.locations:
            raise Fault("NoSuchCidrLocationException", f"The location {wanted} does not exist.")
        rows = [
            {"CidrBlock": str(block), "LocationName": name}
            for name, block in collection.blocks()
            if wanted in (None, "", name)
        ]
        return paging.by_token(params, "CidrBlocks", rows)


def _apply(locations: dict[str, list[Block]], name: str, action: str, cidrs: list[str]) -> None:
    if not LOCATION_NAME.fullmatch(name):
        raise Fault("InvalidInput", f"{name} is not a location's name: 1 to 16 of 0-9 A-Z a-z _ -")
    blocks = [_block(text) for text in cidrs]
    if action == "DELETE_IF_EXISTS":
        locations[name] = [b for b in locations.get(name, []) if b not in blocks]
        return
    if action != "PUT":
        raise Fault("InvalidInput", f"Action {action} is neither PUT nor DELETE_IF_EXISTS.")
    for other, taken in locations.items():
        if other != name and (shared := set(blocks) & set(taken)):
            text = f"The CIDR block {min(shared, key=str)} is in use by location {other}."
            raise Fault("CidrBlockInUseException", text)
    locations[name] = list(dict.fromkeys(locations.get(name, []) + blocks))


def _block(text: str) -> Block:
    try:
        block = ip_network(text)
    except ValueError as error:
        raise Fault("InvalidInput", f"Invalid CIDR block: {error}") from error
    if not 1 <= block.prefixlen <= LONGEST[block.version]:
        most = LONGEST[block.version]
        raise Fault("InvalidInput", f"CIDR block {text}: IPv{block.version} takes /1 to /{most}")
    return block
