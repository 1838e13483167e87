"""What does `gameday lab logs` print?"""

from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from gameday import clock
from gameday.cli import main
from gameday.commands.lab_logs import Reader
from gameday.lab import handle

LOGS = {
    "cloud.log": "cloud is up\n",
    "us-east-1/app-stack-Hello-AB12CD34EF56.log": "START 1\nhello\n",
    "eu-west-1/app-stack-Hello-ZY98XW76VU54.log": "START 2\n",
    "eu-west-1/HelloOther.log": "START 3\n",
}


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    logs = tmp_path / ".gameday" / "default" / "logs"
    for name, text in LOGS.items():
        (logs / name).parent.mkdir(parents=True, exist_ok=True)
        (logs / name).write_text(text)
    return logs


def append(path: Path, text: str) -> None:
    with path.open("a") as file:
        file.write(text)


def run(*arguments: str) -> Result:
    return CliRunner().invoke(main, ["lab", "logs", *arguments])


def test_are_all_logs_printed_with_their_names(folder: Path) -> None:
    output = run().output
    for name, text in LOGS.items():
        assert f"==> {name}\n{text}" in output


@pytest.mark.parametrize(
    ("of", "printed"),
    [
        ("cloud", ["cloud is up"]),
        ("app-stack-Hello-AB12CD34EF56", ["START 1", "hello"]),
        ("Hello", ["START 2", "START 1", "hello"]),
        ("HelloOther", ["START 3"]),
    ],
)
def test_whose_log_is_printed(folder: Path, of: str, printed: list[str]) -> None:
    lines = run(of).output.splitlines()
    assert [line for line in lines if not line.startswith("==>")] == printed


def test_is_a_function_of_a_given_name_found_by_its_logical_id(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    stacks = [{"resources": {"Other": "HelloOther", "Topic": "arn:aws:sns:x"}}]
    monkeypatch.setattr(handle, "is_up", lambda lab: True)
    monkeypatch.setattr(handle, "environment", lambda lab: {})
    monkeypatch.setattr(handle, "call", lambda *asked: {"stacks": stacks})
    assert run("Other").output.splitlines() == ["==> eu-west-1/HelloOther.log", "START 3"]
    assert run("Topic").exit_code == 2


def test_what_is_said_of_a_log_that_is_not_there(folder: Path) -> None:
    answer = run("nobody")
    assert answer.exit_code == 2
    assert "no log of nobody" in answer.output
    assert "HelloOther" in answer.output


def test_is_a_log_followed_until_the_lab_ends(folder: Path) -> None:
    log = folder / "us-east-1/app-stack-Hello-AB12CD34EF56.log"
    steps = iter([
        lambda: None,
        lambda: append(log, "new line\nhalf"),
        lambda: append(log, " of it\n"),
        lambda: (folder / "us-east-1/x-Hello-y.log").write_text("from its start\n"),
    ])  # fmt: skip

    def goes_on() -> bool:
        step = next(steps, None)
        if step:
            step()
        return step is not None

    assert list(Reader(folder, "Hello").follow(goes_on)) == [
        "us-east-1/app-stack-Hello-AB12CD34EF56  new line",
        "us-east-1/app-stack-Hello-AB12CD34EF56  half of it",
        "us-east-1/x-Hello-y  from its start",
    ]


def test_is_ctrl_c_the_ordinary_end(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (folder.parent / "lab.env").touch()

    def interrupted(seconds: float) -> None:
        append(folder / "cloud.log", "last words\n")
        raise KeyboardInterrupt

    monkeypatch.setattr(clock, "sleep_wall", interrupted)
    answer = run("cloud", "--follow")
    assert (answer.exit_code, answer.output) == (0, "")


def test_does_following_a_lab_that_is_down_end_at_once(folder: Path) -> None:
    answer = run("cloud", "--follow")
    assert (answer.exit_code, answer.output) == (0, "")
