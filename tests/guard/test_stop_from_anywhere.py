"""Does one command on any machine end a target's runs, and keep others from beginning?"""

from __future__ import annotations

import queue
from pathlib import Path

import pytest
from aws_double import AwsDouble, environment
from click.testing import CliRunner

from gameday import aws, guard, kill_switch, settings, stop_when
from gameday.cli import main
from gameday.controls.safeguard import Safeguard
from gameday.errors import Refused
from gameday.guard import Scope
from gameday.stop_when import KillSwitch, Standing

US, EU = "us-east-1", "eu-west-1"


@pytest.fixture
def file(account: AwsDouble, tmp_path: Path) -> Path:
    """The target's env file."""
    endpoint = settings.current().aws_endpoint or ""
    path = tmp_path / "staging.env"
    lines = environment(endpoint) | {"GAMEDAY_TARGET": "staging"}
    path.write_text("".join(f"{name}={value}\n" for name, value in lines.items()))
    return path


def stop(*arguments: str) -> tuple[int, str]:
    done = CliRunner().invoke(main, ["stop", *arguments], prog_name="gameday")
    return done.exit_code, done.output


def refuse_by_switch() -> None:
    bare = settings.current()
    scope = Scope(bare, US, "x", None, Path.cwd(), 0.0, 0.0)  # type: ignore[arg-type]
    guard.refuse(scope, ("kill switch",))


def test_does_it_stop_runs_until_it_is_released(file: Path, tmp_path: Path) -> None:
    target, said = settings.current(), queue.Queue[str]()
    conditions = kill_switch.condition(target, US)
    safeguard = Safeguard(tmp_path, target, conditions, said.put)
    safeguard.start()
    try:
        refuse_by_switch()
        code, output = stop("--target", str(file), "--reason", "customers complain")
        assert code == 0, output
        assert f"gameday stop --target {file} --release" in output.replace("\n", "")
        why = said.get(timeout=20)
    finally:
        safeguard.stop()
    assert why.startswith("the kill switch /gameday/shop/kill-switch was set: customers complain (")
    assert why.endswith(f"({EU})")
    with pytest.raises(Refused, match=r"kill-switch in us-east-1 is set \(customers complain"):
        refuse_by_switch()
    assert stop("--target", str(file), "--release")[0] == 0
    refuse_by_switch()


def test_is_a_region_that_does_not_take_it_named(file: Path) -> None:
    file.write_text(f"{file.read_text()}GAMEDAY_KILL_SWITCH=aws-stop\n")  # AWS keeps such names
    code, output = stop("--target", str(file))
    assert code == 3
    assert "PutParameter aws-stop in us-east-1" in output


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--release",), "belong to --target FILE"),
        (("--reason", "x"), "belong to --target FILE"),
        (("run", "--target", "FILE"), "not both"),
    ],
)
def test_is_a_mistake_named(file: Path, arguments: tuple[str, ...], said: str) -> None:
    code, output = stop(*(a.replace("FILE", str(file)) for a in arguments))
    assert (code, said in output) == (2, True)


def test_can_it_be_set_by_a_plain_aws_line(account: AwsDouble) -> None:
    target = settings.current()
    words = kill_switch.command(target, EU).split()
    given = dict(zip(words[3::2], words[4::2], strict=False))
    assert words[:3] == ["aws", "ssm", "put-parameter"]
    assert (given["--region"], given["--name"]) == (EU, kill_switch.name(target))
    api = aws.client("ssm", EU)
    api.put_parameter(Name=given["--name"], Value="stop", Type="String", Overwrite=True)
    account.mend.append(lambda: api.delete_parameter(Name=given["--name"]))
    assert kill_switch.is_set(kill_switch.read(target, EU))
    assert not kill_switch.is_set(kill_switch.read(target, US))


SWITCH = KillSwitch("the kill switch x was set", (EU,))


def test_does_a_switch_that_nobody_can_read_end_the_run_in_time() -> None:
    standing = Standing()
    for look in range(stop_when.UNKNOWN_MAX):
        assert stop_when.cause(SWITCH, standing, 0.0, 1.0) is None, look
        standing = stop_when.judge_kill_switch({}, standing, 0.0)
    said = stop_when.cause(SWITCH, standing, 0.0, 1.0)
    assert said == "nobody can tell whether: the kill switch x was set (20 looks in a row)"
    assert stop_when.judge_kill_switch({EU: None}, standing, 0.0) == Standing()
