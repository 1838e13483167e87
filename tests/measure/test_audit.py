"""What became of every write?"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from gameday.measure.audit import Audit, Held
from gameday.measure.audit import audit as compared


def audit(writes: Iterable[dict], items_by_region: Mapping[str, Iterable[dict]]) -> Audit:
    held = Held(items_by_region)
    held.take({**item, "region": region} for region, of in items_by_region.items() for item in of)
    return compared(writes, held)


def write(n: int, outcome: str = "acknowledged", region: str | None = "us") -> dict:
    return {"at": 1.0, "key": f"k{n}", "id": f"i{n}", "region": region, "outcome": outcome,
            "acked_at": 10.0 + n}  # fmt: skip


def item(n: int, written_in: str = "us", key: int | None = None, at: float = 1.0) -> dict:
    return {"id": f"i{n}", "key": f"k{n if key is None else key}", "written_in": written_in,
            "written_at": at}  # fmt: skip


def test_is_nothing_wrong_when_all_is_everywhere() -> None:
    found = audit([write(1), write(2)], {"us": [item(1), item(2)], "eu": [item(1), item(2)]})
    assert (found.acknowledged, found.lost, found.diverged, found.duplicated) == (2, 0, 0, 0)
    assert (found.conflicts, found.unknown, found.failed_found) == (0, 0, 0)


def test_is_a_planted_loss_seen() -> None:
    found = audit([write(1), write(2)], {"us": [item(1)], "eu": [item(1)]})
    assert (found.lost, found.lost_keys, found.lost_at) == (1, ("k2",), (12.0,))
    assert found.diverged == 0, "what is nowhere is lost, not different"


def test_is_an_item_of_one_region_only_diverged_and_not_lost() -> None:
    found = audit([write(1)], {"us": [item(1)], "eu": []})
    assert (found.lost, found.diverged) == (0, 1)


def test_do_two_versions_of_an_item_diverge() -> None:
    found = audit([write(1)], {"us": [item(1)], "eu": [item(1, at=2.0)]})
    assert found.diverged == 1


def test_does_the_last_row_of_an_item_stand() -> None:
    held = Held(["us", "eu", "ap"])
    for at in (1.0, 2.0, 1.0):
        held.take({**item(1, at=at), "region": region} for region in ("us", "eu"))
    held.take([{**item(1, at=2.0), "region": "ap"}, {**item(1), "region": "elsewhere"}])
    assert held.versions("i1") == [("us", 1.0), ("us", 1.0), ("us", 2.0)]
    held.take([{**item(1), "region": "ap"}])
    assert compared([write(1)], held).diverged == 0


def test_are_items_without_a_version_alike() -> None:
    bare = [{"id": "i1", "key": "k1"}]
    found = audit([write(1)], {"us": bare, "eu": bare})
    assert (found.lost, found.diverged, found.conflicts) == (0, 0, 0)


def test_are_two_items_of_one_key_a_duplicate() -> None:
    tables = {"us": [item(1), item(2, key=1)], "eu": [item(1), item(2, key=1)]}
    assert audit([write(1)], tables).duplicated_keys == ("k1",)


def test_is_a_write_that_another_region_overwrote_a_conflict() -> None:
    tables = {"us": [item(1, "eu")], "eu": [item(1, "eu")]}
    found = audit([write(1, region="us"), write(1, region="eu")], tables)
    assert (found.conflicts, found.conflict_keys, found.lost) == (1, ("k1",), 0)


def test_are_unknown_writes_counted_beside() -> None:
    writes = [write(1, "unknown"), write(2, "unknown"), write(3, "failed"), write(4, "failed")]
    found = audit(writes, {"us": [item(1), item(3)], "eu": [item(1), item(3)]})
    assert (found.unknown, found.unknown_found, found.unknown_absent) == (2, 1, 1)
    assert (found.lost, found.acknowledged, found.failed_found) == (0, 0, 1)


def test_is_a_refused_try_whose_repetition_was_acknowledged_a_ghost() -> None:
    """One key, first refused, then acknowledged: the item is there by right."""
    tables = {"us": [item(1)], "eu": [item(1)]}
    assert audit([write(1, "failed"), write(1)], tables).failed_found == 0


def test_are_items_of_nobody_ignored() -> None:
    assert audit([write(1)], {"us": [item(1), item(9), item(8, key=9)]}).duplicated == 0


def delete(n: int, outcome: str = "acknowledged", acked_at: float = 20.0) -> dict:
    row = {"at": acked_at, "key": f"d{n}", "id": f"i{n}", "region": "us", "op": "delete"}
    return row | {
        "outcome": outcome,
        "acked_at": acked_at if outcome == "acknowledged" else None,
    }


def test_is_what_was_deleted_lost() -> None:
    writes = [write(1), delete(1), write(2), delete(2, "unknown"), write(3), delete(3, "failed")]
    found = audit(writes, {"us": [], "eu": []})
    assert (found.lost, found.lost_keys) == (1, ("k3",))
    assert (found.acknowledged, found.deleted, found.resurrected) == (3, 1, 0)


def test_is_a_delete_that_came_back_resurrected_and_not_diverged() -> None:
    found = audit([write(1), delete(1)], {"us": [], "eu": [item(1)]})
    assert (found.resurrected, found.resurrected_ids) == (1, ("i1",))
    assert (found.diverged, found.lost) == (0, 0)


def test_is_an_item_resurrected_that_was_written_again() -> None:
    """Both a later write that was acknowledged and one whose answer never came may explain it."""
    tables = {"us": [item(1)], "eu": [item(1)]}
    for outcome in ("acknowledged", "unknown"):
        again = write(1, outcome) | {"at": 30.0, "acked_at": 30.0 if outcome[0] == "a" else None}
        assert audit([write(1), delete(1), again], tables).resurrected == 0
    refused = write(1, "failed") | {"at": 30.0, "acked_at": None}
    assert audit([write(1), delete(1), refused], tables).resurrected == 1


def test_may_an_item_be_there_whose_delete_nobody_knows() -> None:
    found = audit([write(1), delete(1, "unknown")], {"us": [item(1)], "eu": [item(1)]})
    assert (found.resurrected, found.deleted, found.unknown) == (0, 0, 0)
