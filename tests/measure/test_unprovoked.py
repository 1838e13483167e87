"""Is a health check that failed a Region to which nothing was done named, with what to look at?"""

from __future__ import annotations

from pathlib import Path

import pytest
from synthetic import LOST, SURVIVOR, Synthetic

from gameday.measure.run import load
from gameday.measure.unprovoked import unprovoked
from gameday.report import write


def status(run: Synthetic, t_s: float, region: str, votes: int, *, healthy: bool = True) -> None:
    run.add(
        "health.status", t_s, check=f"hc-{region}", region=region,
        healthy=healthy, votes=votes, of=16,
    )  # fmt: skip


def said(run: Synthetic, run_dir: Path) -> list[str]:
    return list(unprovoked(load(run.write(run_dir))))


def test_is_a_run_as_it_should_be_left_in_peace(tmp_path: Path) -> None:
    assert said(Synthetic(), tmp_path) == []


def test_are_a_few_checkers_of_a_healthy_region_a_surprise(tmp_path: Path) -> None:
    run = Synthetic()
    status(run, 50, SURVIVOR, 12)
    status(run, 60, SURVIVOR, 15)
    assert said(run, tmp_path) == [
        f"4 of 16 checkers failed {SURVIVOR} at T+50 s, although nothing was done to it; a machine "
        "short of CPU does that: run it with nothing beside, or with a lower --speed."
    ]


@pytest.mark.parametrize(
    ("region", "t_s", "when"), [(SURVIVOR, 50, "T+50 s"), (LOST, -20, "T-20 s")]
)
def test_is_a_red_check_of_a_healthy_region_a_surprise(
    region: str, t_s: float, when: str, tmp_path: Path
) -> None:
    run = Synthetic()
    status(run, t_s, region, 2, healthy=False)
    status(run, t_s + 10, region, 16)
    (sentence,) = said(run, tmp_path)
    assert sentence.startswith(f"The health check of {region} turned unhealthy at {when}, although")
    assert "a machine short of CPU does that: run it" in sentence


def test_is_a_region_that_a_second_fault_covers_no_surprise(tmp_path: Path) -> None:
    run = Synthetic()
    run.add("fault.started", 40, action="disable_region", region=SURVIVOR)
    status(run, 50, SURVIVOR, 0, healthy=False)
    assert said(run, tmp_path) == []


def test_is_somebody_on_aws_told_what_to_look_at_there(tmp_path: Path) -> None:
    run = Synthetic()
    run.facts["target"] = "aws"
    status(run, 50, SURVIVOR, 1, healthy=False)
    (sentence,) = said(run, tmp_path)
    assert sentence.endswith("see what that check asks for, and that Region's own alarms.")


def test_is_it_in_every_report(tmp_path: Path) -> None:
    run = Synthetic()
    status(run, 50, SURVIVOR, 12)
    write(run.write(tmp_path))
    for name in ("findings.json", "report.html", "report.md", "junit.xml"):
        assert f"4 of 16 checkers failed {SURVIVOR}" in (tmp_path / name).read_text(), name
