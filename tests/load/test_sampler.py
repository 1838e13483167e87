"""How far behind is the other Region?"""

from __future__ import annotations

import random

import pytest

from gameday import clock
from gameday.clock import Clock
from gameday.load.items import Item, KnownItems
from gameday.load.sampler import Pending

SPEED = Clock(10.0)


def written(number: int, age_s: float) -> Item:
    return Item(f"i{number}", "us-east-1", clock.monotonic() - SPEED.wall(age_s))


def pending(*ages_s: float) -> Pending:
    found = Pending(SPEED)
    for number, age_s in enumerate(ages_s):
        found.add(written(number, age_s))
    return found


def test_is_nothing_behind_when_every_write_is_there() -> None:
    reading = pending(2.0, 1.0, 0.5).take_reading(lambda item: True)
    assert reading is not None
    assert (reading.behind_s, reading.read, reading.missing) == (0.0, 2, 0)


def test_is_it_the_age_of_the_oldest_write_that_is_missing() -> None:
    reading = pending(2.5, 1.5, 0.5).take_reading(lambda item: item.id == "i0")
    assert reading is not None
    assert (reading.behind_s, reading.missing) == (pytest.approx(1.5, abs=0.2), 2)


def test_does_it_go_on_asking_for_the_missing_one_while_replication_is_paused() -> None:
    behind = pending(2.0, 1.0)
    asked: list[str] = []

    def holds(item: Item) -> bool:
        asked.append(item.id)
        return False

    first = behind.take_reading(holds)
    clock.sleep_wall(0.2)  # two AWS seconds
    second = behind.take_reading(holds)
    assert first is not None
    assert second is not None
    assert second.behind_s - first.behind_s == pytest.approx(2.0, abs=0.5)
    assert asked[-1] == "i0"


def test_is_a_region_that_gives_no_answer_no_reading() -> None:
    behind = pending(1.0)
    assert behind.take_reading(lambda item: None) is None
    reading = behind.take_reading(lambda item: True)  # the write was not forgotten
    assert reading is not None
    assert reading.read == 1


def test_is_a_write_older_than_the_horizon_forgotten() -> None:
    reading = pending(60.0, 50.0, 1.0).take_reading(lambda item: item.id == "i2")
    assert reading is not None
    assert (reading.read, reading.behind_s) == (1, 0.0)


def test_does_the_number_of_reads_grow_slower_than_that_of_the_writes() -> None:
    asked: list[str] = []

    def holds(item: Item) -> bool:
        asked.append(item.id)
        return int(item.id[1:]) < 700

    reading = pending(*[2.9 - n / 1000 for n in range(1000)]).take_reading(holds)
    assert reading is not None
    assert reading.missing == 300
    assert len(asked) <= 10


def test_which_items_may_a_reader_ask_for() -> None:
    known, rng = KnownItems(), random.Random(1)
    assert known.pick(rng, 0.0) is None
    known.add(written(0, 100.0))
    known.add(written(1, 0.0))
    assert {item.id for _ in range(20) if (item := known.pick(rng, 5.0))} == {"i0"}


def test_are_only_the_newest_items_remembered() -> None:
    known = KnownItems(size_max=3)
    for number in range(10):
        known.add(written(number, 100.0 - number))
    rng = random.Random(1)
    assert {item.id for _ in range(50) if (item := known.pick(rng, 5.0))} == {"i7", "i8", "i9"}


def test_is_a_region_behind_for_lack_of_what_is_being_deleted() -> None:
    behind = pending(2.0, 1.0)
    assert behind.take_reading(lambda item: False) is not None  # i0 is missing, and waited for
    behind.forget("i0")
    reading = behind.take_reading(lambda item: True)
    assert reading is not None
    assert (reading.behind_s, reading.missing) == (0.0, 0)
    known = KnownItems()
    known.add(written(0, 100.0))
    known.forget("i0")
    assert known.pick(random.Random(1), 0.0) is None
    assert known.is_gone("i0")
    assert not known.is_gone("i1")
