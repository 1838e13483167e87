"""Job files: which experiments, with which settings, and what is refused?"""

from __future__ import annotations

import json
from pathlib import Path
from xml.etree import ElementTree

import pytest
from synthetic import Plan, Synthetic

from gameday import jobs
from gameday.errors import UsageError
from gameday.guard import prerequisites
from gameday.measure import findings

ROOT = Path(__file__).parent.parent.parent


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "a.yaml").write_text("title: A\nmethod: []\n")
    return tmp_path


def job(folder: Path, text: str) -> jobs.Job:
    (folder / "job.yaml").write_text(text)
    return jobs.load(folder / "job.yaml")


def test_what_runs_every_night(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)
    nightly = jobs.load(ROOT / "deploy" / "jobs" / "nightly.yaml")
    assert [str(e.file) for e in nightly.experiments] == [
        "experiments/region-outage.yaml",
        "experiments/region-cut.yaml",
        "experiments/health-check-failure.yaml",
    ]
    assert nightly.junit == Path("reports/runs/nightly.junit.xml")


def test_does_the_staging_job_earn_each_step(monkeypatch: pytest.MonkeyPatch) -> None:
    """What takes a Region away comes after what the guards want to have passed before it."""
    monkeypatch.chdir(ROOT)
    staging = jobs.load(ROOT / "deploy" / "jobs" / "staging.yaml")
    names = [entry.file.stem for entry in staging.experiments]
    assert names[-1] == "region-outage"
    for name in ("planned-evacuation", "region-outage"):
        needed = prerequisites.needed(name, stops_serving=True)
        assert set(needed) <= set(names[: names.index(name)])


def test_what_does_an_entry_override(here: Path) -> None:
    said = "clients: pooled=100, rate_per_s: 4, load: poisson, rto_s: 200"
    text = f"experiments: [{{file: a.yaml, {said}}}]"
    [entry] = job(here, text).experiments
    assert entry.overrides() == {
        "GAMEDAY_CLIENTS": "pooled=100", "GAMEDAY_LOAD": "poisson", "GAMEDAY_RATE_PER_S": "4",
        "GAMEDAY_RTO_S": "200",
    }  # fmt: skip
    [entry] = job(here, "experiments: [{file: a.yaml}]").experiments
    assert entry.overrides() == {}


def test_is_an_experiment_told_from_a_job(here: Path) -> None:
    (here / "job.yaml").write_text("experiments: [{file: a.yaml}]")
    assert jobs.is_job(here / "job.yaml")
    assert not jobs.is_job(here / "a.yaml")


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("title: x", "experiments: give a list"),
        ("experiments: []", "experiments: give a list"),
        ("experiments: [a.yaml]", r"experiments\[0\]: give at least"),
        ("experiments: [{file: b.yaml}]", r"experiments\[0\]: there is no experiment b\.yaml"),
        ("experiments: [{file: a.yaml, client: x}]", r"experiments\[0\]: unknown key 'client'"),
        (
            "experiments: [{file: a.yaml, rto_s: soon}]",
            r"experiments\[0\]\.rto_s: must be a number",
        ),
        ("experiments: [{file: a.yaml}]\nmail: x", "the job: unknown key 'mail'"),
    ],
)
def test_what_does_a_wrong_job_say(here: Path, text: str, says: str) -> None:
    with pytest.raises(UsageError, match=says):
        job(here, text)


def test_is_there_one_junit_file_of_all_runs(here: Path) -> None:
    mixes = {"one": {"per-request": 100}, "two": {"pooled": 100}}
    for name, clients in mixes.items():
        run_dir = Synthetic(Plan(clients=clients)).write(here / name)
        found = findings.findings(run_dir)
        (run_dir / "findings.json").write_text(json.dumps(found, default=str))
    path = jobs.write_junit(
        job(here, "experiments: [{file: a.yaml}]\njunit: out/all.xml"), [here / n for n in mixes]
    )
    first, second = ElementTree.parse(path).getroot()
    assert (first.get("failures"), second.get("failures")) == ("0", "1")
    assert len(second.findall("testcase/failure")) == 1
