"""moto's DynamoDB backend of one Region, with our tables and one draft for every call.

It is an object of its own, not an entry in moto's registry, so that two Regions can live in one
process. Everything runs on one thread: a call is atomic because nothing runs beside it.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from moto.dynamodb.exceptions import MockValidationException, ResourceInUseException
from moto.dynamodb.models import DynamoDBBackend

from gameday.clock import now
from gameday.lab.dynamodb.table import LabTable
from gameday.tables.store import Change, Version

TABLE_NAME = re.compile(r"[a-zA-Z0-9_.-]{3,255}")
WRONG_KEY = "The provided key element does not match the schema"


class LabBackend(DynamoDBBackend):  # type: ignore[misc]   # moto is not typed
    """The tables of one Region."""

    tables: dict[str, LabTable]

    def __init__(self, region_name: str, account_id: str) -> None:
        super().__init__(region_name, account_id)
        self.tables_changed: Callable[[], None] = lambda: None

    def create_table(self, name: str, **settings: Any) -> LabTable:
        """A new table, at once ACTIVE.

        :raises MockValidationException: the name is not one that AWS takes.
        """
        if not TABLE_NAME.fullmatch(name):
            raise MockValidationException(
                f"1 validation error detected: Value '{name}' at 'tableName' failed to satisfy "
                "constraint: Member must match [a-zA-Z0-9_.-]+ and have 3 to 255 characters"
            )
        if name in self.tables:
            raise ResourceInUseException(f"Table already exists: {name}")
        table = LabTable(name, account_id=self.account_id, region=self.region_name, **settings)
        self.tables[name] = table
        self.tables_changed()
        return table

    def delete_table(self, name: str) -> LabTable:
        table: LabTable = super().delete_table(name)
        self.tables_changed()
        return table

    def update_table(self, *args: Any, **kwargs: Any) -> LabTable:
        table: LabTable = super().update_table(*args, **kwargs)
        table.index_anew()
        return table

    def update_time_to_live(self, table_name: str, ttl_spec: dict[str, Any]) -> None:
        """The setting holds here and, by the last writer, in every other Region (E6)."""
        super().update_time_to_live(table_name, ttl_spec)
        self.get_table(table_name).ttl_set_at = now()
        self.tables_changed()

    def get_keys_value(self, table: LabTable, keys: dict[str, Any]) -> Any:
        """The key of a request, whose attributes have the types that the schema declares."""
        wanted = {table.hash_key_attr: table.hash_key_type}
        if table.range_key_attr:
            wanted[table.range_key_attr] = table.range_key_type or ""
        if any(kind not in keys.get(name, {}) for name, kind in wanted.items()):
            raise MockValidationException(WRONG_KEY)
        return super().get_keys_value(table, keys)

    def commit(self, tick: Callable[[], Version]) -> list[tuple[LabTable, Change]]:
        """What the call wrote, table by table, now in effect."""
        return [(t, change) for t in self.tables.values() for change in t.commit_draft(tick)]

    def discard(self) -> None:
        """The call failed: nothing of it remains."""
        for table in self.tables.values():
            table.discard_draft()
