"""Does docs/guards.md name every guard in its order, and every setting there is?"""

from __future__ import annotations

import re
from pathlib import Path

import yaml

from gameday import experiment, guard, limits
from gameday.commands.word import NAMES, OPTIONS

PAGE = (Path(__file__).parents[2] / "docs" / "guards.md").read_text()


def test_is_every_guard_named_in_the_order_asked() -> None:
    rows = re.findall(r"^\| ([a-zA-Z -]+?)( \*)? \|", PAGE, re.MULTILINE)
    named = [name for name, _ in rows if name in guard.CHAIN]
    assert named == list(guard.CHAIN)
    assert {name for name, again in rows if again} == set(guard.AT_THE_FAULT)


def test_is_every_setting_named() -> None:
    assert [n for n in limits.OF_A_TARGET if n not in PAGE] == []
    assert {*NAMES.values(), "GAMEDAY_CONFIRM", "GAMEDAY_UNATTENDED"} == limits.OF_A_RUN
    flags = {"--confirm", "--approved-by", "--without-prerequisites", "--unattended"}
    assert len(OPTIONS) == len(flags)
    assert [flag for flag in flags if flag not in PAGE] == []


def test_is_the_block_of_an_experiment_one_that_is_understood() -> None:
    block = re.search(r"```yaml\n(.*?)```", PAGE, re.DOTALL)
    assert block is not None
    found = experiment.extension({"title": "t", **yaml.safe_load(block[1])}, {})
    assert found.guard == experiment.Bounds(5.0, 5.0, ignore_alarms=("batch-late",))
