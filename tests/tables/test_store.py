"""What is in a table after these writes, in which order, and who was told?"""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gameday.tables.store import NEVER, Feed, Item, Key, Order, Record, Span, Store, Version


def at(ns: int, region: str = "us-east-1") -> Version:
    return Version(ns, region, 0)


def key(name: str) -> Key:
    return name, ()


def test_a_write_is_read_back_and_a_delete_leaves_a_tombstone() -> None:
    store = Store()
    change = store.write(key("a"), {"v": 1}, at(1))
    assert (change.old, change.new, len(store)) == (None, {"v": 1}, 1)
    change = store.write(key("a"), None, at(2))
    assert (change.old, change.new, len(store)) == ({"v": 1}, None, 0)
    assert store.get(key("a")) is None
    assert store.tombstone_count == 1
    assert store.record(key("a")) == Record(None, at(2))


@pytest.mark.parametrize("first", ["older", "newer"])
def test_e2_the_later_write_wins_in_whichever_order_they_arrive(first: str) -> None:
    older = Record({"v": "older"}, at(1, "eu-west-1"))
    newer = Record({"v": "newer"}, at(2, "us-east-1"))
    order = [older, newer] if first == "older" else [newer, older]
    store = Store()
    for record in order:
        store.merge(key("a"), record)
    assert store.get(key("a")) == {"v": "newer"}


def test_e2_no_attribute_of_the_losing_item_survives() -> None:
    store = Store()
    store.merge(key("a"), Record({"id": 1, "colour": "red"}, at(1, "eu-west-1")))
    store.merge(key("a"), Record({"id": 1, "size": "big"}, at(2)))
    assert store.get(key("a")) == {"id": 1, "size": "big"}


@pytest.mark.parametrize(("delete_ns", "left"), [(1, {"v": "updated"}), (3, None)])
def test_e_t3_a_delete_meets_an_update(delete_ns: int, left: Item | None) -> None:
    store = Store()
    store.write(key("a"), {"v": "updated"}, at(2))
    store.merge(key("a"), Record(None, at(delete_ns, "eu-west-1")))
    assert store.get(key("a")) == left


def test_an_old_write_does_not_bring_a_deleted_item_back() -> None:
    store = Store()
    store.write(key("a"), {"v": 1}, at(1))
    store.write(key("a"), None, at(3))
    store.merge(key("a"), Record({"v": 2}, at(2, "eu-west-1")))
    assert store.get(key("a")) is None


def test_merging_twice_is_merging_once() -> None:
    store = Store()
    record = Record({"v": 1}, at(1, "eu-west-1"))
    assert store.merge(key("a"), record)[0] is not None
    assert store.merge(key("a"), record) == (None, None)


def test_two_writes_unaware_of_each_other_are_a_conflict_seen_on_both_sides() -> None:
    here, there = Store(), Store()
    ours = here.write(key("a"), {"v": "ours"}, at(1, "us-east-1")).record
    theirs = there.write(key("a"), {"v": "theirs"}, at(2, "eu-west-1")).record
    lost_here, lost_there = here.merge(key("a"), theirs)[1], there.merge(key("a"), ours)[1]
    assert lost_here == lost_there
    assert lost_here is not None
    assert (lost_here.lost, lost_here.kept) == (ours.version, theirs.version)


def test_a_write_that_followed_another_is_no_conflict() -> None:
    here, there = Store(), Store()
    first = here.write(key("a"), {"v": 1}, at(1, "us-east-1")).record
    there.merge(key("a"), first)
    there.write(key("a"), {"v": 2}, at(2, "eu-west-1"))
    second = there.write(key("a"), {"v": 3}, at(3, "eu-west-1")).record
    assert here.merge(key("a"), second)[1] is None
    assert there.merge(key("a"), first) == (None, None)


def test_a_conflict_is_found_behind_several_writes_of_one_region() -> None:
    here, there = Store(), Store()
    ours = here.write(key("a"), {"v": "ours"}, at(1, "us-east-1")).record
    there.write(key("a"), {"v": 1}, at(2, "eu-west-1"))
    last = there.write(key("a"), {"v": 2}, at(3, "eu-west-1")).record
    lost = there.merge(key("a"), ours)[1]
    assert lost is not None
    assert lost.lost == ours.version
    assert here.merge(key("a"), last)[1] is not None


