"""When is how much asked?"""

from __future__ import annotations

import random
from itertools import pairwise
from pathlib import Path

import pytest

from gameday.errors import UsageError
from gameday.workload.pace import Pace
from gameday.workload.trace import read_trace
from gameday.workload.workload import Arrivals, Workload, parse, text_of

DAY = "hour,requests\n0,10\n6,2\n12,20\n24,10\n"


def asked(text: str, *instants: float, surge_at: float | None = None) -> list[float]:
    """Base seconds that are asked until each instant."""
    pace = Pace(parse(text))
    if surge_at is not None:
        pace.base_s(surge_at)
        pace.surge(surge_at)
    return [round(pace.base_s(t), 6) for t in instants]


def test_is_a_steady_load_steady() -> None:
    assert asked("", 0.0, 1.0, 5000.0) == [0.0, 1.0, 5000.0]


def test_does_a_ramp_grow_evenly_and_then_stay() -> None:
    assert asked("ramp_s=60", 0, 30, 60, 160) == [0.0, 7.5, 30.0, 130.0]


def test_does_a_step_hold_until_the_next() -> None:
    assert asked("steps=10:2/20:0/30:1", 10, 15, 20, 29, 31) == [10, 20, 30, 30, 31]


def test_does_a_surge_begin_with_the_fault_and_end_by_itself() -> None:
    assert asked("surge=1.5,surge_s=20", 100, 110, 120, 200, surge_at=100) == [100, 115, 130, 210]
    assert asked("surge=3", 10, 20, surge_at=10) == [10, 40]
    assert asked("surge=3", 10, 20) == [10, 20], "without a fault there is none"
    assert asked("ramp_s=60,surge=2", 60, 70, surge_at=30) == [7.5 + 45.0, 72.5]


def test_does_a_second_fault_begin_no_second_surge() -> None:
    pace = Pace(parse("surge=2"))
    pace.surge(10.0)
    pace.surge(20.0)
    assert pace.base_s(30.0) == 50.0


def test_is_a_day_pressed_to_ten_minutes_and_begun_anew(tmp_path: Path) -> None:
    (tmp_path / "day.csv").write_text(DAY)
    day = f"trace={tmp_path}/day.csv,trace_s=600"
    rounds = asked(day, 0, 600, 1200, 6000)
    assert rounds == pytest.approx([0, 600, 1200, 6000])
    night, noon = asked(day, 150, 300)
    assert night == pytest.approx(600 * (6 * 6) / (6 * 6 + 11 * 6 + 15 * 12), rel=1e-6)
    assert noon - night == pytest.approx(600 * (11 * 6) / (6 * 6 + 11 * 6 + 15 * 12), rel=1e-6)


def test_is_a_table_of_a_spreadsheet_read(tmp_path: Path) -> None:
    (tmp_path / "day.csv").write_bytes(
        b"\xef\xbb\xbfhour;rate\r\n0;1\r\n5; 3 # noon\r\n\r\n9;1\r\n"
    )
    trace = parse(f"trace={tmp_path}/day.csv").trace
    assert trace is not None
    assert [(p.until_s, p.first) for p in trace.pieces] == [(5.0, 0.5), (9.0, 1.5)]


def test_is_the_shipped_day_a_day() -> None:
    file = Path(__file__).parents[2] / "loadtests" / "day.csv"
    found = parse(f"trace={file},trace_s=600").trace
    assert found is not None
    assert found.lasts_s == 600.0
    busy, quiet = max(p.first for p in found.pieces), min(p.first for p in found.pieces)
    assert busy / quiet > 5.0
    assert found.pieces[0].first == found.pieces[-1].last, "midnight is midnight"


