"""The command line: quick to answer, and a mistake is one line."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner

from gameday.cli import COMMANDS, main
from gameday.controls import locustfile


def gameday(*arguments: str) -> tuple[int, str]:
    done = CliRunner().invoke(main, list(arguments), prog_name="gameday")
    return done.exit_code, done.output


EXPERIMENT = str(Path(__file__).parents[2] / "experiments" / "region-outage.yaml")
"""Its load is `loadtests/steady.py` of the folder one stands in."""


@pytest.mark.parametrize("verb", sorted(COMMANDS))
def test_does_every_verb_explain_itself(verb: str) -> None:
    code, output = gameday(verb, "--help")
    assert code == 0
    assert "Usage: gameday" in output


def test_does_help_import_neither_boto_nor_chaos() -> None:
    probe = (
        "import sys; from click.testing import CliRunner; from gameday.cli import main;"
        "CliRunner().invoke(main, ['--help']);"
        "print([m for m in ('boto3', 'chaoslib', 'moto', 'numpy', 'dns') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", probe], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("run", "nothing.yaml"), "nothing.yaml: no such file"),
        (("report", "nowhere"), "nowhere"),
        (("lab", "status", "--lab", "none"), "no lab named none is up"),
        (("lab", "down", "--lab", "none"), "no lab named none is up"),
        (("stop",), "no run is under way"),
        (("rollback",), "no run with an undo journal"),
        (("init",), "two Regions"),
        (("run", EXPERIMENT, "--locustfile", "nosuch.py"), "--locustfile nosuch.py: no such file"),
        (("run", EXPERIMENT), "load.file: loadtests/steady.py: no such file in /"),
        (("run", "bare.yaml", "--template", "t.yaml"), "--template: say by --endpoint NAME"),
        (("run", EXPERIMENT, "--clients", "polled=100"), "there is no profile 'polled'"),
        (("run", EXPERIMENT, "--clients", ""), "--clients '': say what"),
        (("run", EXPERIMENT, "--load", " "), "--load '': say what"),
        (("run", EXPERIMENT, "--locustfile", ""), "--locustfile '': say what"),
        (("run", EXPERIMENT, "--region", ""), "--region '': say what"),
        (("run", EXPERIMENT, "--load", "surge="), "load: surge= is not a number"),
        (("run", "job.yaml"), "--rate 1e+09: 1000000000.0 is not in the range"),
        (("run", EXPERIMENT, "--load", "ramp_s=nan"), "load: ramp_s=nan: 0 to"),
        (("run", EXPERIMENT, "--load", "poisson,surge=inf"), "load: surge=inf: 0.01 to"),
        (("run", EXPERIMENT, "--clients", "pooled=nan"), "pooled=nan': a share lies above 0"),
        (("run", EXPERIMENT, "--load", "sometimes"), "load: arrivals 'sometimes'"),
        (("run", EXPERIMENT, "--load", "trace=no.csv"), "trace=no.csv: cannot be read"),
    ],
)
def test_is_a_mistake_one_line_that_names_the_remedy(
    arguments: tuple[str, ...], said: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "bare.yaml").write_text("{title: Bare, description: No load, method: []}")
    (tmp_path / "job.yaml").write_text("experiments: [{file: bare.yaml, rate_per_s: 1.0e+9}]")
    code, output = gameday(*arguments)
    assert code not in (0, 1)
    assert len(output.strip().splitlines()) == 1
    assert said in output


def test_is_a_broken_load_file_said_once_before_anything_starts(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "mine.py").write_text("import nothing_like_it\n")
    body = {"title": "t", "description": "d", "method": [], "extensions": [
        {"name": "gameday", "kind": "recovery", "load": {"file": "mine.py"}}]}  # fmt: skip
    for name in ("a.json", "b.json"):
        (tmp_path / name).write_text(json.dumps(body))
    job = {"experiments": [{"file": "a.json"}, {"file": "b.json"}]}
    (tmp_path / "job.json").write_text(json.dumps(job))
    tried: list[Path] = []

    def unusable(file: Path) -> str:  # what it finds out is tests/load/test_adopt.py's
        tried.append(file)
        return f"{file}: does not import"

    monkeypatch.setattr(locustfile, "unusable", unusable)
    code, output = gameday("run", "job.json")
    assert code == 2
    assert output.strip().endswith("extensions[gameday].load.file: mine.py: does not import")
    assert len(output.strip().splitlines()) == len(tried) == 1
    assert not (tmp_path / ".gameday").exists()


def test_does_dns_answer_explain_itself_from_an_export(tmp_path: Path) -> None:
    sets = [
        {"Name": "api.example.test.", "Type": "A", "SetIdentifier": region, "Region": region,
         "TTL": 60, "HealthCheckId": f"check-{region}",
         "ResourceRecords": [{"Value": address}]}
        for region, address in (("us-east-1", "192.0.2.1"), ("eu-west-1", "192.0.2.2"))
    ]  # fmt: skip
    value = "ns-1.example.test. hostmaster.example.test. 1 7200 900 1209600 86400"
    soa = {
        "Name": "example.test.",
        "Type": "SOA",
        "TTL": 900,
        "ResourceRecords": [{"Value": value}],
    }
    zone = tmp_path / "zone.json"
    zone.write_text(json.dumps({"ResourceRecordSets": [soa, *sets]}))
    ask = ("dns", "answer", "api.example.test", "A", "--zone", str(zone), "--from")
    assert "192.0.2.1" in gameday(*ask, "near-us-east-1")[1]
    code, output = gameday(*ask, "near-us-east-1", "--unhealthy", "check-us-east-1")
    assert code == 0
    assert "192.0.2.2" in output
    assert "UNHEALTHY" in output