def test_two_equal_writes_lose_nothing() -> None:
    store = Store()
    store.write(key("a"), None, at(1))
    assert store.merge(key("a"), Record(None, at(2, "eu-west-1")))[1] is None


sorts = st.lists(st.integers(0, 9).map(Decimal), unique=True)
bound = st.one_of(st.just(()), st.tuples(st.integers(-1, 10).map(Decimal)))


@given(sorts, bound, bound, st.booleans(), st.booleans(), st.booleans(), st.integers(-1, 10))
def test_a_span_of_a_partition_is_what_a_plain_filter_would_find(
    values: list[Any],
    low: tuple[Any, ...],
    high: tuple[Any, ...],
    low_open: bool,
    high_open: bool,
    forward: bool,
    after: int,
) -> None:
    order = Order()
    for value in values:
        order.add(("p", (value,)))
        order.add(("q", (value,)))

    def inside(v: Any) -> bool:
        above = not low or v > low[0] or (v == low[0] and not low_open)
        below = not high or v < high[0] or (v == high[0] and not high_open)
        beyond = v > after if forward else v < after
        return above and below and beyond

    span = Span(low, low_open, high, high_open)
    found = [k[1][0] for k in order.within("p", span, (Decimal(after),), forward=forward)]
    assert found == sorted(filter(inside, values), reverse=not forward)


@given(st.lists(st.tuples(st.sampled_from("abc"), st.integers(0, 5)), unique=True), st.data())
def test_a_walk_goes_on_where_the_last_page_ended(
    pairs: list[tuple[str, int]], data: st.DataObject
) -> None:
    order = Order()
    keys = [(p, (s,)) for p, s in pairs]
    for k in keys:
        order.add(k)
    gone = data.draw(st.lists(st.sampled_from(keys), unique=True)) if keys else []
    for k in gone:
        order.remove(k)
    left = sorted(set(keys) - set(gone))
    assert list(order.walk()) == left
    for k in keys:  # also from a key that has been deleted meanwhile
        assert list(order.walk(k)) == [x for x in left if x > k]


def test_an_index_holds_the_items_that_have_its_attributes() -> None:
    store = Store()
    store.write(key("a"), {"colour": "red"}, at(1))

    def by_colour(item: Item) -> Key | None:
        return (item["colour"], (item.get("n"),)) if "colour" in item else None

    store.add_index("by-colour", by_colour)
    store.write(key("b"), {"size": 1}, at(2))
    walk = store.indexes["by-colour"].order.walk
    assert [k[0] for k in walk()] == ["red"]
    store.write(key("a"), {"colour": "blue"}, at(3))
    assert [k[0] for k in walk()] == ["blue"]
    store.merge(key("a"), Record(None, at(4, "eu-west-1")))
    assert list(walk()) == []


def test_the_feed_forgets_its_far_end_and_says_so() -> None:
    store, feed = Store(), Feed(limit=3)
    for n in range(1, 6):
        feed.add(store.write(key("a"), {"v": n}, at(n)))
    assert feed.first == 3
    assert [(n, c.old, c.new) for n, c, _ in feed.read(4, 9)] == [
        (4, {"v": 3}, {"v": 4}),
        (5, {"v": 4}, {"v": 5}),
    ]
    assert feed.read(6, 9) == []
    with pytest.raises(LookupError, match="change 2 is trimmed; the oldest is 3"):
        feed.read(2, 9)


def test_versions_tie_by_region_so_that_every_replica_picks_the_same() -> None:
    mine = Record({"v": 1}, at(7, "us-east-1"))
    theirs = replace(mine, item={"v": 2}, version=at(7, "eu-west-1"))
    one, other = Store(), Store()
    for store, records in ((one, (mine, theirs)), (other, (theirs, mine))):
        for record in records:
            store.merge(key("a"), record)
    assert one.get(key("a")) == other.get(key("a"))
    assert at(0, "a") > NEVER