def test_is_a_long_log_laid_out_in_good_time() -> None:
    trace = read_trace("\n".join(str(n // 3) for n in range(15_000)), "log")
    pace = Pace(Workload(trace=trace))
    assert pace.base_s(trace.lasts_s) == pytest.approx(trace.lasts_s, rel=1e-6)
    assert len(trace.pieces) == 5_000


def test_is_an_access_log_played_as_it_was() -> None:
    trace = read_trace("at\n100\n100\n100\n101\n104\n", "log")
    assert trace.lasts_s == 6.0  # the last line gets the mean of the gaps
    per_s = [(p.until_s, p.first * 5 / 6) for p in trace.pieces]
    assert per_s == [(1.0, pytest.approx(3.0)), (4.0, pytest.approx(1 / 3)), (6.0, 0.5)]


@pytest.mark.parametrize(
    "text",
    ["", "ramp_s=7", "steps=1:3/2:0/9:0.25", "surge=2.5,surge_s=3", "poisson,ramp_s=3,surge=2",
     "trace=DAY,trace_s=11", "trace=DAY,surge=4,surge_s=5"],
)  # fmt: skip
def test_do_both_directions_agree(text: str, tmp_path: Path) -> None:
    (tmp_path / "day.csv").write_text(DAY)
    pace, rng = Pace(parse(text.replace("DAY", str(tmp_path / "day.csv")))), random.Random(4711)
    pace.surge(5.0)
    for _ in range(300):
        base_s = rng.uniform(0.0, 60.0)
        assert pace.base_s(pace.t_s(base_s)) == pytest.approx(base_s, abs=1e-5)
    instants = [pace.t_s(n / 7) for n in range(400)]
    assert all(a < b for a, b in pairwise(instants))


def test_which_loads_are_open_and_which_even() -> None:
    said = ("", "ramp_s=60", "poisson", "closed", "surge=2", "steps=0:2")
    assert [parse(t).is_open for t in said] == [True, True, True, False, True, True]
    assert [parse(t).is_even for t in said] == [True, True, False, True, False, False]
    assert parse("poisson").arrivals is parse("arrivals=poisson").arrivals is Arrivals.POISSON


def test_is_an_experiment_s_load_the_same_as_text() -> None:
    given = {"file": "x", "arrivals": "poisson", "surge": 2, "steps": [[0, 1], [30, 2.5]]}
    assert text_of(given) == "arrivals=poisson,surge=2,steps=0:1/30:2.5"
    assert parse(text_of(given)).steps == ((0.0, 1.0), (30.0, 2.5))
    assert text_of({"file": "x", "rate_per_s": 8}) == ""


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("sometimes", "arrivals 'sometimes': choose among constant, poisson, closed"),
        ("speed=3", "there is no 'speed'"),
        ("ramp_s=60,ramp_s=61", "given twice"),
        ("ramp_s=soon", "not a number"),
        ("ramp_s=-1", "0 to"),
        ("surge=0", "0.01 to 1000"),
        ("surge=nan", "surge=nan"),
        ("surge_s=20", "nothing without surge"),
        ("trace_s=20", "nothing without trace"),
        ("steps=5", "SECOND:FACTOR"),
        ("steps=5:1/5:2", "must rise"),
        ("steps=9:1/5:2", "must rise"),
        ("steps=0:1/5:0", "asks nothing for ever"),
        ("trace=nowhere.csv", "trace=nowhere.csv: cannot be read: No such file"),
        ("trace=x.csv,steps=0:1", "own course"),
    ],
)  # fmt: skip
def test_is_nonsense_refused_in_one_line(text: str, says: str) -> None:
    with pytest.raises(UsageError, match="load: ") as refused:
        parse(text)
    assert says in str(refused.value)
    assert "\n" not in str(refused.value)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "two instants"),
        ("5\n", "two instants"),
        ("1,2,3\n4,5,6\n", "seconds,rate"),
        ("1,2\n3\n", "seconds,rate"),
        ("5,1\n4,1\n", "not go back"),
        ("1,1\nx,2\n", "day.csv:2: 'x,2' is not"),
        ("0,0\n9,0\n", "rate above 0"),
        ("0,1\n9,-1\n", "day.csv:2"),
        ("O,1\n9,1\n12,1\n", "day.csv:1: 'O,1' is not"),
        ("hour,rate\nday,rate\n0,1\n9,1\n", "day.csv:2: 'day,rate' is not"),
        ("0,1\n9,inf\n", "finite"),
    ],
)
def test_is_a_malformed_trace_refused_by_its_line(text: str, says: str) -> None:
    with pytest.raises(UsageError, match=r"^day\.csv") as refused:
        read_trace(text, "day.csv")
    assert says in str(refused.value)
