"""Is what a page shows of a run under way the prediction that its report will have?"""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from gameday.measure.expected import expected
from gameday.measure.findings import findings
from gameday.measure.run import load

SAMPLE = Path(__file__).parents[2] / "reports" / "sample"


@pytest.fixture
def under_way(tmp_path: Path) -> Path:
    """The sample run as it was 15 AWS seconds after its fault."""
    run_dir = tmp_path / "run"
    shutil.copytree(SAMPLE, run_dir, ignore=shutil.ignore_patterns("ledger", "*.html", "*.png"))
    events = run_dir / "events"
    chaos = [json.loads(line) for line in (events / "chaos.jsonl").read_text().splitlines()]
    fault_at = next(e["at"] for e in chaos if e["kind"] == "fault.started")
    for log in events.glob("*.jsonl"):
        lines = log.read_text().splitlines()
        kept = [x for x in lines if json.loads(x)["at"] <= fault_at + 1.5]
        log.write_text("".join(f"{line}\n" for line in kept))
    return run_dir


def test_is_it_what_the_report_says_in_the_end(under_way: Path) -> None:
    found = expected(under_way)
    assert found is not None
    assert found["recovery"] == findings(SAMPLE)["recovery"]["predicted"]
    assert found["unpredicted"] == {}


def test_does_a_machine_that_was_late_change_what_is_expected_of_an_open_load() -> None:
    run = load(SAMPLE)
    late = [replace(s, last=s.last + 0.5) for s in run.segments]
    assert replace(run, segments=late).client_period_s == run.client_period_s
    closed = [{**e, "workload": "closed"} for e in run.events]
    measured = replace(run, segments=late, events=closed).client_period_s
    assert measured["per-request"] > run.client_period_s["per-request"] == 10.0


def test_is_nothing_expected_before_a_fault_or_without_exports(under_way: Path) -> None:
    (under_way / "zone.json").unlink()
    assert expected(under_way) is None
    (under_way / "events" / "chaos.jsonl").write_text("")
    assert expected(under_way) is None


def test_is_a_folder_that_is_no_run_one_line(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "gameday.measure.expected", str(tmp_path)],
        capture_output=True, text=True, timeout=30, check=False,
    )  # fmt: skip
    assert done.returncode == 1
    assert done.stderr.startswith("gameday: ")
    assert done.stderr.count("\n") == 1
