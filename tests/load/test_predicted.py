"""Is each kind of client predicted to leave when the load's own code makes it leave?"""

from __future__ import annotations

import random

import numpy as np
import pytest
from virtual_world import (
    EU,
    MOVED_AT_S,
    TTL_S,
    WARM_S,
    Played,
    Request,
    VirtualSocket,
    VirtualWorld,
)

from gameday.load.behaviours import behaviours
from gameday.load.client import ClientPool
from gameday.load.connection import Connection, Endpoint
from gameday.load.profiles import profile
from gameday.predict.behaviour import Behaviour
from gameday.predict.clients import Mode, Population, left_s
from gameday.resolver import Answer

CLIENTS, PERIOD_S, UNTIL_S, LATE_S = 20, 10.0, 500.0, 0.004
ERRORS = [
    "per-request", "pooled", "pooled-max-age-30", "ttl-clamp-300", "requests", "urllib3", "browser",
    "jvm-default", "jvm-forever", "jvm-aws", "go", "curl", "pooled+follow-dns",
    "pooled+drop-on-5xx-3", "per-request+name-cache-45", "pooled-max-age-90+drop-on-5xx-2",
    "per-request+hedge-2", "pooled+hedge-2",
]  # fmt: skip
HOLE = ["per-request", "pooled", "pooled-max-age-30", "pooled+name-cache-25"]
TIES = {  # what is kept ends with a request: seconds between two requests, and two questions to DNS
    "per-request": (10.0, 70), "pooled-max-age-10": (5.0, 75), "pooled-max-age-30": (10.0, 80),
    "pooled-max-age-15": (15.0, 90), "per-request+name-cache-20": (10.0, 90),
    "per-request+name-cache-30": (5.0, 70), "pooled-max-age-20+name-cache-60": (10.0, 90),
    "per-request+ttl-clamp-120": (10.0, 130),
}  # fmt: skip
CASES = [
    *((n, PERIOD_S, "503", Mode.ERRORS) for n in ERRORS),
    *((n, PERIOD_S, "cut", Mode.BLACK_HOLE) for n in HOLE),
    *((n, period_s, "503", Mode.ERRORS) for n, (period_s, _) in TIES.items()),
]


class Unpunctual(VirtualWorld):
    """A look-up takes a thousandth of a second, a connection a hundredth; turns come a little late.

    So it is everywhere but in imagined worlds, and it decides what a tie does.
    """

    def __init__(self, fault: str) -> None:
        super().__init__(fault)
        self._dice = random.Random(fault)
        self.asked: list[float] = []

    def _request(self, pool: ClientPool, endpoint: Endpoint, turn: float) -> Request:
        self.now += self._dice.random() * LATE_S
        return super()._request(pool, endpoint, turn)

    def lookup(self, name: str) -> Answer:
        self.asked.append(self.now)
        self.now += 0.001
        return super().lookup(name)

    def connect(self, dialling: Connection, address: str) -> VirtualSocket:
        self.now += 0.01
        return super().connect(dialling, address)


@pytest.mark.parametrize(("name", "period_s", "fault", "mode"), CASES)
def test_does_it_leave_when_it_is_predicted_to(
    name: str, period_s: float, fault: str, mode: Mode
) -> None:
    how = Behaviour.of(name, behaviours([profile(name)])[name])
    assert how is not None
    assert not how.unpredictable(period_s, black_hole=mode is Mode.BLACK_HOLE)
    population = Population(name, CLIENTS, CLIENTS, period_s, runs_s=WARM_S, behaviour=how)
    moved_s = np.full(400, MOVED_AT_S)
    found = left_s(np.random.default_rng(1), moved_s, population, TTL_S, mode)
    left = leaving(Unpunctual(fault).play(name, UNTIL_S, CLIENTS, period_s), period_s)
    if np.isinf(found).any():
        assert (np.isinf(found).all(), left) == (True, [])
        return
    assert len(left) == CLIENTS
    low, high = np.quantile(found.mean(axis=1), (0.001, 0.999))
    assert low - 1.0 <= np.mean(left) <= high + 1.0
    assert max(left) <= np.quantile(found.max(axis=1), 0.999) + 1.0


@pytest.mark.parametrize(
    ("name", "period_s"),
    [("per-request", 10.0), ("pooled-max-age-10", 5.0), ("per-request+name-cache-20", 10.0)],
)
def test_how_often_does_the_last_client_leave_within_the_band(name: str, period_s: float) -> None:
    how = Behaviour.of(name, behaviours([profile(name)])[name])
    population = Population(name, CLIENTS, CLIENTS, period_s, runs_s=WARM_S, behaviour=how)
    moved_s = np.full(1000, MOVED_AT_S)
    last = left_s(np.random.default_rng(1), moved_s, population, TTL_S, Mode.ERRORS).max(axis=1)
    low, high = np.quantile(last, (0.05, 0.95))
    hits = 0
    for seed in range(12):
        played = Unpunctual("503").play(name, 150.0, CLIENTS, period_s, seed)
        hits += low <= max(leaving(played, period_s)) <= high
    assert hits >= 9  # 10.8 are expected


@pytest.mark.parametrize("name", TIES)
def test_does_the_jitter_of_turns_decide_what_is_kept_for_a_multiple_of_them(name: str) -> None:
    period_s, apart_s = TIES[name]
    world = Unpunctual("200")
    world.play(name, until_s=3000.0, clients=1, period_s=period_s)
    gaps = np.diff(world.asked[1:])  # the first entry was of any age
    assert {round(gap) for gap in gaps} == {apart_s}
    how = Behaviour.of(name, behaviours([profile(name)])[name])
    population = Population(name, 1, 1, period_s, behaviour=how)
    assert population.refresh_s(TTL_S) == pytest.approx(apart_s)


def leaving(played: Played, period_s: float) -> list[float]:
    """When each client began its first request that the survivor answered."""
    left: list[float] = []
    stays = True
    for request in played.requests:  # of one client after another, in order of time
        stays = stays or request.at_s < -WARM_S + period_s  # the first turn of the next one
        if stays and request.region == EU:
            left.append(request.began_s)
            stays = False
    return left
