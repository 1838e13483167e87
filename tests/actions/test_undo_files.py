"""Is an undo journal that is torn, damaged, foreign or of another version handled in one line?"""

from __future__ import annotations

import random
from pathlib import Path
from typing import Any

import pytest
from aws_double import BEHIND, AwsDouble
from click.testing import CliRunner

from gameday import cli, undo
from gameday.actions.region import disable_region
from gameday.errors import RunError
from gameday.undo import Concurrency, UndoJournal

US = "us-east-1"
WRITE = Concurrency(US, "shop-items-write")


def journal(folder: Path, text: str) -> UndoJournal:
    found = UndoJournal(folder)
    found.path.write_text(text)
    return found


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('{"lease": "a", "holder": "x", "at": 1}\nnot JSON\n', "is damaged"),
        ('{"schema": 2, "lease": "a", "holder": "x", "at": 1}\n', "another version .schema 2"),
        ('{"id": "a", "setting": {"kind": "volcano"}}\n', "not ours"),
        ('{"name": "somebody else\'s"}\n', "not ours"),
        ("3\n", "not ours"),
    ],
)
def test_is_a_file_that_cannot_be_relied_on_refused(tmp_path: Path, text: str, said: str) -> None:
    with pytest.raises(RunError, match=said):
        journal(tmp_path, text).records()


def test_does_rollback_say_it_in_one_line_and_name_undo_sh(
    shop: AwsDouble, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GAMEDAY_ADMIN", "http://127.0.0.1:1")
    disable_region(US, "shop")
    with (tmp_path / "undo.jsonl").open("a") as file:
        file.write("not JSON\n")
    done = CliRunner().invoke(cli.main, ["rollback", str(tmp_path)])
    assert done.exit_code == 3
    (line,) = done.stderr.splitlines()
    assert "is damaged" in line
    assert str(tmp_path / "undo.sh") in line


def test_is_everything_put_back_wherever_a_power_cut_tears_the_journal(
    shop: AwsDouble, lambda_api: Any, tmp_path: Path
) -> None:
    """A change is made only when its whole line is on the disk, so a torn one was never made."""
    disable_region(US, "shop")
    whole = (tmp_path / "undo.jsonl").read_bytes()
    ends = [i for i, byte in enumerate(whole) if byte == ord("\n")]
    rng = random.Random(4711)
    for cut in rng.sample(range(ends[-1] + 1, ends[-1] + 200), 5):
        torn = whole + b'{"id": "' + b"x" * (cut - ends[-1])
        (tmp_path / "undo.jsonl").write_bytes(torn)
        UndoJournal(tmp_path).take("rollback")  # appends after the torn line
        assert len(UndoJournal(tmp_path).records()) == 5
    assert undo.replay(undo.UndoJournal(tmp_path)).complete
    answers = [lambda_api.get_function_concurrency(FunctionName=f"shop-{n}") for n in BEHIND]
    assert [a.get("ReservedConcurrentExecutions") for a in answers] == [None] * 4


def test_is_a_foreign_value_overwritten_only_when_told(
    shop: AwsDouble, lambda_api: Any, tmp_path: Path
) -> None:
    disable_region(US, "shop")
    lambda_api.put_function_concurrency(
        FunctionName="shop-items-write", ReservedConcurrentExecutions=9
    )
    left = undo.replay(undo.UndoJournal(tmp_path))
    assert not left.complete
    assert left.foreign == (f"left alone: {WRITE} is 9, which this run did not set",)
    assert WRITE.read() == 9
    assert undo.replay(undo.UndoJournal(tmp_path), force=True).complete
    assert WRITE.read() is None
    assert {r.state for r in UndoJournal(tmp_path).records()} == {"put back"}
