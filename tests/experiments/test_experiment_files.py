"""Is an experiment's extension read strictly, and are the shipped experiments what they say?"""

from __future__ import annotations

import os
import shlex
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from gameday import experiment
from gameday.cli import COMMANDS
from gameday.errors import UsageError

ROOT = Path(__file__).parents[2]
CHAOS = Path(sys.executable).with_name("chaos")
SHIPPED = sorted((ROOT / "experiments").glob("*.yaml"))
CONFIGURATION = {
    "region": "us-east-1", "stack": "shop", "endpoint": "api.example.test",
    "rto_s": 150.0, "rpo_s": 5.0,
}  # fmt: skip
HEADINGS = [
    "Hypothesis", "Blast radius", "Preconditions", "Run", "Expected observations", "Abort",
    "Put back", "After",
]  # fmt: skip


def read(tmp_path: Path, text: str) -> dict[str, Any]:
    file = tmp_path / "e.yaml"
    file.write_text(text)
    return experiment.read(file)


def extended(**members: Any) -> dict[str, Any]:
    return {"title": "t", "method": [], "extensions": [{"name": "gameday", **members}]}


def test_are_names_replaced_and_numbers_kept_numbers() -> None:
    body = extended(
        kind="recovery",
        objectives={"rto_s": "${rto_s}", "rpo_s": 5},
        load={"file": "l.py", "clients": {"pooled": 100}},
        expect_alarms=["api-5xx-${region}"],
    )
    found = experiment.extension(body, CONFIGURATION)
    assert (found.rto_s, found.rpo_s, found.expect_alarms) == (150.0, 5, ("api-5xx-us-east-1",))
    assert found.load == experiment.Load("l.py", 8.0, {"pooled": 100.0}, 20)


def test_how_does_an_experiment_say_how_its_load_goes() -> None:
    load = {"file": "l.py", "arrivals": "poisson", "ramp_s": 30, "surge": "${surge}"}
    load |= {"steps": [[0, 1], [60, 2]], "caches_per_population": 10}
    found = experiment.extension(extended(kind="recovery", load=load), {"surge": 1.5}).load
    assert found is not None
    assert found.course == "arrivals=poisson,ramp_s=30,surge=1.5,steps=0:1/60:2"
    assert found.caches_per_population == 10


def test_which_clients_does_a_file_name() -> None:
    mixed = {"file": "l.py", "clients": {"per-request": 40, "pooled+hedge-1": 60}}
    body = extended(kind="recovery", load=mixed)
    assert experiment.mix(body) == "per-request=40,pooled+hedge-1=60"
    unknown = extended(kind="recovery", load={"file": "l.py", "clients": {"pooled": "${share}"}})
    assert experiment.mix(unknown) is experiment.mix({}) is None


@pytest.mark.parametrize(
    ("members", "complaint"),
    [
        ({"kind": "recovery", "objectivs": {}}, "'objectivs' was unexpected"),
        ({"kind": "recovery", "objectives": {"rto": 3}}, "'rto' was unexpected"),
        ({"kind": "recover"}, "'recover' is not one of"),
        ({"kind": "recovery", "guard": {"load_share": 5}}, "'load_share' was unexpected"),
        (
            {"kind": "recovery", "guard": {"load_share_min_pct": 500}},
            "guard.load_share_min_pct: 500",
        ),
        ({}, "'kind' is a required property"),
        ({"kind": "recovery", "load": {"rate_per_s": 1}}, "'file' is a required property"),
        ({"kind": "recovery", "load": {"file": "x", "rate_per_s": 0}}, "load.rate_per_s"),
        ({"kind": "recovery", "objectives": {"rto_s": "${rto}"}}, "no configuration has ${rto}"),
        ({"kind": "recovery", "load": {"file": "x", "arrivals": "often"}}, "load.arrivals"),
        ({"kind": "recovery", "load": {"file": "x", "surge_s": 9}}, "nothing without surge"),
        ({"kind": "recovery", "load": {"file": "x", "steps": [[9, 1], [5, 2]]}}, "must rise"),
        ({"kind": "recovery", "load": {"file": "x", "trace": "no.csv"}}, "no.csv: cannot be read"),
    ],
)
def test_is_a_wrong_extension_refused_by_key(members: dict[str, Any], complaint: str) -> None:
    with pytest.raises(UsageError) as refused:
        experiment.extension(extended(**members), CONFIGURATION)
    assert complaint in str(refused.value)


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("title: a\ntitle: b\nmethod: []\n", "the key title is given twice"),
        ("title: [\n", "e.yaml: while parsing"),
        ("- a\n", "it has no method"),
        ("method: []\nextensions: [{name: gameday, kind: x}]\n", "'x' is not one of"),
    ],
)
def test_is_a_file_that_cannot_be_meant_refused(tmp_path: Path, text: str, complaint: str) -> None:
    with pytest.raises(UsageError) as refused:
        read(tmp_path, text)
    assert complaint in str(refused.value)
    assert "\n" not in str(refused.value)


