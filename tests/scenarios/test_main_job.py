"""The main job: a Region is lost under load, and clients are served again; or never leave."""

from __future__ import annotations

import json
from importlib import resources

import pytest
from jsonschema import Draft202012Validator

pytestmark = pytest.mark.scenario


def test_is_losing_a_region_survivable(project) -> None:
    done = project.gameday("run", "experiments/region-outage.yaml")
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-2000:]
    found = project.findings()
    assert found["verdict"] == "PASSED"
    assert found["recovery"]["recovery_s"] <= 150
    assert found["put_back"]["equal"] == found["put_back"]["settings"] == 5
    assert found["alarms"]["expected"] == ["api-5xx-us-east-1", "throttles-us-east-1"]
    assert not found["alarms"]["silent"]
    schema = json.loads((resources.files("gameday") / "schemas/findings.json").read_text())
    Draft202012Validator(schema).validate(found)
    kinds = {k["profile"]: k for k in found["clients"]}
    per_request = kinds["per-request"]
    band = found["predicted"]["clients"]["per-request"]["mean"]
    assert band["p0_1_s"] <= per_request["mean"]["s"] <= band["p99_9_s"]
    assert found["data_behind"]["after_fail_back"]["lost"] == 0
    for name in ("report.html", "report.md", "junit.xml", "undo.sh", "seed.txt", "journal.json"):
        assert (project.latest / name).stat().st_size > 0, name
    last = [line for line in done.stdout.splitlines() if line.strip()][-1]
    assert "--clients pooled=100" in last


def test_do_clients_that_keep_their_connection_never_leave(project) -> None:
    done = project.gameday("run", "experiments/region-outage.yaml", "--clients", "pooled=100")
    assert done.returncode == 1, done.stdout[-3000:] + done.stderr[-2000:]
    found = project.findings()
    assert found["verdict"] == "FAILED"
    assert "keep their connection" in found["sentence"]
    assert found["put_back"]["equal"] == found["put_back"]["settings"]


def test_does_nobody_notice_when_only_the_deep_check_fails(project) -> None:
    done = project.gameday("run", "experiments/health-check-failure-503.yaml")
    found = project.findings()
    assert done.returncode == 0, f"{found['sentence']} {done.stdout[-3000:]}"
    assert found["verdict"] == "PASSED"
    assert found["availability"]["users_with_error_pct"] == 0
    moved = [e for e in project.events("dns.answer") if e["regions"] == ["eu-west-1"]]
    assert moved, "DNS never moved"


def test_does_nobody_notice_a_planned_evacuation(project) -> None:
    done = project.gameday("run", "experiments/planned-evacuation.yaml", "--approved-by", "Grace")
    found = project.findings()
    assert done.returncode == 0, f"{found['sentence']} {done.stdout[-3000:]}"
    assert found["availability"]["users_with_error_pct"] == 0
    assert found["put_back"]["equal"] == found["put_back"]["settings"] == 6
    emptied, gone = project.events("fault.started")
    assert (emptied["action"], gone["action"]) == ("fail_deep_check", "disable_region")
    assert "approved by Grace" in (project.latest / "report.html").read_text()


def test_is_a_region_whose_packets_vanish_survivable(project) -> None:
    done = project.gameday("run", "experiments/region-cut.yaml")
    found = project.findings()
    assert done.returncode == 0, f"{found['sentence']} {done.stdout[-3000:]}"
    assert found["verdict"] == "PASSED"


def test_does_plain_chaos_run_leave_the_same_report(project) -> None:
    done = project.gameday(
        "lab", "run", "--", "chaos", "run", "experiments/health-check-failure.yaml"
    )
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]
    assert "PASSED" in done.stdout
    assert project.findings()["verdict"] == "PASSED"
    assert (project.latest / "report.html").exists()


def test_does_a_job_run_its_experiments_one_after_another(project) -> None:
    (project.root / "deploy/jobs/two.yaml").write_text(
        "title: two\nexperiments:\n"
        "  - {file: experiments/health-check-failure.yaml}\n"
        "  - {file: experiments/region-outage.yaml, clients: pooled=100}\n"
        "junit: reports/two.xml\n"
    )
    done = project.gameday("run", "deploy/jobs/two.yaml", within_s=400)
    assert done.returncode == 1, done.stdout[-3000:] + done.stderr[-3000:]
    text = (project.root / "reports/two.xml").read_text()
    assert text.count("<testsuite ") == 2
