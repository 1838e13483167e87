"""What became of every write: the ledger of the clients against each Region's table afterwards.

Only acknowledged writes can be lost. A write whose answer never came may or may not have happened;
it is counted beside, never folded in (Jepsen's rule).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain
from typing import Any

from gameday.model import DELETE, WriteOutcome

Row = Mapping[str, Any]

NAMED_MAX = 20


@dataclass(frozen=True, slots=True)
class Audit:
    """The result after fail-back, in writes; the tuples name up to 20 of them by their key."""

    acknowledged: int
    lost: int  # acknowledged, in no Region: gone for good
    diverged: int  # acknowledged, not the same in every Region
    duplicated: int  # keys with more than one item
    conflicts: int  # acknowledged, but another Region's version won
    unknown_found: int  # answer never came; the item is there
    unknown_absent: int  # answer never came; the item is not there
    failed_found: int  # the client was told no; the item is there
    deleted: int = 0  # deletes that were acknowledged
    resurrected: int = 0  # of these, items that are there, and that nobody wrote again
    lost_keys: tuple[str, ...] = ()
    duplicated_keys: tuple[str, ...] = ()
    conflict_keys: tuple[str, ...] = ()
    resurrected_ids: tuple[str, ...] = ()
    lost_at: tuple[float, ...] = ()  # when each lost write was acknowledged, unix seconds

    @property
    def unknown(self) -> int:
        """Writes whose answer never came."""
        return self.unknown_found + self.unknown_absent


Version = tuple[str | None, float | None]
"""The Region that wrote an item, and when: what decides whether two Regions hold the same."""

Tables = Mapping[str, Mapping[str, Version]]  # Region -> item id -> its version there


class Held:
    """What every Region's table holds, read row by row: millions of rows are not kept whole."""

    def __init__(self, regions: Iterable[str]) -> None:
        self.tables: dict[str, dict[str, Version]] = {region: {} for region in regions}
        self.id_of: dict[str, str] = {}  # by idempotency key
        self.ids_of: dict[str, set[str]] = {}  # of keys with more than one item

    def take(self, rows: Iterable[Row]) -> None:
        """Take in items: `region`, `id`, `key`, `written_in`, `written_at`; none of elsewhere."""
        tables, id_of = self.tables, self.id_of
        for row in rows:
            table = tables.get(row["region"])
            if table is None:
                continue
            item_id, key = str(row["id"]), row.get("key")
            table[item_id] = (row.get("written_in"), row.get("written_at"))
            if key is not None and (first := id_of.setdefault(str(key), item_id)) != item_id:
                self.ids_of.setdefault(str(key), {first}).add(item_id)


def audit(writes: Iterable[Row], items: Held) -> Audit:
    """Compare the ledger's writes with the items of every Region's table after fail-back.

    :param writes: rows of `ledger/writes-N.jsonl`: `key`, `id`, `region`, `op`, `outcome`,
        `acked_at`.
    """
    by_outcome = defaultdict[str, list[Row]](list)
    deletes = list[Row]()
    for change in writes:
        (deletes if change.get("op") == DELETE else by_outcome[change["outcome"]]).append(change)
    tables = items.tables
    acked = by_outcome[WriteOutcome.ACKNOWLEDGED]
    refused, unknown = by_outcome[WriteOutcome.FAILED], by_outcome[WriteOutcome.UNKNOWN]
    odd = _odd(acked, tables)
    gone = {str(d["id"]) for d in deletes if d["outcome"] != WriteOutcome.FAILED}
    lost = [w for w in odd if not _versions(w, tables) and str(w["id"]) not in gone]
    back = _resurrected(deletes, chain(acked, unknown), tables)
    conflicts = [w for w in odd if _overwritten(w, tables)]
    written = {str(w["key"]) for w in chain(acked, unknown, refused)} if items.ids_of else set()
    twice = sorted(key for key in items.ids_of if key in written)
    found = sum(_present(w, items) for w in unknown)
    answered = {str(w["key"]) for w in acked} if refused else set()
    return Audit(
        acknowledged=len(acked),
        lost=len(lost),
        diverged=sum(_diverged(w, tables) for w in odd if str(w["id"]) not in back),
        duplicated=len(twice),
        conflicts=len(conflicts),
        unknown_found=found,
        unknown_absent=len(unknown) - found,
        failed_found=sum(_present(w, items) for w in refused if str(w["key"]) not in answered),
        deleted=sum(d["outcome"] == WriteOutcome.ACKNOWLEDGED for d in deletes),
        resurrected=len(back),
        lost_keys=_named(lost),
        duplicated_keys=tuple(twice[:NAMED_MAX]),
        conflict_keys=_named(conflicts),
        resurrected_ids=tuple(sorted(back)[:NAMED_MAX]),
        lost_at=tuple(map(_ended, lost)),
    )


def _odd(acked: Iterable[Row], tables: Tables) -> list[Row]:
    """The writes that are not the same in every Region, or not as they were acknowledged.

    Nearly every write is where it should be; only the others are worth a closer look.
    """
    first, *others = tables.values() or ({},)
    return [
        w
        for w in acked
        if (version := first.get(w["id"])) is None
        or version[0] != w["region"]
        or any(table.get(w["id"]) != version for table in others)
    ]


def _resurrected(deletes: Sequence[Row], writes: Iterable[Row], tables: Tables) -> set[str]:
    """The items that are in a table although their delete was acknowledged after every write."""
    deleted_at: dict[str, float] = {}
    for row in deletes:
        if row["outcome"] == WriteOutcome.ACKNOWLEDGED and _versions(row, tables):
            item_id = str(row["id"])
            deleted_at[item_id] = max(deleted_at.get(item_id, 0.0), float(row["acked_at"]))
    if deleted_at:
        for row in writes:
            at = deleted_at.get(str(row["id"]))
            if at is not None and _ended(row) > at:
                del deleted_at[str(row["id"])]
    return set(deleted_at)


def _ended(row: Row) -> float:
    return float(row.get("acked_at") or row["at"])


def _versions(write: Row, tables: Tables) -> list[Version]:
    """The write's item in each Region that has it."""
    item_id = str(write["id"])
    return [table[item_id] for table in tables.values() if item_id in table]


def _diverged(write: Row, tables: Tables) -> bool:
    found = _versions(write, tables)
    return bool(found) and (len(found) < len(tables) or len(set(found)) > 1)


def _overwritten(write: Row, tables: Tables) -> bool:
    """Whether every surviving version was written in another Region than acknowledged this one.

    DynamoDB keeps one whole item of two concurrent ones, the last by its own timestamp; the other
    vanishes (Developer Guide, "Global tables: how it works").
    """
    writers = {written_in for written_in, _ in _versions(write, tables)} - {None}
    return bool(writers) and write.get("region") not in writers


def _present(write: Row, items: Held) -> bool:
    return bool(_versions(write, items.tables)) or str(write.get("key")) in items.id_of


def _named(writes: Sequence[Row]) -> tuple[str, ...]:
    return tuple(str(w["key"]) for w in writes[:NAMED_MAX])
