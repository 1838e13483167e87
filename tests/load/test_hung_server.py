"""A server hangs for 10 of 24 seconds: what does the load say, and what does a stock one?"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from itertools import takewhile
from pathlib import Path
from typing import Any
from unittest.mock import patch

import pytest
from virtual_world import NAME, VirtualSocket, VirtualWorld

from gameday import clock
from gameday.clock import Clock
from gameday.journal import EventLog, read_log
from gameday.load.client import ClientPool
from gameday.load.connection import Trip
from gameday.load.dashboard.board import Board, Goals
from gameday.load.profiles import profile
from gameday.load.recorder import Recorder
from gameday.load.schedule import Client, Course, Turns, plan
from gameday.measure.rto import counts, success_pct
from gameday.model import quantile_ms
from gameday.resolver import Network, ResolverCache
from gameday.workload.workload import Workload

HANGS_S = (7.0, 17.0)
ENDS_S = 24.0
RATE_PER_S = 10.0


class HangingWorld(VirtualWorld):
    """Answers at once, but nothing while it hangs; time goes on, and the recorder ticks."""

    def __init__(self, run_dir: Path) -> None:
        super().__init__("200")
        self.log = EventLog(run_dir / "events" / "load-0.jsonl")
        self.recorder: Recorder

    def pass_until(self, instant: float) -> None:
        """Time passes, and the recorder ticks every 100 ms of it."""
        while self.now < instant:
            self.now = min(instant, self.now + 0.1)
            self.recorder.tick()

    @contextmanager
    def client(self) -> Iterator[tuple[Client, ClientPool]]:
        (who,) = plan(((profile("requests"), 1.0),), [Network("near")], RATE_PER_S, 1, 1)
        hangs = patch.object(VirtualSocket, "recv", recv)
        with self.entered() as endpoint, hangs, patch.object(clock, "now", lambda: self.now):
            cache = ResolverCache(self.lookup, monotonic=clock.monotonic)
            self.recorder = Recorder(self.log, Course(Workload(), Clock(1.0), 0.0))
            yield who, ClientPool(endpoint, who.profile, who.network, cache)

    def ask(self, who: Client, pool: ClientPool, intended: float) -> None:
        pool.trip = Trip(intended, self.now)
        pool.get_client(f"http://{NAME}").request("GET", "/")
        self.recorder.answer(who, "us-east-1", "ok", intended, pool.trip.started)


def recv(sock: VirtualSocket, _: int) -> bytes:
    world = sock._world
    assert isinstance(world, HangingWorld)
    if HANGS_S[0] <= world.now < HANGS_S[1]:
        world.pass_until(HANGS_S[1])
    return b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n"


def events(run_dir: Path) -> list[dict[str, Any]]:
    return list(read_log(run_dir / "events" / "load-0.jsonl"))


@pytest.fixture
def open_load(tmp_path: Path) -> list[dict[str, Any]]:
    """One client in the open: its turns come when they come."""
    world = HangingWorld(tmp_path)
    with world.client() as (who, pool):
        world.recorder.start([who], RATE_PER_S)
        turns = Turns.every(who.id, 0.0, 1.0 / RATE_PER_S)
        world.recorder.join(turns)
        while turns.next_start() < ENDS_S - 0.05:
            world.pass_until(turns.next_start())
            world.ask(who, pool, world.recorder.begin(turns))
        world.recorder.stopping()
        world.recorder.end()
    return events(tmp_path)


def histogram(windows: list[dict[str, Any]]) -> dict[int, int]:
    merged: dict[int, int] = {}
    for row in (row for w in windows for row in w["rows"]):
        for b, n in row["hist"].items():
            merged[int(b)] = merged.get(int(b), 0) + n
    return merged


def test_is_all_that_was_offered_counted_and_timed_from_its_turn(
    open_load: list[dict[str, Any]],
) -> None:
    windows = [e for e in open_load if e["kind"] == "load.window"]
    (ended,) = [e for e in open_load if e["kind"] == "load.ended"]
    assert (ended["offered"], ended["sent"], ended["unsent"]) == (240, 240, 0)
    hung = [w for w in windows if HANGS_S[0] <= w["at"] < HANGS_S[1]]
    assert sum(w["offered"] for w in hung) == 100  # as many as ever
    latency = histogram(windows)
    assert (quantile_ms(latency, 0.5) or 0) < 10_000.0
    assert (quantile_ms(latency, 0.95) or 0) > 8_000.0  # 100 of 240 waited, up to 10 s


def test_does_it_say_while_it_hangs_what_could_not_be_sent(
    open_load: list[dict[str, Any]],
) -> None:
    board = Board(Goals(speed=1.0))
    for event in takewhile(lambda e: e["at"] < HANGS_S[1] - 0.15, open_load):  # as written by then
        board.feed(event)
    totals = board.view(HANGS_S[1])["totals"]
    assert totals["offered"] == pytest.approx(169, abs=2)
    assert totals["sent"] == pytest.approx(71, abs=2)
    assert totals["not_sent_pct"] == pytest.approx(58, abs=2)


def test_is_what_was_never_sent_a_failure_when_the_load_ends_meanwhile(tmp_path: Path) -> None:
    world = HangingWorld(tmp_path)
    with world.client() as (who, pool):
        world.recorder.start([who], RATE_PER_S)
        turns = Turns.every(who.id, 0.0, 1.0 / RATE_PER_S)
        world.recorder.join(turns)
        while turns.next_start() < HANGS_S[0]:
            world.pass_until(turns.next_start())
            world.ask(who, pool, world.recorder.begin(turns))
        world.recorder.begin(turns)  # it hangs
        world.pass_until(15.0)
        world.recorder.stopping()
        world.recorder.end()
    (ended,) = [e for e in events(tmp_path) if e["kind"] == "load.ended"]
    assert ended["offered"] == ended["sent"] + ended["unsent"]
    assert (ended["unsent"], ended["unanswered"]) == (pytest.approx(78, abs=2), 1)
    windows = [counts(e) for e in events(tmp_path) if e["kind"] == "load.window"]
    assert success_pct(windows, 0.0, HANGS_S[0]) == 100.0
    assert success_pct(windows, 8.0, 14.0) == 0.0


def test_what_does_a_closed_load_say_of_the_same_server(tmp_path: Path) -> None:
    """57 % of the requests, no failure, and all but one of them at once."""
    world = HangingWorld(tmp_path)
    with world.client() as (who, pool):
        world.recorder.start([who], None)
        while world.now < ENDS_S - 0.05:
            world.ask(who, pool, world.recorder.begin_extra())
            world.pass_until(world.now + 1.0 / RATE_PER_S)
        world.recorder.end()
    windows = [e for e in events(tmp_path) if e["kind"] == "load.window"]
    (ended,) = [e for e in events(tmp_path) if e["kind"] == "load.ended"]
    assert 100.0 * ended["sent"] / 240 == pytest.approx(58.0, abs=1.5)
    assert (ended["failed"], ended["unsent"]) == (0, 0)
    assert (quantile_ms(histogram(windows), 0.95) or 0) < 10.0
    (started,) = [e for e in events(tmp_path) if e["kind"] == "load.started"]
    assert started["workload"] == "closed", "and so it is labelled"
