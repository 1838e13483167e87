"""What does a client do that sends a slow request once more?"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator

import gevent
import pytest
from fake_region import FakeRegion
from test_client import Caller
from test_retries import EU, SERVED, US, caller

from gameday.load.hedge import Answer, race

HEDGED = "pooled+hedge-1+read-timeout-100"
"""At speed 20 a hedge is sent after 0.25 s, the floor of client times."""


def later(seconds: float, name: str, error: bool = False) -> Callable[[], Answer]:
    def answer() -> Answer:
        gevent.sleep(seconds)
        return (None, OSError(name)) if error else (name, None)

    return answer


def said(answer: Answer) -> str:
    return answer[0] or str(answer[1])


@pytest.mark.parametrize(
    ("first", "second", "counts", "hedge_won", "sent"),
    [
        (later(0.0, "a"), later(0.0, "b"), "a", False, False),
        (later(0.0, "a", error=True), later(0.0, "b"), "a", False, False),
        (later(9.0, "a"), later(0.0, "b"), "b", True, True),
        (later(0.05, "a"), later(9.0, "b"), "a", False, True),
        (later(0.06, "a"), later(0.0, "b", error=True), "a", False, True),
        (later(0.05, "a", error=True), later(0.05, "b"), "b", True, True),
        (later(0.05, "a", error=True), later(0.03, "b", error=True), "a", False, True),
    ],
)
def test_whose_answer_counts(
    first: Callable[[], Answer],
    second: Callable[[], Answer],
    counts: str,
    hedge_won: bool,
    sent: bool,
) -> None:
    answer, won, was_sent = race(first, second, 0.02, lambda: True)
    assert (said(answer), won, was_sent) == (counts, hedge_won, sent)


def test_is_nothing_sent_beside_when_that_is_not_allowed() -> None:
    answer, won, sent = race(later(0.03, "a"), later(0.0, "b"), 0.01, lambda: False)
    assert (said(answer), won, sent) == ("a", False, False)


def test_does_a_defect_come_out_and_not_count_as_an_answer() -> None:
    def broken() -> Answer:
        raise KeyError("a defect")

    gevent.get_hub().exception_stream, stream = None, gevent.get_hub().exception_stream
    try:
        with pytest.raises(KeyError):
            race(broken, later(0.0, "b"), 0.01, lambda: True)
    finally:
        gevent.get_hub().exception_stream = stream


@pytest.fixture
def hanging(both: tuple[FakeRegion, FakeRegion]) -> Iterator[Caller]:
    """A hedging client with a connection into a Region that has just begun to hang."""
    us, _ = both
    one = caller(us, HEDGED)
    assert one.get() == (SERVED, US)
    us.mode = "hang"
    yield one
    one.pool.close()
    us.stop()


def test_does_a_hedge_find_the_survivor_when_dns_has_moved(hanging: Caller) -> None:
    hanging.addresses = ["127.0.2.1"]
    began = time.monotonic()
    assert hanging.get() == (SERVED, EU)
    assert time.monotonic() - began < 4.0  # the timeout is 5 s of wall time
    trip = hanging.pool.trip
    assert (trip.hedges, trip.resent, trip.address) == (1, 1, "127.0.2.1")


def test_does_a_hedge_go_to_the_next_address_of_the_answer(hanging: Caller) -> None:
    hanging.addresses = ["127.0.1.1", "127.0.2.1"]
    assert hanging.get() == (SERVED, EU)


def test_is_the_loser_s_connection_given_up(
    hanging: Caller, both: tuple[FakeRegion, FakeRegion]
) -> None:
    us, eu = both
    hanging.addresses = ["127.0.2.1"]
    hanging.get()
    assert hanging.get() == (SERVED, EU)  # the first connection is opened anew, to the survivor
    assert hanging.pool.trip.hedges == 0
    assert (us.connections, eu.connections) == (1, 2)


def test_is_a_quick_answer_never_asked_for_twice(both: tuple[FakeRegion, FakeRegion]) -> None:
    us, _ = both
    one = caller(us, HEDGED)
    for _ in range(5):
        assert one.get() == (SERVED, US)
        assert one.pool.trip.resent == 0
    assert len(us.requests) == 5
    one.pool.close()
