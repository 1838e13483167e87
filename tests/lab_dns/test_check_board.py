"""The board: which checkers a check has, what it remembers, and what it tells."""

from collections import Counter
from typing import Any

from gameday.lab.check_board import Board
from gameday.lab.probe import Observation

FAILED = Observation(False, "Failure: HTTP Status Code 503", 1.0)
PASSED = Observation(True, "Success: HTTP Status Code 200, OK", 2.0)


def board(seed: int = 4711, **config: Any) -> Board:
    made = Board(seed, 16)
    made.load([check(**config)])
    made.changed()
    return made


def check(check_id: str = "hc", **config: Any) -> dict[str, Any]:
    base = {"Type": "HTTP", "FullyQualifiedDomainName": "x.test", "FailureThreshold": 1}
    return {"Id": check_id, "HealthCheckConfig": base | config}


def checkers(of: Board, check_id: str = "hc") -> list[Any]:
    return list(of.opinions[check_id].counters)


def test_a13_sixteen_checkers_two_in_each_region_each_with_its_own_address():
    found = checkers(board())
    assert len({c.ip for c in found}) == 16
    assert {c.ordinal for c in found} == {0, 1}
    assert all(0 <= c.phase < 1 for c in found)


def test_a14_a15_checkers_do_not_coordinate_some_seconds_see_several_and_some_none():
    for interval_s in (30, 10):  # 16 requests in each: one every 1.9 s, or 1.6 a second
        seconds = Counter(int(c.phase * interval_s) for c in checkers(board()))
        assert seconds.total() == 16
        assert max(seconds.values()) > 1
        assert len(seconds) < interval_s


def test_the_seed_fixes_the_phases_whatever_the_check_is_called():
    phases = [[c.phase for c in checkers(b)] for b in (board(), board(), board(seed=1))]
    assert phases[0] == phases[1] != phases[2]
    named = Board(4711, 16)
    named.load([check("another")])
    assert [c.phase for c in checkers(named, "another")] == phases[0]


def test_a17_the_fourteenth_checker_fails_the_check_and_the_third_brings_it_back():
    told = board()
    for number, checker in enumerate(checkers(told), 1):
        assert told.record("hc", checker, FAILED)
        assert told.changed()["hc"]["healthy"] is (number < 14)
    for number, checker in enumerate(checkers(told), 1):
        told.record("hc", checker, PASSED)
        assert told.changed()["hc"]["healthy"] is (number >= 3)


def test_what_did_not_change_is_not_told_but_refreshed():
    told = board()
    assert not told.record("hc", checkers(told)[0], PASSED)
    assert told.changed() == {}
    assert told.refreshed()["hc"]["observations"][0]["status"].startswith("Success")
    assert told.refreshed() == {}


def test_how_long_do_passing_probes_take():
    seen = board()
    assert seen.passing_ms() == 0
    for checker, connect_ms in zip(checkers(seen), (7.0, 9.0, 400.0), strict=False):
        seen.record("hc", checker, Observation(True, "Success", 1.0, connect_ms, 3.0))
    seen.record("hc", checkers(seen)[3], Observation(False, "Failure", 1.0, 4000.0))
    assert seen.passing_ms() == 12


def test_a9_a_changed_list_of_regions_keeps_the_opinions_of_those_that_stay():
    told = board()
    stays = next(c for c in checkers(told) if c.region == "eu-west-1")
    told.record("hc", stays, FAILED)
    told.load([check(Regions=["eu-west-1", "us-east-1", "sa-east-1"])])
    assert len(checkers(told)) == 6
    assert not told.opinions["hc"].counters[stays].healthy
    assert told.changed()["hc"]["votes"] == 5


def test_a_deleted_check_is_forgotten_and_late_probes_of_it_are_ignored():
    told = board()
    checker = checkers(told)[0]
    told.load([])
    assert not told.record("hc", checker, FAILED)
    assert told.changed() == {}
    assert told.healthy == {}


def test_a_check_created_anew_starts_healthy():
    told = board()
    for checker in checkers(told):
        told.record("hc", checker, FAILED)
    told.load([])
    told.load([check()])
    assert told.changed()["hc"]["healthy"]


def test_a_disabled_check_is_repeated_for_a_name_server_that_forgot_it():
    told = board(Disabled=True, Inverted=True)
    assert not told.refreshed()["hc"]["healthy"]
    assert not told.refreshed()["hc"]["healthy"]
