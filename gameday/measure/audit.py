"""What became of every write: the ledger of the clients against each Region's table afterwards.

Only acknowledged writes can be lost. A write whose answer never came may or may not have happened;
it is counted beside, never folded in (Jepsen's rule).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
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


def audit(writes: Iterable[Row], items_by_region: Mapping[str, Sequence[Row]]) -> Audit:
    """Compare the ledger's writes with the items of every Region's table after fail-back.

    :param writes: rows of `ledger/writes-N.jsonl`: `key`, `id`, `region`, `op`, `outcome`,
        `acked_at`.
    :param items_by_region: each Region's items: `id`, `key`, `written_in`, `written_at`.
    """
    changes = list(writes)
    writes = [c for c in changes if c.get("op") != DELETE]
    deletes = [c for c in changes if c.get("op") == DELETE]
    by_id = {r: {str(i["id"]): i for i in items} for r, items in items_by_region.items()}
    keys = _ids_by_key(items_by_region.values())
    acked = [w for w in writes if w["outcome"] == WriteOutcome.ACKNOWLEDGED]
    gone = {str(d["id"]) for d in deletes if d["outcome"] != WriteOutcome.FAILED}
    lost = [w for w in acked if not _versions(w, by_id) and str(w["id"]) not in gone]
    back = _resurrected(deletes, writes, by_id)
    conflicts = [w for w in acked if _overwritten(w, by_id)]
    written = {str(w["key"]) for w in writes if w.get("key") is not None}
    twice = sorted(k for k, ids in keys.items() if k in written and len(ids) > 1)
    unknown = [w for w in writes if w["outcome"] == WriteOutcome.UNKNOWN]
    found = sum(_present(w, by_id, keys) for w in unknown)
    refused = (w for w in writes if w["outcome"] == WriteOutcome.FAILED)
    answered = {str(w["key"]) for w in acked}
    return Audit(
        acknowledged=len(acked),
        lost=len(lost),
        diverged=sum(_diverged(w, by_id) for w in acked if str(w["id"]) not in back),
        duplicated=len(twice),
        conflicts=len(conflicts),
        unknown_found=found,
        unknown_absent=len(unknown) - found,
        failed_found=sum(
            _present(w, by_id, keys) for w in refused if str(w["key"]) not in answered
        ),
        deleted=sum(d["outcome"] == WriteOutcome.ACKNOWLEDGED for d in deletes),
        resurrected=len(back),
        lost_keys=_named(lost),
        duplicated_keys=tuple(twice[:NAMED_MAX]),
        conflict_keys=_named(conflicts),
        resurrected_ids=tuple(sorted(back)[:NAMED_MAX]),
        lost_at=tuple(map(_ended, lost)),
    )


def _resurrected(
    deletes: Sequence[Row], writes: Sequence[Row], by_id: Mapping[str, Mapping[str, Row]]
) -> set[str]:
    """The items that are in a table although their delete was acknowledged after every write."""
    deleted_at: dict[str, float] = {}
    for row in deletes:
        if row["outcome"] == WriteOutcome.ACKNOWLEDGED and _versions(row, by_id):
            item_id = str(row["id"])
            deleted_at[item_id] = max(deleted_at.get(item_id, 0.0), float(row["acked_at"]))
    if deleted_at:
        for row in writes:
            at = deleted_at.get(str(row["id"]))
            if at is not None and row["outcome"] != WriteOutcome.FAILED and _ended(row) > at:
                del deleted_at[str(row["id"])]
    return set(deleted_at)


def _ended(row: Row) -> float:
    return float(row.get("acked_at") or row["at"])


def _ids_by_key(tables: Iterable[Sequence[Row]]) -> dict[str, set[str]]:
    ids: dict[str, set[str]] = {}
    for items in tables:
        for item in items:
            if item.get("key") is not None:
                ids.setdefault(str(item["key"]), set()).add(str(item["id"]))
    return ids


def _versions(write: Row, by_id: Mapping[str, Mapping[str, Row]]) -> list[Row]:
    """The write's item in each Region that has it."""
    return [items[str(write["id"])] for items in by_id.values() if str(write["id"]) in items]


def _diverged(write: Row, by_id: Mapping[str, Mapping[str, Row]]) -> bool:
    found = _versions(write, by_id)
    versions = {(v.get("written_in"), str(v.get("written_at"))) for v in found}
    return bool(found) and (len(found) < len(by_id) or len(versions) > 1)


def _overwritten(write: Row, by_id: Mapping[str, Mapping[str, Row]]) -> bool:
    """Whether every surviving version was written in another Region than acknowledged this one.

    DynamoDB keeps one whole item of two concurrent ones, the last by its own timestamp; the other
    vanishes (Developer Guide, "Global tables: how it works").
    """
    found = _versions(write, by_id)
    writers = {v.get("written_in") for v in found} - {None}
    return bool(writers) and write.get("region") not in writers


def _present(
    write: Row, by_id: Mapping[str, Mapping[str, Row]], keys: Mapping[str, set[str]]
) -> bool:
    return bool(write.get("id") and _versions(write, by_id)) or str(write.get("key")) in keys


def _named(writes: Sequence[Row]) -> tuple[str, ...]:
    return tuple(str(w["key"]) for w in writes[:NAMED_MAX])