def test_is_a_missing_file_named(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"nope\.yaml: cannot read the experiment"):
        experiment.read(tmp_path / "nope.yaml")


def test_where_does_the_hypothesis_say_what_served_means() -> None:
    probe = {
        "tolerance": {"type": "range", "range": [95, 100]},
        "provider": {"func": "success_pct", "arguments": {"window_s": 20}},
    }
    assert experiment.hypothesis({"steady-state-hypothesis": {"probes": [probe]}}) == (95.0, 20.0)
    assert experiment.hypothesis({}) == (99.0, 10.0)


@pytest.mark.parametrize("file", SHIPPED, ids=lambda f: f.stem)
def test_does_chaos_validate_accept_it(file: Path, tmp_path: Path) -> None:
    target = {"REGION": "us-east-1", "STACK": "shop", "ENDPOINT": "api.example.test"}
    target |= {"RTO_S": "150", "RPO_S": "5"}
    done = subprocess.run(
        [CHAOS, "--no-version-check", "--no-log-file", "validate", file],
        cwd=tmp_path,
        env={**os.environ, **{f"GAMEDAY_{k}": v for k, v in target.items()}},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize("file", SHIPPED, ids=lambda f: f.stem)
def test_does_a_shipped_experiment_keep_the_rules(file: Path) -> None:
    body = experiment.read(file)
    assert "default" not in body["configuration"]["region"]
    found = experiment.extension(body, CONFIGURATION)
    assert found.load is not None
    assert (ROOT / found.load.file).is_file()
    assert (found.kind == "recovery") == (found.rto_s is not None)
    assert "gameday.controls.record" in str(body["controls"])
    actions = [a for a in body["method"] if a["type"] == "action"]
    assert len(body["rollbacks"]) == len(actions)  # each action has its undo
    assert "pauses" not in str(body)


@pytest.mark.parametrize("file", SHIPPED, ids=lambda f: f.stem)
def test_has_it_a_runbook_with_the_same_headings(file: Path) -> None:
    runbook = file.with_suffix(".md").read_text()
    assert [x[3:] for x in runbook.splitlines() if x.startswith("## ")] == HEADINGS
    assert f"experiments/{file.name}" in runbook
    assert file.stem in (ROOT / "experiments" / "README.md").read_text()


@pytest.mark.parametrize("file", SHIPPED, ids=lambda f: f.stem)
def test_do_the_runbook_s_commands_exist(file: Path) -> None:
    """Every command line parses: `gameday` verbs by our own parser, files named are there."""
    inside, commands = False, []
    for line in file.with_suffix(".md").read_text().splitlines():
        if line.startswith("```"):
            inside = not inside
        elif inside and line and not line.startswith("#"):
            commands.append(shlex.split(line, comments=True))
    assert len(commands) >= 5
    for words in commands:
        assert words[0] in {"gameday", "chaos", "dig", "sh", "aws"}, words
        if words[0] == "gameday":
            assert words[1] in COMMANDS, words
        for word in words:
            if word.startswith(("experiments/", "deploy/", "loadtests/")):
                assert (ROOT / word).exists(), word


def test_is_every_experiment_in_the_catalogue_a_file() -> None:
    text = (ROOT / "experiments" / "README.md").read_text()
    named = {w.strip("`[]()|") for w in text.split() if ".yaml" in w}
    assert {f.name for f in SHIPPED} <= {Path(n.partition("]")[0]).name for n in named}


def test_is_the_documented_schema_the_one_that_is_used() -> None:
    documented = ROOT / "docs" / "experiment-extension.schema.json"
    assert (
        documented.read_text()
        == (ROOT / "gameday" / "schemas" / "experiment-extension.json").read_text()
    )


def test_is_yaml_s_plain_loader_no_longer_needed() -> None:
    """Ours gives what PyYAML gives when no key is given twice."""
    for file in SHIPPED:
        assert experiment.read(file) == yaml.safe_load(file.read_text())
