"""Does a job fail a build: an objective missed, a finding that is new, stacks that drift apart?"""

from __future__ import annotations

import json
from pathlib import Path
from xml.etree import ElementTree

import pytest
from click.testing import CliRunner, Result

from gameday.cli import main

ZONE = {"ResourceRecordSets": [
    {"Name": "api.example.test.", "Type": "CNAME", "SetIdentifier": region, "Region": region,
     "TTL": 60, "HealthCheckId": region,
     "ResourceRecords": [{"Value": f"d-1.execute-api.{region}.amazonaws.com"}]}
    for region in ("us-east-1", "eu-west-1")]}  # fmt: skip
CHECKS = {"HealthChecks": [
    {"Id": region, "HealthCheckConfig": {
        "Type": "HTTPS", "FullyQualifiedDomainName": f"{region}.api.example.test",
        "RequestInterval": 10, "FailureThreshold": 3, "ResourcePath": "/health/deep"}}
    for region in ("us-east-1", "eu-west-1")]}  # fmt: skip
FUNCTION = "Resources: {Get: {Type: AWS::Lambda::Function, Properties: {MemorySize: %d}}}\n"
OLD = "aws route53 update-health-check --disabled\n"


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    Path("zone.json").write_text(json.dumps(ZONE))
    Path("checks.json").write_text(json.dumps(CHECKS))
    Path("runbook.md").write_text("All is well.\n")
    return tmp_path


def play(text: str, *options: str) -> Result:
    Path("job.yaml").write_text(f"junit: out/all.xml\n{text}")
    return CliRunner().invoke(main, ["run", "job.yaml", *options])


def failures() -> list[str]:
    """The messages of the job's JUnit file."""
    root = ElementTree.parse("out/all.xml").getroot()
    return [node.get("message", "") for node in root.iter("failure")]


def predict(rto_s: float, more: str = "") -> str:
    return f"predict: {{zones: [zone.json], health_checks: checks.json, rto_s: {rto_s}{more}}}\n"


@pytest.mark.parametrize(
    ("text", "code", "says"),
    [
        (predict(150), 0, "PASSED  predict: 95 % of the clients"),
        (predict(60), 1, "FAILED  predict: api.example.test, us-east-1 lost: 95 % of per-request"),
        (predict(150, ", clients: [pooled+drop-on-5xx-9]"), 1, "95 % of pooled+drop-on-5xx-9 need"),
        (predict(100, ", p: 0.5"), 0, "50 % of the clients"),
        (predict(150, ", clients: [nobody]"), 3, "ERROR  predict: clients: there is no profile"),
        ("predict: {zones: [runbook.md], rto_s: 9}\n", 3, "not JSON, or cut short"),
    ],
)
def test_does_a_missed_objective_fail_the_job(here: Path, text: str, code: int, says: str) -> None:
    asked = play(text)
    assert (asked.exit_code, says in asked.output) == (code, True), asked.output
    assert bool(failures()) is (code == 1)


def test_does_only_a_new_finding_fail_the_job(here: Path) -> None:
    Path("runbook.md").write_text(OLD)
    review = "review: {paths: [runbook.md], baseline: known.json, sarif: out/r.sarif}\n"
    asked = CliRunner().invoke(
        main, ["review", "runbook.md", "--format", "json", "--output", "known.json"]
    )
    assert asked.exit_code == 1
    assert play(review).exit_code == 0
    Path("runbook.md").write_text(f"one\n\n{OLD}and then {OLD}")
    again = play(review)
    assert again.exit_code == 1, again.output
    assert "1 new findings of at least `error`: disabled-to-fail-over" in again.output
    results = json.loads(Path("out/r.sarif").read_text())["runs"][0]["results"]
    assert [(r["ruleId"], "suppressions" in r) for r in results] == [
        ("disabled-to-fail-over", True), ("disabled-to-fail-over", False)]  # fmt: skip


