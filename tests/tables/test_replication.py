"""When does a change cross, and do the Regions end equal whatever happened on the way?"""

from __future__ import annotations

from random import Random

from hypothesis import given, settings
from hypothesis import strategies as st

from gameday.tables.replication import Outbox, VersionClock
from gameday.tables.store import Item, Key, Record, Store, Version

LAG_S = (0.6, 1.2)


def record(n: int) -> Record:
    return Record({"n": n}, Version(n, "us-east-1", n))


def key(name: str) -> Key:
    return name, ()


def outbox(seed: int = 1, lag_s: tuple[float, float] = LAG_S) -> Outbox:
    return Outbox(Random(seed), lag_s)


def test_e_t1_a_change_crosses_after_its_lag_and_not_before() -> None:
    box = outbox()
    box.add(key("a"), record(1), now_s=100.0)
    due_s = box.next_due_s()
    assert due_s is not None
    assert 100.6 <= due_s <= 101.2
    assert box.take(due_s - 0.001, 10) == []
    assert [p.record.item for p in box.take(due_s, 10)] == [{"n": 1}]
    assert len(box) == 0


def test_lags_are_spread_evenly_and_the_seed_fixes_them() -> None:
    def dues(seed: int) -> list[float]:
        box = outbox(seed)
        for n in range(2000):
            box.add(key(str(n)), record(n), 0.0)
        return [p.due_s for p in box.take(2.0, 2000)]

    first = dues(7)
    assert first == dues(7)
    assert first != dues(8)
    assert abs(sum(first) / len(first) - 0.9) < 0.02
    assert (min(first) < 0.61, max(first) > 1.19) == (True, True)


def test_no_lag_means_at_once() -> None:
    box = outbox(lag_s=(0.0, 0.0))
    box.add(key("a"), record(1), 5.0)
    assert len(box.take(5.0, 10)) == 1


@given(st.integers(0, 99), st.lists(st.floats(0, 0.3), min_size=1, max_size=20))
def test_changes_of_one_item_never_overtake_each_other(seed: int, gaps_s: list[float]) -> None:
    box, now_s, crossed = outbox(seed), 0.0, list[int]()
    for n, gap_s in enumerate(gaps_s):
        now_s += gap_s
        box.add(key("a"), record(n), now_s)
    while (due_s := box.next_due_s()) is not None:
        crossed += [p.record.version.at_ns for p in box.take(due_s, 1)]
    assert crossed == sorted(crossed)
    assert crossed[-1] == len(gaps_s) - 1


def test_e6_what_waits_beyond_its_lag_is_coalesced_into_the_newest() -> None:
    box = outbox()
    for n in range(10_000):  # nobody takes: replication is paused
        box.add(key("hot"), record(n), float(n))
    assert len(box) <= 3
    assert [p.record.item for p in box.take(20_000.0, 10)] == [{"n": 9999}]
    assert box.next_due_s() is None


def test_what_did_not_arrive_is_put_back_and_still_due() -> None:
    box = outbox()
    for n in range(5):
        box.add(key(str(n)), record(n), 0.0)
    batch = box.take(2.0, 3)
    assert len(box) == 2
    box.put_back(batch)
    assert len(box) == 5
    assert box.take(2.0, 3) == batch
    assert key("x") not in box


def test_the_age_of_the_oldest_is_what_a_paused_link_shows() -> None:
    box = outbox()
    assert box.oldest_age_s(50.0) == 0.0
    box.add(key("a"), record(1), 10.0)
    box.add(key("b"), record(2), 30.0)
    assert box.oldest_age_s(50.0) == 40.0


def test_versions_only_ever_grow_even_if_the_clock_steps_back() -> None:
    clock = VersionClock("us-east-1")
    versions = [clock.tick(at) for at in (5.0, 5.0, 4.0, 6.0)]
    assert versions == sorted(set(versions))
    clock.observe(Version(int(9e9), "eu-west-1", 1))
    assert clock.tick(6.0).at_ns > 9e9


