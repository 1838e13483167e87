"""What does every command say to a number that is none, or that makes no sense?"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import click
import pytest
from click.testing import CliRunner

from gameday.cli import main

GIVEN = ("nan", "inf", "-inf", "-1", "0", "1e9", "many", "")

TAKEN: dict[str, set[str]] = {
    # of GIVEN, what an option does take; what is not listed here takes none of them
    "--rpo": {"inf", "0", "1e9"},
    "--rto": {"1e9"},
    "--for": {"1e9"},
    "--connection-age": {"1e9"},
    "--propagation": {"0", "1e9"},
    "--seed": {"0"},
}


def commands(
    command: click.Command, words: tuple[str, ...] = ()
) -> Iterator[tuple[tuple[str, ...], click.Command]]:
    if isinstance(command, click.Group):
        for name in command.list_commands(click.Context(command)):
            if found := command.get_command(click.Context(command), name):
                yield from commands(found, (*words, name))
    else:
        yield words, command


NUMBERS = [
    (words, option)
    for words, command in commands(main)
    for option in command.params
    if isinstance(option.type, click.types.IntParamType | click.types.FloatParamType)
]


def test_does_the_table_hold_the_options_that_there_are() -> None:
    found = {" ".join((*words, option.opts[0])) for words, option in NUMBERS}
    assert {"run --rate", "run --rpo", "lab up --speed", "plan --seed", "predict --p"} <= found
    assert TAKEN.keys() <= {option.opts[0] for _, option in NUMBERS}


@pytest.mark.parametrize(
    ("words", "option"), NUMBERS, ids=[" ".join((*w, o.opts[0])) for w, o in NUMBERS]
)
def test_is_a_number_that_makes_no_sense_one_line_and_nothing_started(
    words: tuple[str, ...],
    option: click.Parameter,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.chdir(tmp_path)
    name = option.opts[0]
    for given in GIVEN:
        if given in TAKEN.get(name, ()):
            assert float(option.type(given)) == float(given)
            continue
        done = CliRunner().invoke(main, [*words, name, given])
        assert done.exit_code == 2, given
        assert done.output.startswith(f"gameday: Invalid value for '{name}': ")
        assert len(done.output.strip().splitlines()) == 1
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("given", ["nan", "inf", "-1", "0-inf", "2-1", "nan-1", "0.6-", "x-y", ""])
def test_is_a_lag_that_makes_no_sense_one_line(
    given: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "t.yaml").write_text("Resources: {}")
    application = ("--template", "t.yaml", "--region", "us-east-1")
    done = CliRunner().invoke(main, ["lab", "up", *application, "--lag", given])
    assert done.exit_code == 2
    assert done.output.startswith("gameday: --lag ")
    assert len(done.output.strip().splitlines()) == 1
    assert not (tmp_path / ".gameday").exists()
