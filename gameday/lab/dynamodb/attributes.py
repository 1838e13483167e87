"""Attribute values in their three forms: stored, moto's objects, and JSON between Regions.

An item is stored as the API writes it, `{"id": {"S": "a"}}`, with binary values as bytes, and is
never mutated: moto gets objects built from it for one call and what it leaves is frozen again.
"""

from __future__ import annotations

import base64
from collections.abc import Mapping
from decimal import Decimal
from functools import cached_property
from typing import Any

from moto.dynamodb.models.dynamo_type import DynamoType, Item, LimitedSizeDict

Value = Mapping[str, Any]
Attributes = Mapping[str, Value]

SETS = ("SS", "NS", "BS")


def plain(value: Value) -> Any:
    """What orders and identifies a key: str, bytes or Decimal."""
    kind, inner = next(iter(value.items()))
    return Decimal(inner) if kind == "N" else inner


def kind_of(value: Value) -> str:
    """The value's type: `S`, `N`, `B`, ..."""
    return next(iter(value))


class Row:
    """An item as it is stored, where moto would put an Item of its own. It is also that Item's
    `attrs`: moto passes on what it does not know, and `json` writes it as it is."""

    __slots__ = ("stored",)

    def __init__(self, stored: Attributes) -> None:
        self.stored = stored

    @property
    def attrs(self) -> Row:
        return self


class StoredItem(Item):  # type: ignore[misc]   # moto is not typed
    """moto's Item over what is stored: objects, which moto may mutate, are made when it asks."""

    def __init__(self, stored: Attributes, hash_key: str, range_key: str | None) -> None:
        self._stored, self._names = stored, (hash_key, range_key)

    @cached_property
    def attrs(self) -> Any:
        made = LimitedSizeDict.__new__(LimitedSizeDict)  # limits were checked on writing
        for name, value in self._stored.items():
            dict.__setitem__(made, name, _thaw_value(value))
        return made

    @cached_property
    def hash_key(self) -> Any:
        return _thaw_value(self._stored[self._names[0]])

    @cached_property
    def range_key(self) -> Any:
        return _thaw_value(self._stored[self._names[1]]) if self._names[1] else None

    def describe_attrs(self, attributes: Any = None) -> dict[str, Any]:
        if attributes or "attrs" in self.__dict__:
            described: dict[str, Any] = super().describe_attrs(attributes)
            return described
        return {"Item": Row(self._stored)}


def _thaw_value(value: Value) -> Any:
    kind, inner = next(iter(value.items()))
    made = DynamoType.__new__(DynamoType)
    made.type = kind
    if kind == "M":
        inner = {name: _thaw_value(v) for name, v in inner.items()}
    elif kind == "L":
        inner = [_thaw_value(v) for v in inner]
    elif kind in SETS:
        inner = list(inner)
    made.value = inner
    return made


def freeze(item: Any) -> Attributes:
    """What moto's Item holds, sharing nothing with it that moto could mutate."""
    return {name: _freeze_value(value) for name, value in item.attrs.items()}


def _freeze_value(value: Any) -> Value:
    kind, inner = value.type, value.value
    if kind == "M":
        inner = {name: _freeze_value(v) for name, v in inner.items()}
    elif kind == "L":
        inner = [_freeze_value(v) for v in inner]
    elif kind in SETS:
        inner = list(inner)
    return {kind: inner}


def size_of(attributes: Attributes) -> int:
    """Bytes that count towards the 1 MB of a page (AWS: "DynamoDB item sizes and formats")."""
    return sum(len(name.encode()) + _size(value) for name, value in attributes.items())


def _size(value: Value) -> int:
    kind, inner = next(iter(value.items()))
    if kind == "S":
        return len(inner.encode())
    if kind in ("N", "B"):
        return len(inner)
    if kind == "M":
        return 3 + sum(len(name.encode()) + 1 + _size(v) for name, v in inner.items())
    if kind == "L":
        return 3 + sum(1 + _size(v) for v in inner)
    if kind in SETS:
        return sum(len(v.encode()) if isinstance(v, str) else len(v) for v in inner)
    return 1


def from_json(attributes: Any) -> Attributes:
    """Attributes as another Region's JSON carried them, binary values decoded."""
    return {name: _decoded(value) for name, value in attributes.items()}


def _decoded(value: Any) -> Value:
    kind, inner = next(iter(value.items()))
    if kind == "B":
        inner = base64.b64decode(inner)
    elif kind == "BS":
        inner = [base64.b64decode(v) for v in inner]
    elif kind == "M":
        inner = {name: _decoded(v) for name, v in inner.items()}
    elif kind == "L":
        inner = [_decoded(v) for v in inner]
    return {kind: inner}


def json_default(value: Any) -> Any:
    """For `json.dumps`: bytes in base64, numbers of moto's, times in unix
    seconds, stored items as they are."""
    if isinstance(value, bytes | bytearray):
        return base64.b64encode(value).decode()
    if isinstance(value, Decimal):
        return float(value)
    if hasattr(value, "timestamp"):
        return value.timestamp()
    if hasattr(value, "stored"):
        return value.stored
    raise TypeError(f"{type(value).__name__} has no place in an answer")
