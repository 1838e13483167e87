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


class Held:
    """What every Region's table holds, read row by row.

    There may be millions of items, nearly all of them the same everywhere: those are kept once,
    with the Regions that have them as bits.
    """

    def __init__(self, regions: Iterable[str]) -> None:
        self.id_of: dict[str, str] = {}  # by idempotency key
        self.ids_of: dict[str, set[str]] = {}  # of keys with more than one item
        self._bit_of = {region: 1 << n for n, region in enumerate(regions)}
        self.regions = len(self._bit_of)
        self._everywhere = (1 << self.regions) - 1
        self._first: dict[str, tuple[str | None, float | None, int]] = {}  # the version seen first
        self._others: dict[str, dict[int, Version]] = {}  # where a Region has another one

    def take(self, rows: Iterable[Row]) -> None:
        """Take in items: `region`, `id`, `key`, `written_in`, `written_at`; none of elsewhere."""
        bit_of, first, others = self._bit_of, self._first, self._others
        for row in rows:
            bit = bit_of.get(row["region"])
            if bit is None:
                continue
            item_id, written_in, at = str(row["id"]), row.get("written_in"), row.get("written_at")
            seen = first.get(item_id)
            if seen is not None and at is not None and seen[1] == at and seen[0] == written_in:
                first[item_id] = (written_in, at, seen[2] | bit)  # one write, so its key is known
                if others:
                    others.get(item_id, {}).pop(bit, None)
                continue
            if seen is None:
                first[item_id] = (written_in, at, bit)
            else:
                others.setdefault(item_id, {})[bit] = (written_in, at)
            self._note_key(row.get("key"), item_id)

    def odd(self, writes: Iterable[Row]) -> list[Row]:
        """Those whose item is not the same in every Region, or that another Region wrote."""
        first, others, everywhere = self._first, self._others, self._everywhere
        return [
            w
            for w in writes
            if (seen := first.get(w["id"])) is None
            or seen[2] != everywhere
            or seen[0] != w["region"]
            or w["id"] in others
        ]

    def versions(self, item_id: str) -> list[Version]:
        """The item's version in each Region that has it."""
        written_in, at, bits = self._first.get(item_id, (None, None, 0))
        others = self._others.get(item_id, {})
        return [
            others.get(bit, (written_in, at))
            for bit in self._bit_of.values()
            if bits & bit or bit in others
        ]

    def _note_key(self, key: Any, item_id: str) -> None:
        if key is not None and (known := self.id_of.setdefault(str(key), item_id)) != item_id:
            self.ids_of.setdefault(str(key), {known}).add(item_id)


def audit(writes: Iterable[Row], items: Held) -> Audit:
    """Compare the ledger's writes with the items of every Region's table after fail-back.

    :param writes: rows of `ledger/writes-N.jsonl`: `key`, `id`, `region`, `op`, `outcome`,
        `acked_at`.
    """
    by_outcome = defaultdict[str, list[Row]](list)
    deletes = list[Row]()
    for change in writes:
        (deletes if change.get("op") == DELETE else by_outcome[change["outcome"]]).append(change)
    acked = by_outcome[WriteOutcome.ACKNOWLEDGED]
    refused, unknown = by_outcome[WriteOutcome.FAILED], by_outcome[WriteOutcome.UNKNOWN]
    odd = items.odd(acked)  # nearly every write is where it should be
    gone = {str(d["id"]) for d in deletes if d["outcome"] != WriteOutcome.FAILED}
    lost = [w for w in odd if not _versions(w, items) and str(w["id"]) not in gone]
    back = _resurrected(deletes, chain(acked, unknown), items)
    conflicts = [w for w in odd if _overwritten(w, items)]
    written = {str(w["key"]) for w in chain(acked, unknown, refused)} if items.ids_of else set()
    twice = sorted(key for key in items.ids_of if key in written)
    found = sum(_present(w, items) for w in unknown)
    answered = {str(w["key"]) for w in acked} if refused else set()
    return Audit(
        acknowledged=len(acked),
        lost=len(lost),
        diverged=sum(_diverged(w, items) for w in odd if str(w["id"]) not in back),
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


def _resurrected(deletes: Sequence[Row], writes: Iterable[Row], items: Held) -> set[str]:
    """The items that are in a table although their delete was acknowledged after every write."""
    deleted_at: dict[str, float] = {}
    for row in deletes:
        if row["outcome"] == WriteOutcome.ACKNOWLEDGED and _versions(row, items):
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


def _versions(write: Row, items: Held) -> list[Version]:
    """The write's item in each Region that has it."""
    return items.versions(str(write["id"]))


def _diverged(write: Row, items: Held) -> bool:
    found = _versions(write, items)
    return bool(found) and (len(found) < items.regions or len(set(found)) > 1)


def _overwritten(write: Row, items: Held) -> bool:
    """Whether every surviving version was written in another Region than acknowledged this one.

    DynamoDB keeps one whole item of two concurrent ones, the last by its own timestamp; the other
    vanishes (Developer Guide, "Global tables: how it works").
    """
    writers = {written_in for written_in, _ in _versions(write, items)} - {None}
    return bool(writers) and write.get("region") not in writers


def _present(write: Row, items: Held) -> bool:
    return bool(_versions(write, items)) or str(write.get("key")) in items.id_of


def _named(writes: Sequence[Row]) -> tuple[str, ...]:
    return tuple(str(w["key"]) for w in writes[:NAMED_MAX])
