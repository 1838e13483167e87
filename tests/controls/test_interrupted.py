"""However a run is interrupted: plain `chaos run` leaves the fault in place; does ours put it back?

Signals, `--fail-fast` and chaostoolkit-addons' safeguards (G4 to G7, G12, G14 to G16), each with
the real `chaos` without our control and with it.
"""

from __future__ import annotations

import signal
import subprocess
from collections.abc import Callable
from importlib import metadata
from pathlib import Path
from typing import Any

import pytest
from staging import LOST, SERVED, SPEED, Drive, Stage, a_good_run, chore, until
from test_chaos_run import reserved

pytestmark = pytest.mark.scenario

Json = dict[str, Any]
Process = subprocess.Popen[str]
LONG_S = 5.0
SWALLOWS = metadata.version("chaostoolkit-lib") < "1.45"
"""chaoslib 1.44 takes an interruption for a failure of the activity, and goes on."""


def when_there(name: str, number: signal.Signals) -> Drive:
    """Send a signal when the file `name` is in the folder of the run."""

    def drive(folder: Path, process: Process, target: dict[str, str]) -> None:
        until((folder / name).exists)
        process.send_signal(number)

    return drive


def a_long_fault(folder: Path) -> Json:
    hold = chore("probe", "hold", "wait", seconds=LONG_S, begun=str(folder / "held"))
    body = a_good_run(folder)
    return {**body, "method": [body["method"][0], hold]}


@pytest.mark.parametrize(
    ("number", "exit_code", "left"),
    [
        pytest.param(signal.SIGINT, 1, LOST, id="G4-SIGINT"),
        pytest.param(signal.SIGTERM, 0 if SWALLOWS else 1, SERVED if SWALLOWS else LOST,
                     id="G4-SIGTERM"),
        pytest.param(signal.SIGHUP, -signal.SIGHUP, LOST, id="G6-SIGHUP"),
    ],
)  # fmt: skip
def test_is_the_fault_put_back_after_a_signal(
    stage: Stage, number: signal.Signals, exit_code: int, left: list[int | None]
) -> None:
    plain = stage.plain(a_long_fault, drive=when_there("held", number))
    assert (plain.exit_code, plain.concurrency) == (exit_code, left), plain.output
    assert bool(plain.journal) is (number != signal.SIGHUP)
    ours = stage.ours(a_long_fault, drive=when_there("held", number))
    assert (ours.exit_code, ours.verdict, ours.concurrency) == (1, "STOPPED", SERVED), ours.output
    assert ours.journal["stopped"] == number.name


def test_is_it_put_back_when_chaos_is_killed(stage: Stage) -> None:
    """G6: neither rollbacks nor a journal; of ours the watchdog is left."""
    plain = stage.plain(a_long_fault, drive=when_there("held", signal.SIGKILL))
    assert (plain.concurrency, plain.journal) == (LOST, {})
    ours = stage.ours(a_long_fault, drive=when_there("held", signal.SIGKILL))
    until(lambda: reserved(stage.target) == SERVED)
    assert ours.exit_code == -signal.SIGKILL


def fault_comes_second(folder: Path) -> Json:
    first = chore("probe", "first", "wait", seconds=3.0, begun=str(folder / "waiting"))
    body = a_good_run(folder, rollbacks=[])
    return {**body, "method": [first, *body["method"]]}


def test_is_nothing_injected_after_sigterm(stage: Stage) -> None:
    """G5: chaoslib 1.44 swallows it, injects the fault, and exits with 0."""
    plain = stage.plain(fault_comes_second, drive=when_there("waiting", signal.SIGTERM))
    expected = (0, LOST) if SWALLOWS else (1, SERVED)
    assert (plain.exit_code, plain.concurrency) == expected, plain.output
    ours = stage.ours(fault_comes_second, drive=when_there("waiting", signal.SIGTERM))
    assert (ours.exit_code, ours.verdict, ours.concurrency) == (1, "STOPPED", SERVED), ours.output
    assert not ours.of("fault.started")


def rollback_comes_second(folder: Path) -> Json:
    first = chore("action", "first", "wait", seconds=LONG_S, begun=str(folder / "rolling"))
    body = a_good_run(folder)
    return {**body, "rollbacks": [first, *body["rollbacks"]]}


def test_are_the_remaining_rollbacks_played_after_ctrl_c(stage: Stage) -> None:
    """G6: the first rollback is interrupted, the second one would put the fault back."""
    plain = stage.plain(rollback_comes_second, drive=when_there("rolling", signal.SIGINT))
    assert (plain.exit_code, plain.concurrency) == (1, LOST), plain.output
    ours = stage.ours(rollback_comes_second, drive=when_there("rolling", signal.SIGINT))
    assert (ours.exit_code, ours.verdict, ours.concurrency) == (1, "STOPPED", SERVED), ours.output


