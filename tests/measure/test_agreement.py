"""Which link differs from its prediction, by how much, and how often over many runs?"""

from __future__ import annotations

import json

import pytest
from click.testing import CliRunner

from gameday.cli import main
from gameday.measure.agreement import Agreement, agreement, compared
from gameday.measure.propagation import Link
from gameday.measure.track_record import Hits, beside, track_record
from gameday.predict.model import Band

DETECT = Band(28.0, 25.0, 26.5, 29.5, 29.9)
ALWAYS_NEVER = Band(None, None, None, None, None)
PERHAPS = Band(None, 20.0, 25.0, None, None)


@pytest.mark.parametrize(
    ("measured", "band", "expected"),
    [
        (28.5, DETECT, Agreement(0.5, 0.0, True)),
        (30.2, DETECT, Agreement(2.2, 0.7, True)),  # one poll late is not too late
        (41.5, DETECT, Agreement(13.5, 12.0, False)),
        (20.0, DETECT, Agreement(-8.0, -6.5, False)),
        (None, DETECT, Agreement(None, None, False)),
        (None, ALWAYS_NEVER, Agreement(None, None, True)),
        (60.0, ALWAYS_NEVER, Agreement(None, None, False)),
        (60.0, PERHAPS, Agreement(None, 0.0, True)),
        (None, PERHAPS, Agreement(None, None, True)),
        (28.5, None, None),
    ],
)
def test_how_does_a_number_stand_to_its_band(measured, band, expected) -> None:
    assert agreement(measured, band) == expected


@pytest.mark.parametrize(
    ("links", "says"),
    [
        ([Link("detect", 28.5, DETECT)], "the furthest from its mean is detect, by 0.5 s more."),
        ([Link("detect", 28.0, DETECT)], "Every link took what was predicted."),
        (
            [Link("detect", 33.5, DETECT), Link("DNS", 20.0, Band(0, 0, 0, 0, 0))],
            "DNS took 20.0 s, 20.0 s more than the 0 to 0 s predicted; detect took 33.5 s, 4.0 s "
            "more than the 26 to 30 s predicted.",
        ),
        ([Link("detect", None, DETECT)], "detect never ended, and was predicted to take 26 to 30"),
        ([Link("detect", 9.0, ALWAYS_NEVER)], "detect ended, and was predicted never to."),
        ([Link("detect", None, ALWAYS_NEVER)], "Every link is as predicted."),
        ([Link("detect", 9.0, None)], ""),
        ([], ""),
    ],
)
def test_which_link_is_said_to_differ(links, says) -> None:
    found = compared(links)
    assert (says in found) if says else found == ""


def test_how_sure_is_a_share() -> None:
    """27 of 30: 0.74 to 0.97 with 95 % confidence, by Wilson's interval."""
    assert Hits("detect", 27, 30).interval == pytest.approx((0.744, 0.965), abs=0.001)
    assert str(Hits("detect", 27, 30)).startswith("detect: 27 of 30 in the 5 to 95 % band")


def run(recovery, band=(88.0, 99.0), verdict="PASSED", detect=28.0):
    named = {"p5_s": band[0], "p95_s": band[1]}
    links = [
        {"name": "detect", "measured_s": detect, "predicted": {"p5_s": 26.5, "p95_s": 29.5}},
        {"name": "DNS", "measured_s": 0.2, "predicted": {"p5_s": 0.0, "p95_s": 0.0}},
        {"name": "connections", "measured_s": 3.0, "predicted": None},
    ]
    return {"verdict": verdict, "recovery": {"recovery_s": recovery, "predicted": named},
            "chain": {"links": links}}  # fmt: skip


def test_what_counts_as_a_prediction_that_came_true() -> None:
    runs = [run(94.0), run(100.0), run(None), run(94.0, verdict="ERROR"), None,
            run(None, (None, None)), run(80.0, (76.0, None), detect=40.0)]  # fmt: skip
    found = track_record(runs)
    assert {n.name: (n.hits, n.of) for n in found.numbers} == {
        "recovery time": (3, 5), "detect": (4, 5)}  # fmt: skip
    assert (found.runs, found.without) == (7, 2)


def test_is_the_record_that_of_the_runs_around(tmp_path) -> None:
    folder = tmp_path / "runs"
    for n, one in enumerate((run(94.0), run(100.0))):
        (folder / "outage" / str(n)).mkdir(parents=True)
        (folder / "outage" / str(n) / "findings.json").write_text(json.dumps(one))
    (folder / "outage" / "1" / "more" / "findings.json").parent.mkdir()
    (folder / "outage" / "1" / "more" / "findings.json").write_text("{")
    assert str(beside(folder / "outage" / "1").headline).startswith("recovery time: 1 of 2")
    assert beside(tmp_path) is None
    asked = CliRunner().invoke(main, ["report", str(folder)])
    assert "2 runs, 0 of them without" in asked.output
    numbers = json.loads(CliRunner().invoke(main, ["report", str(folder), "--json"]).output)
    assert numbers["numbers"][0]["share"] == 0.5


def test_what_if_a_folder_holds_no_run(tmp_path) -> None:
    asked = CliRunner().invoke(main, ["report", str(tmp_path)])
    assert (asked.exit_code, "no run in it has findings" in asked.output) == (2, True)
