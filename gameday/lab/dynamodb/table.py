"""moto's Table over a store of our own: moto decides what an operation means, we keep the items.

Every call works on a draft. What moto writes is collected there and reaches the store when the
call succeeds, in one step; a call that fails leaves nothing behind, so a transaction needs no
copy of the table and UpdateItem never shows half of itself.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable
from typing import Any

from moto.dynamodb.exceptions import MockValidationException
from moto.dynamodb.models.table import Table

from gameday.lab.dynamodb.attributes import Attributes, StoredItem, freeze, kind_of, plain
from gameday.lab.dynamodb.reading import Page, Reader
from gameday.tables.store import Change, Discarded, Feed, Key, Record, Store, Version

STREAM_OF_A_REPLICA = {"StreamEnabled": True, "StreamViewType": "NEW_AND_OLD_IMAGES"}


class _Sink:
    """Stands where moto keeps its items: it assigns here and then reports, and we take the
    report."""

    def __getitem__(self, _: Any) -> _Sink:
        return self

    def __setitem__(self, _: Any, __: Any) -> None:
        return


class LabTable(Table):  # type: ignore[misc]   # moto is not typed
    """One replica of a table."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        self.store, self.feed = Store(), Feed()
        self._draft: dict[Key, Any] = {}
        super().__init__(*args, **kwargs)
        self.items = _Sink()
        self.replicas: tuple[str, ...] = ()
        self.incarnation = secrets.token_hex(8)
        self.ttl_set_at = 0.0
        self.reader = Reader(self)
        self.index_anew()

    def index_anew(self) -> None:
        """Keep an order for each secondary index that is defined, and no other."""
        defined = {index.name: index for index in self.all_indexes()}
        for name in set(self.store.indexes) - set(defined):
            del self.store.indexes[name]
        for name in set(defined) - set(self.store.indexes):
            self.store.add_index(name, self._index_key(defined[name]))

    def _index_key(self, index: Any) -> Callable[[Any], Key | None]:
        """The key under which an item stands in `index`: None unless it has every key attribute
        in its declared type. Behind the index's own sort key stands the table's key."""
        kinds = {a["AttributeName"]: a["AttributeType"] for a in self.attr}
        hashes = [k["AttributeName"] for k in index.schema if k["KeyType"] == "HASH"]
        ranges = [k["AttributeName"] for k in index.schema if k["KeyType"] == "RANGE"]
        needed = hashes + ranges

        def key_of(item: Any) -> Key | None:
            if any(n not in item or kind_of(item[n]) != kinds.get(n) for n in needed):
                return None
            partition, sort = self.key_of(item)
            own = tuple(plain(item[name]) for name in ranges)
            return tuple(plain(item[name]) for name in hashes), (*own, partition, *sort)

        return key_of

    # Keys

    def key_of(self, attributes: Attributes) -> Key:
        """The key of an item, or of the `Key` of a request."""
        sort = (plain(attributes[self.range_key_attr]),) if self.range_key_attr else ()
        return plain(attributes[self.hash_key_attr]), sort

    def key_attributes(self, key: Key) -> Attributes:
        """`key` as the API writes it."""
        partition, sort = key
        names = [(self.hash_key_attr, self.hash_key_type, partition)]
        if self.range_key_attr:
            names.append((self.range_key_attr, self.range_key_type or "", sort[0]))
        return {n: {kind: str(value) if kind == "N" else value} for n, kind, value in names}

    def thaw(self, attributes: Attributes) -> Any:
        return StoredItem(attributes, self.hash_key_attr, self.range_key_attr)

    # What moto reads and writes

    def __len__(self) -> int:
        return len(self.store)

    def get_item(
        self, hash_key: Any, range_key: Any = None, projection_expression: Any = None
    ) -> Any:
        if self.range_key_attr and not range_key:
            raise MockValidationException("The provided key element does not match the schema")
        key = (hash_key.cast_value, (range_key.cast_value,) if self.range_key_attr else ())
        if key in self._draft:
            item = self._draft[key]
        else:
            attributes = self.store.get(key)
            item = None if attributes is None else self.thaw(attributes)
        return item.project(projection_expression) if projection_expression and item else item

    def delete_item(self, hash_key: Any, range_key: Any) -> Any:
        item = self.get_item(hash_key, range_key)
        if item is not None:
            self.add(item, None)
        return item

    def all_items(self) -> list[Any]:
        """Every item in order; only PartiQL asks for it."""
        found = (self.store.get(key) for key in self.store.order.walk())
        return [self.thaw(item) for item in found if item is not None]

    def query(self, *args: Any, **kwargs: Any) -> Page:
        return self.reader.query(*args, **kwargs)

    def scan(self, *args: Any, **kwargs: Any) -> Page:
        return self.reader.scan(*args, **kwargs)

    @property
    def stream_shard(self) -> LabTable:
        """Where moto reports each write."""
        return self

    @stream_shard.setter
    def stream_shard(self, _: Any) -> None:
        """moto's own shard keeps every record for ever; `feed` stands in its place."""

    def add(self, old: Any, new: Any) -> None:
        """moto wrote an item: it joins the draft."""
        item = old if new is None else new
        sort = (item.range_key.cast_value,) if self.range_key_attr else ()
        self._draft[item.hash_key.cast_value, sort] = new

    def __deepcopy__(self, memo: dict[int, Any]) -> LabTable:
        """moto copies a table before a transaction, to restore it; the draft makes that idle."""
        return self

    # What becomes of it

    def discard_draft(self) -> None:
        self._draft.clear()

    def commit_draft(self, tick: Callable[[], Version]) -> list[Change]:
        """What the call wrote takes effect, each item with a version of its own."""
        if not self._draft:
            return []
        draft, self._draft = self._draft, {}
        changes = []
        for key, item in draft.items():
            if item is None and self.store.get(key) is None:
                continue  # a delete of what is not there writes nothing
            new = None if item is None else freeze(item)
            changes.append(self.store.write(key, new, tick()))
            self._feed(changes[-1])
        return changes

    def expire(self, key: Key, version: Version) -> Change:
        """Time to live deletes the item, and its stream record names the service as the doer."""
        change = self.store.write(key, None, version)
        self._feed(change, by_ttl=True)
        return change

    def merge(self, key: Key, record: Record) -> Discarded | None:
        """A write arrived from another Region; its stream record bears no mark of origin (E7)."""
        change, lost = self.store.merge(key, record)
        if change is not None:
            self._feed(change)
        return lost

    def _feed(self, change: Change, **facts: Any) -> None:
        """A write that changed nothing leaves no stream record (AWS: "Change data capture")."""
        if self.stream_specification["StreamEnabled"] and change.old != change.new:
            self.feed.add(change, **facts)

    # What describes it

    def become_replica(self, replicas: tuple[str, ...]) -> None:
        """The table is global: its stream is on and stays so (E7)."""
        self.replicas = replicas
        if replicas and not self.stream_specification["StreamEnabled"]:
            self.set_stream_specification(dict(STREAM_OF_A_REPLICA))

    def describe(self, base_key: str = "TableDescription") -> dict[str, Any]:
        results: dict[str, Any] = super().describe(base_key)
        others = [region for region in self.replicas if region != self.region_name]
        if others:
            results[base_key] |= {
                "GlobalTableVersion": "2019.11.21",
                "MultiRegionConsistency": "EVENTUAL",
                "Replicas": [{"RegionName": r, "ReplicaStatus": "ACTIVE"} for r in others],
            }
        return results

    def definition(self) -> dict[str, Any]:
        """The CreateTable request that makes this table's like, in JSON."""
        wanted: dict[str, Any] = {
            "TableName": self.name,
            "KeySchema": self.schema,
            "AttributeDefinitions": self.attr,
            "BillingMode": "PAY_PER_REQUEST",
            "StreamSpecification": STREAM_OF_A_REPLICA,
        }
        for member, indexes in (
            ("GlobalSecondaryIndexes", self.global_indexes),
            ("LocalSecondaryIndexes", self.indexes),
        ):
            if indexes:
                wanted[member] = [
                    {"IndexName": i.name, "KeySchema": i.schema, "Projection": i.projection}
                    for i in indexes
                ]
        return wanted
