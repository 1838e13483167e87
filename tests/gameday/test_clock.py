import pytest

from gameday.clock import CLIENT_TIMEOUT_FLOOR_S, Clock, monotonic, utc


def test_how_long_does_a_minute_take_at_ten_times_the_speed() -> None:
    assert Clock(10).wall(60) == 6
    assert Clock(10).aws(6) == 60


@pytest.mark.parametrize(("aws_s", "wall_s"), [(10, 1.0), (2, CLIENT_TIMEOUT_FLOOR_S), (0.1, 0.1)])
def test_is_a_client_timeout_scaled_no_lower_than_its_floor(aws_s: float, wall_s: float) -> None:
    assert Clock(10).client_timeout(aws_s) == pytest.approx(wall_s)


def test_does_waiting_end_when_the_condition_holds() -> None:
    answers = iter([False, False, True])
    assert Clock(100).wait_for(lambda: next(answers), within_s=60, every_s=0.1)


def test_does_waiting_end_at_the_deadline() -> None:
    started = monotonic()
    assert not Clock(10).wait_for(lambda: False, within_s=1, every_s=0.2)
    assert 0.1 <= monotonic() - started < 5


def test_how_is_an_instant_written() -> None:
    assert utc(0.5) == "1970-01-01T00:00:00.500Z"
