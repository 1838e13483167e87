"""Is each kind of client predicted to leave when the load's own code makes it leave?"""

from __future__ import annotations

import numpy as np
import pytest
from virtual_world import EU, MOVED_AT_S, TTL_S, WARM_S, Played, VirtualWorld

from gameday.load.behaviours import behaviours
from gameday.load.profiles import profile
from gameday.predict.behaviour import Behaviour
from gameday.predict.clients import Mode, Population, left_s
from gameday.resolver import Answer

CLIENTS, PERIOD_S, UNTIL_S = 20, 10.0, 500.0
ERRORS = [
    "per-request", "pooled", "pooled-max-age-30", "ttl-clamp-300", "requests", "urllib3", "browser",
    "jvm-default", "jvm-forever", "jvm-aws", "go", "curl", "pooled+follow-dns",
    "pooled+drop-on-5xx-3", "per-request+name-cache-45", "pooled-max-age-90+drop-on-5xx-2",
    "per-request+hedge-2", "pooled+hedge-2",
]  # fmt: skip
HOLE = ["per-request", "pooled", "pooled-max-age-30", "pooled+name-cache-25"]
CASES = [(n, "503", Mode.ERRORS) for n in ERRORS] + [(n, "cut", Mode.BLACK_HOLE) for n in HOLE]


class SlowAnswers(VirtualWorld):
    """A look-up takes a hundredth of a second, as everywhere but in imagined worlds."""

    def lookup(self, name: str) -> Answer:
        self.now += 0.01
        return super().lookup(name)


@pytest.mark.parametrize(("name", "fault", "mode"), CASES)
def test_does_it_leave_when_it_is_predicted_to(name: str, fault: str, mode: Mode) -> None:
    how = Behaviour.of(name, behaviours([profile(name)])[name])
    assert how is not None
    assert not how.unpredictable(PERIOD_S, black_hole=mode is Mode.BLACK_HOLE)
    population = Population(name, CLIENTS, CLIENTS, PERIOD_S, even=True, behaviour=how)
    moved_s = np.full(400, MOVED_AT_S)
    found = left_s(np.random.default_rng(1), moved_s, population, TTL_S, mode)
    left = leaving(SlowAnswers(fault).play(name, UNTIL_S, CLIENTS, PERIOD_S))
    if np.isinf(found).any():
        assert (np.isinf(found).all(), left) == (True, [])
        return
    assert len(left) == CLIENTS
    low, high = np.quantile(found.mean(axis=1), (0.001, 0.999))
    assert low - 1.0 <= np.mean(left) <= high + 1.0
    assert max(left) <= np.quantile(found.max(axis=1), 0.999) + 1.0


def leaving(played: Played) -> list[float]:
    """When each client began its first request that the survivor answered."""
    left: list[float] = []
    stays = True
    for request in played.requests:  # of one client after another, in order of time
        stays = stays or request.at_s < -WARM_S + PERIOD_S  # the first turn of the next one
        if stays and request.region == EU:
            left.append(request.began_s)
            stays = False
    return left
