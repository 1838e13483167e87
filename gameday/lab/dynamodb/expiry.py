"""Time to live: items whose time has come are deleted in the background, and the deletes replicate.

AWS deletes "within a few days" of the time in the item and leaves alone what is more than five
years past it (AWS: "How it works: DynamoDB Time to Live"). The lab looks once per AWS minute.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from decimal import Decimal
from typing import Any

from gameday.clock import Clock, now
from gameday.lab.dynamodb.backend import LabBackend
from gameday.lab.dynamodb.table import LabTable
from gameday.tables.store import Change, Version

EVERY_S = 60.0
SLICE = 500
OLDEST_S = 5 * 365 * 86400


def has_expired(item: Any, attribute: str, at: float) -> bool:
    """Whether `item`'s time has come at unix time `at`."""
    value = item.get(attribute, {}).get("N")
    return value is not None and Decimal(at - OLDEST_S) < Decimal(value) <= Decimal(at)


async def expire_for_ever(
    backend: LabBackend,
    clock: Clock,
    tick: Callable[[], Version],
    written: Callable[[LabTable, Change], None],
) -> None:
    """Look through every table with time to live, a slice at a time so that calls go between."""
    while True:
        await clock.async_sleep(EVERY_S)
        for table in list(backend.tables.values()):
            if table.ttl.get("TimeToLiveStatus") == "ENABLED":
                await expire(table, tick, written)


async def expire(
    table: LabTable, tick: Callable[[], Version], written: Callable[[LabTable, Change], None]
) -> None:
    """Delete what has expired in `table`."""
    keys = table.store.every_key()
    for start in range(0, len(keys), SLICE):
        at = now()
        for key in keys[start : start + SLICE]:
            item = table.store.get(key)
            if item is not None and has_expired(item, table.ttl["AttributeName"], at):
                written(table, table.expire(key, tick()))
        await asyncio.sleep(0)
