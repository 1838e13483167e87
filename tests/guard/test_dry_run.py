"""Does a run on AWS begin with a dry run that says everything and changes nothing?"""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from aws_double import AwsDouble, environment
from click.testing import CliRunner
from test_chain import ACCOUNT, US, body, reserved

from gameday import settings
from gameday.cli import main
from gameday.commands.dry_run import is_dry

PLACE = f"{ACCOUNT}:{US}"


@pytest.fixture
def file(account: AwsDouble, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """The target's env file; nothing else in the environment speaks for a run."""
    monkeypatch.delenv("GAMEDAY_CONFIRM")
    monkeypatch.delenv("GAMEDAY_WITHOUT_PREREQUISITES")
    lines = environment(settings.current().aws_endpoint or "") | {
        "GAMEDAY_TARGET": "staging", "GAMEDAY_ALLOW": PLACE, "GAMEDAY_RUNNER_REGION": "outside",
    }  # fmt: skip
    path = tmp_path / "staging.env"
    path.write_text("".join(f"{name}={value}\n" for name, value in lines.items()))
    return path


def gameday(*arguments: str) -> tuple[int, str]:
    done = CliRunner().invoke(main, arguments, prog_name="gameday")
    return done.exit_code, done.output


def written(tmp_path: Path, name: str, func: str) -> str:
    path = tmp_path / f"{name}.yaml"
    path.write_text(json.dumps(body(func)))
    return str(path)


def test_what_does_a_dry_run_say(file: Path, tmp_path: Path) -> None:
    first = written(tmp_path, "health-check-failure", "fail_health_check")
    code, said = gameday("run", first, "--target", str(file))
    assert code == 3  # the double's health checks carry no tag
    assert "1 guard would refuse it: health-check-failure, opt-in: healthcheck/" in said
    assert f"a dry run: nothing is changed without --confirm {PLACE}" in said
    file.write_text(f"{file.read_text()}GAMEDAY_OPT_IN_TAG=ChaosAllowed=true\n")
    code, said = gameday("run", written(tmp_path, "region-outage", "disable_region"),
                         "--target", str(file), "--without-prerequisites", "a drill")  # fmt: skip
    assert code == 0, said
    assert "overridden: a drill" in said
    assert reserved() == [None] * 4
    assert not (tmp_path / "reports").exists()


def test_may_a_job_bring_its_own_prerequisites(file: Path, tmp_path: Path) -> None:
    alone = written(tmp_path, "planned-evacuation", "disable_region")
    code, said = gameday("run", alone, "--target", str(file))
    assert (code, "planned-evacuation, prerequisites: health-check-failure did" in said) == (
        3,
        True,
    )
    job = tmp_path / "job.yaml"
    names = ["health-check-failure.yaml", "planned-evacuation.yaml"]
    written(tmp_path, "health-check-failure", "disable_region")
    job.write_text(json.dumps({"experiments": [{"file": str(tmp_path / n)} for n in names]}))
    code, said = gameday("run", str(job), "--target", str(file))
    assert "planned-evacuation, prerequisites" not in said
    assert said.count("dry run   ") == 2


def test_may_the_environment_confirm(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    env, orders = settings.parse_target_file(file), [(Path("a.yaml"), dict[str, str]())]
    assert is_dry(orders, env)
    monkeypatch.setenv("GAMEDAY_CONFIRM", PLACE)
    assert not is_dry(orders, env)
