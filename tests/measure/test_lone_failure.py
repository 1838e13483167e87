"""Is a reader told where one request alone decided the recovery time?"""

from __future__ import annotations

from pathlib import Path

import pytest
from synthetic import SURVIVOR, T0, Synthetic

from gameday.measure.cause import duration
from gameday.measure.lone_failure import decided_by_one, lone_failure
from gameday.measure.rto import recovery_time
from gameday.measure.run import Run, load
from gameday.report import write


def timed_out(run: Synthetic, t_s: float) -> None:
    """One of the requests that were meant to start then met a read timeout."""
    at = T0 + t_s / run.plan.speed
    windows = [e for e in run.events["load-0"] if e["kind"] == "load.window"]
    window = next(w for w in windows if abs(w["at"] - at) < 0.01)
    row = next(r for r in window["rows"] if r["region"] == SURVIVOR)
    row["count"] -= 1
    window["rows"].append({**row, "outcome": "read_timeout", "count": 1, "hist": {}})


def read(run: Synthetic, run_dir: Path) -> Run:
    return load(run.write(run_dir))


def recovery_s(run: Run) -> float | None:
    return recovery_time(run.counts, run.fault_at or 0.0, run.until, 99.0, 10.0, run.speed)


def test_is_nothing_said_of_a_usual_recovery(tmp_path: Path) -> None:
    assert lone_failure(read(Synthetic(), tmp_path)) is None


def test_is_one_late_timeout_named_with_what_it_cost(tmp_path: Path) -> None:
    usual = recovery_s(read(Synthetic(), tmp_path / "usual"))
    run = Synthetic()
    timed_out(run, 300)
    found = read(run, tmp_path / "late")
    lone = lone_failure(found)
    assert lone is not None
    assert (lone.with_s, lone.without_s) == (301.0, usual)
    assert lone.with_s == recovery_s(found)
    (sentence,) = decided_by_one(found)
    assert ": read_timeout of p" in sentence
    assert f"at T+300 s, 1 of {lone.of} in 10 s ({100 / lone.of:.2f} %; 1 % may fail)" in sentence
    assert sentence.endswith(f"Without it clients were served again after {duration(usual or 0)}.")


def test_are_two_that_failed_together_nobodys_accident(tmp_path: Path) -> None:
    run = Synthetic()
    timed_out(run, 300)
    timed_out(run, 305)
    found = lone_failure(read(run, tmp_path))
    assert found is None  # without the later one it would be 4 s sooner, and late all the same


@pytest.mark.parametrize(("rto_s", "told"), [(150.0, False), (303.0, True)])
def test_is_one_that_missed_the_objective_told_however_near_the_others(
    rto_s: float, told: bool, tmp_path: Path
) -> None:
    run = Synthetic()
    timed_out(run, 300)
    timed_out(run, 305)
    run.facts["objectives"]["rto_s"] = rto_s
    assert bool(list(decided_by_one(read(run, tmp_path)))) is told


def test_is_it_in_every_report(tmp_path: Path) -> None:
    run = Synthetic()
    timed_out(run, 300)
    write(run.write(tmp_path))
    for name in ("findings.json", "report.html", "report.md", "junit.xml"):
        assert "One request decided the recovery time" in (tmp_path / name).read_text(), name
