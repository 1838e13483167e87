"""When has a load come to its base rate?"""

from __future__ import annotations

from typing import Any

from gameday.clock import Clock
from gameday.controls.warm_up import WarmUp

BEGAN, SPEED, SPAN_WALL_S = 1000.0, 10.0, 2.0


def warm_up(per_window: list[int], rate_per_s: float | None = 8.0, course: str = "") -> WarmUp:
    """A load that offered so much in each window of 0.1 s; 8 per AWS second is 8 per window."""
    events: list[dict[str, Any]] = [
        {"at": BEGAN, "kind": "load.started", "rate_per_s": rate_per_s, "course": course}
    ]
    for number, offered in enumerate(per_window):
        row = {"outcome": "ok", "count": offered}
        window = {"at": round(BEGAN + number / 10, 1), "kind": "load.window", "offered": offered}
        events.append({**window, "unsent": 0, "rows": [row]})
    found = WarmUp(Clock(SPEED), SPAN_WALL_S)
    found.feed(events)
    return found


def lack(found: WarmUp, after_s: float) -> str | None:
    return found.lack(BEGAN + after_s)


def test_is_a_load_at_its_base_once_it_was_there_for_the_whole_span() -> None:
    found = warm_up([8] * 60)
    assert lack(found, 1.9) == "the load is still growing"
    assert lack(found, 2.0) is None
    assert found.success_pct(BEGAN + 2.0) == 100.0


def test_is_a_load_whose_clients_have_not_all_joined_at_its_base() -> None:
    assert lack(warm_up([4] * 60), 4.0) == (
        "the load offers 80 requests where 160 were to be offered"
    )
    assert lack(warm_up([4] * 30 + [8] * 30), 6.0) is None


def test_is_the_ramp_waited_for() -> None:
    ramp = warm_up([n * 8 // 30 for n in range(30)] + [8] * 40, course="ramp_s=30")
    assert lack(ramp, 4.9) == "the load is still growing"
    assert lack(ramp, 5.0) is None


def test_does_a_step_count_from_when_it_is_due() -> None:
    doubled = "steps=30:2"
    assert lack(warm_up([8] * 60, course=doubled), 3.0) is None
    assert lack(warm_up([8] * 60, course=doubled), 5.0) is not None
    assert lack(warm_up([8] * 30 + [16] * 30, course=doubled), 5.0) is None


def test_is_a_closed_load_only_asked_not_to_change() -> None:
    assert lack(warm_up([5] * 60, None, "closed"), 4.0) is None
    assert lack(warm_up([5] * 60, None, "closed"), 3.0) == "the load has only begun"
    growing = lack(warm_up(list(range(60)), None, "closed"), 4.0)
    assert growing == "the load is not steady: 190 requests, then 590 in as much time"


def test_may_a_closed_load_go_as_its_users_like() -> None:
    growing = warm_up(list(range(60)), None, "")
    assert growing.lack(BEGAN + 4.0) is not None
    assert growing.defect(BEGAN + 4.0) is None
    idle = warm_up([0] * 60, None, "")
    assert idle.defect(BEGAN + 4.0) == "the load made no request"
    slow = warm_up([4] * 60)
    assert slow.defect(BEGAN + 4.0) == slow.lack(BEGAN + 4.0) is not None
    assert WarmUp(Clock(SPEED), SPAN_WALL_S).defect(BEGAN) == "the load made no request"


def test_is_a_load_that_asks_nothing_ever_ready() -> None:
    assert WarmUp(Clock(SPEED), SPAN_WALL_S).lack(BEGAN) == "the load made no request"
    assert lack(warm_up([0] * 60, None, "closed"), 4.0) == "the load made no request"
    assert lack(warm_up([0] * 60), 4.0) is not None