def beside_a_background_activity(folder: Path) -> Json:
    aside = chore("probe", "aside", "wait", seconds=LONG_S, ended=str(folder / "aside"))
    body = a_long_fault(folder)
    return {**body, "method": [{**aside, "background": True}, *body["method"]]}


def test_does_a_stop_not_wait_for_the_background(stage: Stage) -> None:
    """G7: plain `chaos` lets the fault stand until the last background activity has ended."""
    late: dict[str, bool] = {}

    def drive(folder: Path, process: Process, target: dict[str, str]) -> None:
        when_there("held", signal.SIGINT)(folder, process, target)
        until(lambda: reserved(target) == SERVED or process.poll() is not None)
        late[folder.name] = (folder / "aside").exists()

    stage.plain(beside_a_background_activity, "--rollback-strategy=always", drive=drive)
    ours = stage.ours(beside_a_background_activity, "--rollback-strategy=always", drive=drive)
    assert late == {"plain": True, "ours": False}
    assert (ours.exit_code, ours.verdict, ours.concurrency) == (1, "STOPPED", SERVED), ours.output


def deviates_at_once(folder: Path) -> Json:
    body = a_good_run(folder)
    off = chore("action", "off", "write", path=str(folder / "state"), text="2")
    hold = chore("probe", "hold", "wait", seconds=LONG_S, ended=str(folder / "ended"))
    return {**body, "method": [body["method"][0], off, hold]}


def test_is_fail_fast_fast(stage: Stage) -> None:
    """G12: plain `chaos` lets the activity under way run to its end first."""
    options = ("--hypothesis-strategy=continuously", "--fail-fast", "--hypothesis-frequency")
    plain = stage.plain(deviates_at_once, *options, "0.3")
    assert plain.exit_code == 1, plain.output
    assert (stage.root / "plain" / "ended").exists()
    ours = stage.ours(deviates_at_once, *options, f"{0.3 * SPEED}")
    assert (ours.exit_code, ours.verdict, ours.concurrency) == (1, "STOPPED", SERVED), ours.output
    assert not (stage.root / "ours" / "ended").exists()
    assert ours.journal["stopped"] == "the hypothesis was not met (--fail-fast)"


def guarded(file: str, frequency_s: float) -> Callable[[Path], Json]:
    """A long fault under a safeguard of chaostoolkit-addons, which wants a number below 1."""

    def make(folder: Path) -> Json:
        body = a_long_fault(folder)
        asks = chore("probe", "errors", "number", path=str(folder / file))
        asks |= {"tolerance": {"type": "range", "range": [0, 0.5]}, "frequency": frequency_s}
        provider = {"type": "python", "module": "chaosaddons.controls.safeguards"}
        guard = {"name": "guard", "provider": {**provider, "arguments": {"probes": [asks]}}}
        mark = chore("action", "mark", "write", path=str(folder / "gone on"), text="1")
        body["method"].insert(0, mark)
        body["method"][2]["provider"]["arguments"]["seconds"] = 4.0
        return {**body, "controls": [*body["controls"], guard]}

    return make


def test_does_a_safeguard_that_cannot_answer_stop_the_run(stage: Stage) -> None:
    """G14: its thread dies in silence, and plain `chaos` is green."""
    plain = stage.plain(guarded("nowhere", 0.2))
    assert plain.exit_code == 0, plain.output
    ours = stage.ours(guarded("nowhere", 0.2))
    assert (ours.exit_code, ours.verdict, ours.concurrency) == (1, "STOPPED", SERVED), ours.output
    assert ours.journal["stopped"].startswith("safeguard errors cannot answer: ")


def test_is_a_safeguard_judged_at_once_and_named(stage: Stage) -> None:
    """G15: plain `chaos` does so when the time to the next look is over. G16: it names no cause."""
    plain = stage.plain(guarded("state", 2.5))
    assert plain.exit_code == 1, plain.output
    assert (stage.root / "plain" / "gone on").exists()
    assert "stopped" not in plain.journal
    ours = stage.ours(guarded("state", 2.5))
    assert (ours.exit_code, ours.verdict, ours.concurrency) == (1, "STOPPED", SERVED), ours.output
    assert not (stage.root / "ours" / "gone on").exists()
    assert ours.journal["stopped"] == "safeguard errors: 1 is not in its tolerance"
