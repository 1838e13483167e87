"""Query and Scan: pages that cost what they touch, whatever the size of the table.

moto parses the expressions and judges the filters; which items are looked at, in which order and
where a page ends is decided here (AWS: "Querying tables", "Paginating table query results").
"""

from __future__ import annotations

import zlib
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

from moto.dynamodb.comparisons import OpDefault
from moto.dynamodb.exceptions import MockValidationException
from moto.dynamodb.models.dynamo_type import DynamoType
from moto.dynamodb.models.table import GlobalSecondaryIndex

from gameday.lab.dynamodb.attributes import Attributes, Row, plain, size_of
from gameday.tables.store import Key, Order, Span

if TYPE_CHECKING:
    from gameday.lab.dynamodb.table import LabTable

PAGE_BYTES = 1_000_000

Page = tuple[list[Any], int, dict[str, Any] | None]
"""Items, how many were looked at, and the key to go on from."""


class View:
    """The table itself, or one of its indexes, as an order of items."""

    def __init__(self, table: LabTable, index_name: str | None) -> None:
        self.table = table
        self.index = self._find(index_name) if index_name else None
        schema = self.index.schema if self.index else table.schema
        self.hashes = [k["AttributeName"] for k in schema if k["KeyType"] == "HASH"]
        self.ranges = [k["AttributeName"] for k in schema if k["KeyType"] == "RANGE"]

    def _find(self, name: str) -> Any:
        indexes = {index.name: index for index in self.table.all_indexes()}
        if name not in indexes:
            raise MockValidationException(f"The table does not have the specified index: {name}")
        return indexes[name]

    @property
    def is_global(self) -> bool:
        return isinstance(self.index, GlobalSecondaryIndex)

    @property
    def order(self) -> Order:
        store = self.table.store
        return store.indexes[self.index.name].order if self.index else store.order

    def partition(self, values: dict[str, Any]) -> Any:
        """The partition whose hash attributes are `values`."""
        if self.index:
            return tuple(values[name] for name in self.hashes)
        return values[self.hashes[0]]

    def item(self, key: Key) -> Attributes:
        """The item that stands at `key` of this order."""
        if self.index:
            partition, *sort = key[1][len(self.ranges) :]
            key = (partition, tuple(sort))
        found = self.table.store.get(key)
        assert found is not None
        return found

    def position(self, start: Any) -> Key | None:
        """Where an ExclusiveStartKey stands in this order; None without one.

        :raises MockValidationException: it lacks a key attribute.
        """
        if not start:
            return None
        try:
            values = {name: plain(value) for name, value in start.items()}
            own = tuple(values[name] for name in self.ranges)
            if not self.index:
                return values[self.hashes[0]], own
            partition, sort = self.table.key_of(start)
            return self.partition(values), (*own, partition, *sort)
        except KeyError:
            raise MockValidationException(
                "The provided starting key is invalid: it does not match the schema"
            ) from None

    def last_key(self, item: Attributes) -> dict[str, Any]:
        """The LastEvaluatedKey of a page that ends with `item`."""
        return {n: item[n] for n in [*self.table.table_key_attrs, *self.hashes, *self.ranges]}


