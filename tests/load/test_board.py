"""What does the Failover tab say of these events?"""

from __future__ import annotations

import json
from typing import Any

import pytest

from gameday.load.dashboard.board import Board, Goals

US, EU = "us-east-1", "eu-west-1"
START = 1_000_000.0
SPEED = 10.0


def window(t_s: float, ok: dict[str, int], failed: int = 0, **more: Any) -> dict[str, Any]:
    rows = [
        {"profile": "pooled", "region": region, "outcome": "ok", "count": n, "hist": {}}
        for region, n in ok.items()
    ]
    if failed:
        rows.append(
            {"profile": "pooled", "region": US, "outcome": "http_5xx", "count": failed, "hist": {}}
        )
    offered = sum(ok.values()) + failed
    return {
        "at": START + t_s / SPEED, "kind": "load.window", "offered": offered, "unsent": 0,
        "waiting": 0, "rows": rows, **more,
    }  # fmt: skip


def started(process: int = 0, clients: int = 2) -> dict[str, Any]:
    return {
        "at": START, "kind": "load.started", "process": process,
        "clients": [{"client": f"c{process}.{n}"} for n in range(clients)],
    }  # fmt: skip


def event(kind: str, t_s: float, **members: Any) -> dict[str, Any]:
    return {"at": START + t_s / SPEED, "kind": kind, **members}


@pytest.fixture
def board() -> Board:
    board = Board(Goals(speed=SPEED, region=US, regions=(US, EU), rto_s=40.0))
    board.feed(started())
    return board


def now(t_s: float) -> float:
    return START + t_s / SPEED


def test_are_rates_per_aws_second_and_by_region(board: Board) -> None:
    for t in range(20):
        board.feed(window(t, {US: 6, EU: 2}, failed=1))
    series = board.view(now(19.5))["series"]
    assert series["ok"][US][:4] == [6.0] * 4
    assert series["ok"][EU][:4] == [2.0] * 4
    assert series["failed"][:4] == [1.0] * 4
    assert series["offered"][:4] == [9.0] * 4
    (eu, us) = board.view(now(19.5))["kinds"]
    assert (eu["region"], eu["count"], eu["failed"]) == (EU, 40, 0)
    assert (us["count"], us["failed"], us["outcomes"]) == (140, 20, {"http_5xx": 20})
    assert us["share_pct"] + eu["share_pct"] == pytest.approx(100)


def test_what_could_not_be_sent_is_said(board: Board) -> None:
    board.feed(window(0, {US: 63}, offered=100, waiting=37))
    assert board.totals().not_sent_pct == 37.0
    board.feed(window(1, {US: 27}, offered=0, waiting=10))  # they were sent late
    assert (board.totals().sent, board.totals().waiting) == (90, 10)
    board.feed(window(2, {}, offered=0, unsent=10, waiting=0))
    assert (board.totals().sent, board.totals().unsent, board.totals().not_sent_pct) == (90, 10, 10)


def test_does_every_process_wait_for_itself(board: Board) -> None:
    board.feed(started(1))
    board.feed(window(0, {US: 5}, offered=10, waiting=5, process=0))
    board.feed(window(0, {US: 6}, offered=10, waiting=4, process=1))
    assert board.totals().waiting == 9
    board.feed(event("load.lost", 5, process=1, clients=2))  # what waits there nobody knows
    assert board.totals().waiting == 5


def test_when_does_the_clock_run_and_when_does_it_stop(board: Board) -> None:
    assert board.view(now(1))["clock"] is None
    board.feed(event("fault.started", 0, region=US, action="x"))
    for t in range(30):
        board.feed(window(t, {EU: 5}, failed=5))
    clock = board.view(now(30))["clock"]
    assert (clock["recovered_s"], clock["elapsed_s"], clock["rto_s"]) == (None, 30.0, 40.0)
    for t in range(30, 90):
        board.feed(window(t, {EU: 10}))
    clock = board.view(now(90))["clock"]
    assert clock["recovered_s"] == 30.0
    board.feed(event("rollback.started", 90))
    clock = board.view(now(300))["clock"]
    assert (clock["over"], clock["elapsed_s"], clock["recovered_s"]) == (True, 90.0, 30.0)


