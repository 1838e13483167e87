"""What a person sees while a run happens."""

from __future__ import annotations

from typing import Any

from gameday.commands.live import Live


def live() -> Live:
    return Live("us-east-1", ("us-east-1", "eu-west-1"), speed=10.0)


def window(at: float, ok: int, failed: int = 0, region: str = "us-east-1") -> dict[str, Any]:
    rows = [{"profile": "p", "region": region, "outcome": "ok", "count": ok, "hist": {}}]
    if failed:
        rows.append({"profile": "p", "region": region, "outcome": "http_5xx", "count": failed,
                     "hist": {}})  # fmt: skip
    return {"at": at, "kind": "load.window", "wall_s": 0.1, "offered": ok + failed, "unsent": 0,
            "rows": rows}  # fmt: skip


def health(at: float, healthy: bool, votes: int) -> dict[str, Any]:
    return {"at": at, "kind": "health.status", "check": "c", "region": "us-east-1",
            "healthy": healthy, "votes": votes, "of": 16}  # fmt: skip


def dns(at: float, *regions: str) -> dict[str, Any]:
    return {"at": at, "kind": "dns.answer", "name": "api.example.test", "network": "n",
            "addresses": [], "regions": list(regions), "rcode": "NOERROR"}  # fmt: skip


def test_does_the_clock_begin_when_the_warm_up_is_over() -> None:
    screen = live()
    screen.feed(window(99.5, 8))
    (line,) = screen.feed({"at": 100.0, "kind": "load.ready"})
    assert line.split()[:3] == ["00:00", "steady", "state"]
    assert "100 % of requests succeed" in line
    assert screen.clock(106.0) == "01:00"


def test_is_each_link_of_the_chain_one_line() -> None:
    screen = live()
    screen.feed({"at": 100.0, "kind": "load.ready"})
    screen.feed(dns(100.0, "us-east-1", "eu-west-1"))
    screen.feed({"at": 106.0, "kind": "fault.started", "region": "us-east-1"})
    said = [
        screen.feed({"at": 106.1, "kind": "fault.applied", "region": "us-east-1",
                     "effects": ["4 functions at 0"]}),
        screen.feed(health(108.8, False, 2)),
        screen.feed(dns(108.8, "eu-west-1")),
        screen.feed({"at": 112.0, "kind": "alarm.state", "alarm": "api-5xx", "state": "ALARM"}),
    ]  # fmt: skip
    words = [line.split()[1] for (line,) in said]
    assert words == ["FAULT", "detected", "DNS", "alarm"]
    assert "14 of 16 checkers" in said[1][0]


def test_is_the_same_state_said_once() -> None:
    screen = live()
    screen.feed({"at": 100.0, "kind": "load.ready"})
    assert screen.feed(health(101.0, False, 2))
    assert screen.feed(health(102.0, False, 1)) == []


def test_is_an_inverted_check_not_blamed_on_checkers() -> None:
    (line,) = live().feed(health(101.0, False, 16))
    assert "by decree" in line


def test_does_it_say_when_clients_had_recovered_once_the_rollback_begins() -> None:
    screen = live()
    screen.feed({"at": 100.0, "kind": "load.ready"})
    screen.feed({"at": 106.0, "kind": "fault.started", "region": "us-east-1"})
    for tenth in range(100):
        screen.feed(window(106.0 + tenth / 10, 8, failed=4 if tenth < 20 else 0))
    (line,) = screen.feed({"at": 116.0, "kind": "rollback.started"})
    assert "recovered" in line
    assert "20 s after the fault" in line


def test_does_the_footer_show_phase_regions_answer_and_the_recovery_clock() -> None:
    screen = live()
    screen.feed({"at": 100.0, "kind": "load.ready"})
    screen.feed(dns(100.0, "eu-west-1"))
    screen.feed(health(107.0, False, 0))
    screen.feed({"at": 106.0, "kind": "fault.started", "region": "us-east-1"})
    screen.feed(window(107.9, 6, failed=2))
    text = screen.footer(108.0)
    for part in ("us-east-1 UNHEALTHY", "DNS eu-west-1", "75 % succeed", "since the fault 20 s"):
        assert part in text