class World:
    """Regions joined by outboxes, on a clock that only the test moves."""

    def __init__(self, regions: int, seed: int) -> None:
        self.now_s = 1000.0
        self.names = [f"r{i}" for i in range(regions)]
        self.stores = {r: Store() for r in self.names}
        self.clocks = {r: VersionClock(r) for r in self.names}
        self.links = {
            (a, b): outbox(seed + 31 * i + j)
            for i, a in enumerate(self.names)
            for j, b in enumerate(self.names)
            if a != b
        }
        self.held: set[str] = set()
        self.written: dict[Key, list[Record]] = {}

    def write(self, region: int, name: str, item: Item | None, skew_s: float) -> None:
        home = self.names[region % len(self.names)]
        version = self.clocks[home].tick(self.now_s + skew_s)
        before = self.stores[home].record(key(name))
        change = self.stores[home].write(key(name), item, version)
        assert before is None or change.record.version > before.version
        self.written.setdefault(change.key, []).append(change.record)
        for (a, _), link in self.links.items():
            if a == home:
                link.add(change.key, change.record, self.now_s)

    def deliver(self, *, arrives: bool = True) -> None:
        for (a, b), link in self.links.items():
            if {a, b} & self.held:
                continue
            batch = link.take(self.now_s, 2)
            for pending in batch if arrives else batch[:1]:
                self.clocks[b].observe(pending.record.version)
                self.stores[b].merge(pending.key, pending.record)
            if not arrives:  # the receiver stopped after the first, or its answer was lost
                link.put_back(batch)

    def settle(self) -> None:
        self.held.clear()
        self.now_s += 100.0
        while any(len(link) for link in self.links.values()):
            self.deliver()

    def content(self, region: str) -> dict[Key, tuple[Item | None, Version]]:
        store = self.stores[region]
        return {k: (r.item, r.version) for k in store.every_key() if (r := store.record(k))}


write = st.tuples(
    st.just("write"), st.integers(0, 2), st.sampled_from("abc"), st.booleans(), st.floats(-2, 2)
)
step = st.one_of(
    write,
    st.tuples(st.just("wait"), st.floats(0, 2)),
    st.tuples(st.just("deliver"), st.booleans()),
    st.tuples(st.just("hold"), st.integers(0, 2)),
    st.tuples(st.just("release"), st.integers(0, 2)),
)


@settings(max_examples=300, deadline=None)
@given(st.integers(2, 3), st.integers(0, 999), st.lists(step, max_size=60))
def test_e2_every_region_ends_with_the_latest_write_of_each_item(
    regions: int,
    seed: int,
    steps: list[tuple],  # type: ignore[type-arg]
) -> None:
    world = World(regions, seed)
    for n, (what, *how) in enumerate(steps):
        match what:
            case "write":
                region, name, keep, skew_s = how
                world.write(region, name, {"n": n} if keep else None, skew_s)
            case "wait":
                world.now_s += how[0]
            case "deliver":
                world.deliver(arrives=how[0])
            case "hold":
                world.held.add(world.names[how[0] % regions])
            case "release":
                world.held.discard(world.names[how[0] % regions])
    world.settle()
    latest = {k: max(rs, key=lambda r: r.version) for k, rs in world.written.items()}
    expected = {k: (r.item, r.version) for k, r in latest.items()}
    for region in world.names:
        assert world.content(region) == expected


def test_e16_nothing_crosses_while_held_and_a_third_pair_goes_on() -> None:
    world = World(3, 1)
    world.held.add("r0")
    world.write(0, "a", {"from": 0}, 0.0)
    world.write(1, "b", {"from": 1}, 0.0)
    world.now_s += 60.0
    for _ in range(5):
        world.deliver()
    assert world.stores["r1"].get(key("a")) is None
    assert world.stores["r2"].get(key("b")) == {"from": 1}
    assert world.stores["r0"].get(key("b")) is None
    world.settle()
    assert world.content("r0") == world.content("r1") == world.content("r2")