def test_is_the_prediction_beside_the_clock_and_forgotten_with_the_test(board: Board) -> None:
    assert not board.lacks_expectation(now(100))  # no fault, nothing to predict
    board.feed(event("fault.started", 0, region=US, action="x"))
    assert not board.lacks_expectation(now(5))  # whom it hits is not yet known
    assert board.lacks_expectation(now(21))
    board.expect({"recovery": {"p5_s": 88.0, "p95_s": 99.0}, "unpredicted": {}})
    assert not board.lacks_expectation(now(21))
    assert board.view(now(5))["clock"]["predicted"]["recovery"]["p95_s"] == 99.0
    board.feed(event("load.ended", 10, process=0))
    board.feed(started())
    assert board.view(now(11))["clock"] is None


def test_is_what_the_watch_sees_shown_and_every_turn_a_marker(board: Board) -> None:
    health = {"check": "c", "region": US, "of": 16}
    answer = {"name": "api", "network": "near-us", "addresses": ["127.0.1.1"]}
    board.feed(event("lab.health_changed", 0, check="c", target="t", healthy=False, votes=0, of=16))
    board.feed(event("health.status", 0, **health, healthy=True, votes=16))
    board.feed(event("dns.answer", 0, **answer, regions=[US]))
    board.feed(event("fault.started", 1, region=US))
    board.feed(event("health.status", 20, **health, healthy=False, votes=2))
    board.feed(event("dns.answer", 21, **answer, regions=[EU]))
    board.feed(event("alarm.state", 22, alarm="api-5xx", region=US, state="ALARM", reason=""))
    board.feed(event("load.sample", 22, writer=US, reader=EU, behind_s=1.2, read=3, missing=1))
    view = board.view(now(30))
    assert view["health"] == [{"name": US, "healthy": False, "votes": 2, "of": 16}]
    assert view["answers"][0]["regions"] == [EU]
    assert view["alarms"] == [{"name": "api-5xx", "state": "ALARM"}]
    assert view["behind"] == [{"pair": f"{US} → {EU}", "behind_s": 1.2, "t_s": 21.0}]
    assert [(m["t_s"], m["label"]) for m in view["markers"]] == [
        (0.0, "fault"), (19.0, f"{US} unhealthy"), (20.0, f"DNS: near-us → {EU}"),
        (21.0, "alarm api-5xx"),
    ]  # fmt: skip


def test_is_of_all_names_that_a_lab_tells_of_only_the_endpoint_shown() -> None:
    def told(endpoint: str | None) -> list[tuple[str, list[str]]]:
        board = Board(Goals(speed=SPEED, regions=(US, EU), endpoint=endpoint))
        board.feed(started())
        for kind, name, region in (("A", "api.test.", US), ("A", f"{EU}.api.test.", EU),
                                   ("AAAA", "api.test.", EU)):  # fmt: skip
            board.feed(event("lab.answer_changed", 0, name=name, type=kind, network="near-us",
                             addresses=["x"], regions=[region]))  # fmt: skip
        view = board.view(now(1))
        assert view["markers"] == []
        return [(a["name"], a["regions"]) for a in view["answers"]]

    assert told("api.test") == [("api.test", [US])]
    assert told(None) == [("api.test", [US]), (f"{EU}.api.test", [EU])]


def test_is_the_page_small_with_a_thousand_clients_of_many_kinds(board: Board) -> None:
    board.feed(started(1, clients=1_000))
    for t in range(0, 900, 5):
        rows = [
            {"profile": f"p{n}", "region": region, "outcome": outcome, "count": 40, "hist": {}}
            for n in range(12) for region in (US, EU) for outcome in ("ok", "http_5xx")
        ]  # fmt: skip
        board.feed(window(t, {}) | {"rows": rows, "offered": 2_000})
    view = board.view(now(900))
    assert (view["clients"], len(view["kinds"])) == (1_002, 24)
    assert len(json.dumps(view)) < 40_000  # bytes a second and reader


def test_does_memory_end_and_does_a_second_test_begin_anew(board: Board) -> None:
    for t in range(0, 4000, 5):
        board.feed(window(t, {US: 1}))
    assert len(board.view(now(4000))["series"]["offered"]) <= 181
    assert board.totals().answered == 800
    board.feed(event("load.ended", 4000, process=0))
    board.feed(started())
    assert board.totals().answered == 0