def test_do_stacks_that_drift_apart_fail_the_job(here: Path) -> None:
    review = "review: {paths: [us-east-1.yaml, eu-west-1.yaml], fail_on: warning}\n"
    for region, memory in (("us-east-1", 512), ("eu-west-1", 512)):
        Path(f"{region}.yaml").write_text(FUNCTION % memory)
    assert play(review).exit_code == 0
    Path("eu-west-1.yaml").write_text(FUNCTION % 128)
    asked = play(review)
    assert (asked.exit_code, "region-settings-differ" in asked.output) == (1, True), asked.output


def test_are_the_steps_told_as_json_and_as_pages(here: Path) -> None:
    asked = play("review: {paths: runbook.md}\n" + predict(60, ", html: out/p.html"), "--json")
    assert asked.exit_code == 1
    review, prediction = json.loads(asked.stdout)
    assert (review["step"], review["verdict"], review["findings"]) == ("review", "PASSED", [])
    assert (prediction["step"], prediction["prediction"]["meets"]) == ("predict", False)
    assert "MISSES" in Path("out/p.html").read_text()
    assert len(failures()) == 2  # each side of the name


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("review: {}", "review.paths: name files or folders"),
        ("review: []", "review: must be a mapping of"),
        ("review: {paths: [gone]}", "review.paths: there is no gone"),
        ("review: {paths: [runbook.md], baseline: gone.json}", "make it with `gameday review"),
        ("review: {paths: [runbook.md], fail_on: never}", "'never' is none of error"),
        ("review: {paths: [runbook.md], speed: 1}", "review: unknown key 'speed'"),
        ("predict: {zones: [zone.json]}", "predict.rto_s: give the objective"),
        ("predict: {zones: [zone.json], rto_s: .nan}", "predict.rto_s: must be a number"),
        ("predict: {zones: [zone.json], rto_s: .inf}", "predict.rto_s: give the objective"),
        (
            "predict: {zones: [zone.json], rto_s: 9, connection_age_s: .inf}",
            "predict.connection_age_s: give seconds",
        ),
        ("predict: {rto_s: 60, p: 95}", "a share of the clients between"),
        ("predict: {rto_s: 60, mode: gloom}", "neither errors nor black-hole"),
        ("predict: {rto_s: 60, clients: pooled}", "give a list of profiles"),
        ("predict: {rto_s: 60, templates: {}}", "predict.templates: give a list of files"),
    ],
)
def test_is_a_wrong_step_one_clear_line(here: Path, text: str, says: str) -> None:
    asked = play(text + "\n")
    assert (asked.exit_code, says in asked.output) == (2, True), asked.output
    assert len(asked.output.strip().splitlines()) == 1


def test_does_our_own_change_pass_its_gate(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    root = Path(__file__).parents[2]
    monkeypatch.chdir(root)
    text = (root / "deploy/jobs/gate.yaml").read_text().replace("reports/runs", str(tmp_path))
    (tmp_path / "gate.yaml").write_text(text)
    asked = CliRunner().invoke(main, ["run", str(tmp_path / "gate.yaml")])
    assert asked.exit_code == 0, asked.output
    assert {p.name for p in tmp_path.iterdir()} >= {"gate.sarif", "gate.html", "gate.junit.xml"}


def test_is_what_a_step_prints_indented_as_its_command_prints_it(here: Path) -> None:
    Path("runbook.md").write_text(OLD)
    said = play("review: {paths: [runbook.md]}\n" + predict(60)).output.splitlines()
    plain = [line.partition(" ")[2] for line in said]  # without the stamps
    alone = CliRunner().invoke(main, ["review", "runbook.md"]).output.splitlines()
    asked = ["predict", "--zone", "zone.json", "--health-checks", "checks.json", "--rto", "60"]
    alone += CliRunner().invoke(main, asked).output.splitlines()
    kept = [line for line in alone if line.startswith("  ")]
    assert len(kept) > 10
    assert [line for line in plain if line in kept] == kept
