"""Is everything as before, whoever is killed, however and whenever?"""

from __future__ import annotations

import os
import random
import subprocess
import sys
from itertools import islice
from pathlib import Path

import kills
import pytest
import state
import victims

CRASH = Path(__file__).with_name("crash.py")


def test_does_a_seed_say_which_kills() -> None:
    assert list(islice(kills.plan(7), 60)) == list(islice(kills.plan(7), 60))
    assert list(islice(kills.plan(7), 60)) != list(islice(kills.plan(8), 60))


def test_does_every_kind_of_kill_come_before_any_comes_again() -> None:
    count = len(kills.kinds())
    met = sorted((k.victim, k.how) for k in islice(kills.plan(1), count))
    assert met == sorted(kills.kinds())
    assert {k.how for k in islice(kills.plan(1), count)} == {
        *kills.SIGNALS,
        kills.FULL_DISK,
        kills.POWER_CUT,
        kills.LAB,
    }


def test_is_what_differs_named() -> None:
    before, now = {"a": 1, "b": None, "c": 3}, {"a": 2, "b": None, "d": 4}
    assert state.difference(before, now) == ["a: 1 -> 2", "c: 3 -> None", "d: None -> 4"]
    assert state.difference(before, dict(before)) == []


def test_does_a_torn_journal_keep_what_was_on_the_disk(tmp_path: Path) -> None:
    path = tmp_path / "undo.jsonl"
    made = (
        b'{"lease": "a", "holder": "x"}\n{"id": "1", "setting": {}}\n{"id": "2", "setting": {}}\n'
    )
    closed = b'{"id": "2", "state": "put back"}\n'
    for number in range(50):
        path.write_bytes(made + closed)
        victims.tear(path, random.Random(number))
        assert path.read_bytes().startswith(made)


@pytest.mark.scenario
@pytest.mark.timeout(1800)
def test_is_everything_put_back_after_twenty_kills() -> None:
    seed = os.environ.get("GAMEDAY_CRASH_SEED") or str(random.SystemRandom().randrange(10**6))
    command = [sys.executable, str(CRASH), "--seed", seed, "--count", "20"]
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    print(done.stdout)  # the seed and every kill
    assert done.returncode == 0, done.stdout
    assert f"20 kills, seed {seed}: everything was put back every time" in done.stdout