class Reader:
    """Answers moto's Table.query and Table.scan, whose arguments these are."""

    def __init__(self, table: LabTable) -> None:
        self.table = table

    def query(
        self,
        hash_key: Any,
        range_comparison: str | None,
        range_objs: list[Any],
        limit: int | None,
        exclusive_start_key: Any,
        scan_index_forward: bool,
        projection_expressions: Any,
        index_name: str | None = None,
        consistent_read: bool = False,
        filter_expression: Any = None,
        hash_key_conditions: Any = None,
        range_key_conditions: Any = None,
        **filters: Any,
    ) -> Page:
        view = View(self.table, index_name)
        _refuse_consistent(view, consistent_read)
        hashes = {name: value.cast_value for name, value in hash_key_conditions or []}
        if not hashes:
            raise MockValidationException(
                "Either the KeyConditions or KeyConditionExpression "
                "parameter must be specified in the request."
            )
        start = view.position(exclusive_start_key)
        keys = view.order.within(
            view.partition(hashes),
            span_of(range_key_conditions or []),
            start[1] if start else None,
            forward=scan_index_forward is not False,
        )
        legacy = {
            name: (f["ComparisonOperator"], [DynamoType(v) for v in f["AttributeValueList"]])
            for name, f in filters.items()
        }
        return self._page(view, keys, limit, legacy, filter_expression, projection_expressions)

    def scan(
        self,
        filters: dict[str, Any],
        limit: int | None,
        exclusive_start_key: Any,
        filter_expression: Any = None,
        index_name: str | None = None,
        consistent_read: bool = False,
        projection_expression: Any = None,
        segments: Any = (None, None),
    ) -> Page:
        view = View(self.table, index_name)
        _refuse_consistent(view, consistent_read)
        keys = view.order.walk(view.position(exclusive_start_key), _segment(*segments))
        return self._page(view, keys, limit, filters, filter_expression, projection_expression)

    def _page(
        self,
        view: View,
        keys: Iterator[Key],
        limit: int | None,
        filters: dict[str, Any],
        expression: Any,
        projection: Any,
    ) -> Page:
        """Limit and size count what is looked at, before any filter. A page that is full has a
        key to go on from, even if nothing follows, as on AWS."""
        found: list[Any] = []
        scanned, size = 0, 0
        for key in keys:
            item = view.item(key)
            scanned, size = scanned + 1, size + size_of(item)
            row = self._row(view, item, filters, expression, projection)
            if row is not None:
                found.append(row)
            if scanned == limit or size >= PAGE_BYTES:
                return found, scanned, view.last_key(item)
        return found, scanned, None

    def _row(
        self, view: View, item: Attributes, filters: dict[str, Any], expression: Any, paths: Any
    ) -> Any:
        """What the page shows of `item`; None if a filter keeps it out."""
        projected = view.index is not None and view.index.projection.get("ProjectionType") != "ALL"
        unfiltered = expression is None or isinstance(expression, OpDefault)
        if unfiltered and not (filters or projected or paths):
            return Row(item)
        thawed = self.table.thaw(item)
        if view.index is not None and projected:
            thawed = view.index.project(thawed)
        if not all(_passes(thawed, name, *how) for name, how in filters.items()):
            return None
        if not (unfiltered or expression.expr(thawed)):
            return None
        return thawed.project(paths) if paths else thawed


def _refuse_consistent(view: View, consistent_read: bool) -> None:
    if consistent_read and view.is_global:
        raise MockValidationException(
            "Consistent reads are not supported on global secondary indexes"
        )


def _passes(item: Any, name: str, comparison: str, values: list[Any]) -> bool:
    """One condition of the older API (QueryFilter, ScanFilter)."""
    value = item.attrs.get(name)
    if value is None:
        return comparison == "NULL"
    return bool(value.compare(comparison, values))


def _segment(segment: int | None, total: int | None) -> Callable[[Any], bool]:
    """Which partitions a parallel scan's segment reads: the same ones on every call."""
    if segment is None or total is None:
        return lambda _: True
    return lambda partition: zlib.crc32(repr(partition).encode()) % total == segment


def span_of(conditions: list[tuple[str, str, list[Any]]]) -> Span:
    """The bounds that the sort key conditions set: all but the last are equalities."""
    if not conditions:
        return Span()
    same = tuple(values[0].cast_value for _, _, values in conditions[:-1])
    _, comparison, typed = conditions[-1]
    values = [value.cast_value for value in typed]
    bound = (*same, values[0])
    match comparison.upper():
        case "=" | "EQ":
            return Span(bound, False, bound, False)
        case "<" | "LT":
            return Span(same, False, bound, True)
        case "<=" | "LE":
            return Span(same, False, bound, False)
        case ">" | "GT":
            return Span(bound, True, same, False)
        case ">=" | "GE":
            return Span(bound, False, same, False)
        case "BETWEEN":
            return Span(bound, False, (*same, values[1]), False)
        case "BEGINS_WITH":
            end = _after_prefix(values[0])
            return Span(bound, False, (*same, end) if end else same, bool(end))
    raise MockValidationException("Query key condition not supported")


def _after_prefix(prefix: Any) -> Any:
    """The least value beyond all that begin with `prefix`; empty if there is none."""
    if isinstance(prefix, bytes):
        octets = prefix.rstrip(b"\xff")
        return octets[:-1] + bytes([octets[-1] + 1]) if octets else b""
    if not isinstance(prefix, str):
        raise MockValidationException("begins_with does not apply to a number")
    letters = prefix.rstrip("\U0010ffff")
    return letters[:-1] + chr(ord(letters[-1]) + 1) if letters else ""
