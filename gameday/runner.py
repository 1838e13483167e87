"""One experiment, from its file to its verdict: spawns `chaos run` and follows what it writes.

The control `gameday.controls.record` does the measuring, so that plain `chaos run` leaves the same
run directory. What is added here: rollbacks always, a live screen, one way to stop, the undo
journal played when `chaos` died, and the exit code.
"""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from gameday import aws, clock, experiment, redact, report, settings, undo
from gameday.clock import Clock
from gameday.controls import run_dir as run_dirs
from gameday.errors import GamedayError, RunError, RunStopped
from gameday.journal import Event, EventLog, Tail, read_events

CONTROL = {
    "name": "gameday",
    "provider": {"type": "python", "module": "gameday.controls.record"},
}
POLL_WALL_S = 0.1
STOP_WITHIN_WALL_S = 90.0
WATCHDOG_WITHIN_WALL_S = 10.0
"""How long a watchdog is given to put back what a dead `chaos` left."""


@dataclass(frozen=True, slots=True)
class Order:
    """What to run, against which target."""

    file: Path
    root: Path
    env: Mapping[str, str]  # the target's settings
    extra: Mapping[str, str] = field(default_factory=dict)  # GAMEDAY_ overrides of this run


@dataclass
class Watchers:
    """Who wants to see the run while it happens; `asked_to_stop` is polled."""

    on_start: Callable[[Path], None] = lambda run_dir: None
    on_event: Callable[[Event], None] = lambda event: None
    on_tick: Callable[[], None] = lambda: None
    asked_to_stop: Callable[[], str | None] = lambda: None


def run(order: Order, watchers: Watchers) -> tuple[Path, dict[str, Any]]:
    """Run the experiment; its directory and its findings.

    :raises GamedayError: it could not begin. Once begun, every end has findings.
    """
    redact.declare_inline(experiment.read(order.file).get("secrets"))
    try:
        return _run(order, watchers)
    except OSError as e:  # a full disk, mostly
        raise RunError(f"the run cannot be written down: {e}; `gameday status` tells more") from e


def _run(order: Order, watchers: Watchers) -> tuple[Path, dict[str, Any]]:
    run_dir = run_dirs.fresh(order.root, order.file.stem)
    watchers.on_start(run_dir)
    environ = {**os.environ, **order.env, **order.extra, "GAMEDAY_RUN_DIR": str(run_dir)}
    with _stop_signals() as signals:
        chaos = _spawn(order, run_dir, environ)
        try:
            _write_runner(run_dir, chaos.pid)
            stopped = _follow(chaos, run_dir, watchers, signals)
        except BaseException:
            _end(chaos, run_dir)
            raise
    with environment(environ):
        redact.logs(run_dir)
        if not (run_dir / "run.json").exists():
            (run_dir / "runner.json").unlink(missing_ok=True)
            raise RunError(_why_not_begun(run_dir))
        _settle(run_dir)
        findings = report.write(run_dir)
    (run_dir / "runner.json").unlink(missing_ok=True)
    if stopped and findings["verdict"] == "PASSED":
        raise RunStopped(f"{run_dir}: stopped ({stopped}), yet the findings say PASSED")
    return run_dir, findings


def _settle(run_dir: Path) -> None:
    """Put back what is still changed, if neither `chaos` nor its watchdog did."""
    if Clock().wait_for(lambda: _is_put_back(run_dir), WATCHDOG_WITHIN_WALL_S, every_s=0.1):
        return
    journal = undo.UndoJournal(run_dir)
    journal.take(f"runner {os.getpid()}")
    undo.put_back(journal, by="runner")
    journal.forget_copy()


def _is_put_back(run_dir: Path) -> bool:
    last = [event for event in read_events(run_dir) if event["kind"] == "put.back"][-1:]
    return bool(last) and last[0]["equal"] == last[0]["settings"]


def _spawn(order: Order, run_dir: Path, environ: Mapping[str, str]) -> subprocess.Popen[bytes]:
    file = os.path.relpath(_with_control(order.file, run_dir), order.root)
    command = [
        sys.executable, "-m", "gameday.controls.child", str(os.getpid()), "--",
        sys.executable, "-m", "chaostoolkit", "--no-version-check",
        "--log-file", str(run_dir / "chaos.log"),
        "run", "--rollback-strategy", "always",
        "--journal-path", str(run_dir / "journal.json"), file,
    ]  # fmt: skip
    with (run_dir / "chaos-output.log").open("wb") as output:
        return subprocess.Popen(
            command, cwd=order.root, env=dict(environ), stdin=subprocess.DEVNULL,
            stdout=output, stderr=subprocess.STDOUT, start_new_session=True,
        )  # fmt: skip


def _with_control(file: Path, run_dir: Path) -> Path:
    """The experiment, or a copy in the run directory that carries our control."""
    body = experiment.read(file)
    named = [c.get("provider", {}).get("module") for c in body.get("controls", [])]
    if CONTROL["provider"]["module"] in named:  # type: ignore[index]
        return file.resolve()
    body["controls"] = [CONTROL, *body.get("controls", [])]
    copy = run_dir / "experiment.json"
    copy.write_text(json.dumps(body, indent=1))
    return copy


def _write_runner(run_dir: Path, chaos_pid: int) -> None:
    facts = {"pid": os.getpid(), "chaos_pid": chaos_pid}
    facts |= {f"{name}_began": _began(pid) for name, pid in facts.items()}
    (run_dir / "runner.json").write_text(json.dumps(facts))


@contextlib.contextmanager
def _stop_signals() -> Iterator[list[str]]:
    """Collects the names of SIGINT, SIGTERM and SIGHUP instead of ending this process."""
    seen: list[str] = []

    def note(number: int, _frame: Any) -> None:
        seen.append(signal.Signals(number).name)

    wanted = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
    before = {number: signal.signal(number, note) for number in wanted}
    try:
        yield seen
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _follow(
    chaos: subprocess.Popen[bytes], run_dir: Path, watchers: Watchers, signals: list[str]
) -> str | None:
    """Feed the watchers until `chaos` ends; why it was stopped, if it was."""
    tail, reason, deadline = Tail(run_dir), None, 0.0
    while True:
        over = chaos.poll() is not None
        for event in tail.new():
            watchers.on_event(event)
        watchers.on_tick()
        if over:
            return reason
        wish = (signals[0] if signals else None) or watchers.asked_to_stop()
        if wish and reason is None:
            reason, deadline = wish, clock.monotonic() + STOP_WITHIN_WALL_S
            _stop(chaos, run_dir, wish)
        elif reason and (len(signals) > 1 or clock.monotonic() > deadline):
            chaos.kill()
        clock.sleep_wall(POLL_WALL_S)


def _stop(chaos: subprocess.Popen[bytes], run_dir: Path, reason: str) -> None:
    """Ask `chaos` to end; its rollbacks are played because their strategy is `always`."""
    with contextlib.suppress(OSError):  # on a full disk it is ended all the same
        log = EventLog(run_dir / "events" / "runner.jsonl")
        log.append("stop", reason=reason)
        log.close()
    with contextlib.suppress(ProcessLookupError):
        chaos.send_signal(signal.SIGINT)


def _end(chaos: subprocess.Popen[bytes], run_dir: Path) -> None:
    """Nobody follows any more: a run must not go on, or inject anything, without its runner."""
    _stop(chaos, run_dir, "its runner failed")
    try:
        chaos.wait(STOP_WITHIN_WALL_S)
    except subprocess.TimeoutExpired:
        chaos.kill()
        chaos.wait()
    (run_dir / "runner.json").unlink(missing_ok=True)


def _why_not_begun(run_dir: Path) -> str:
    """The last thing `chaos` complained about, as one line."""
    output = (run_dir / "chaos-output.log").read_text(errors="replace")
    complaints = [
        line.partition("]")[2].strip() or line
        for line in output.splitlines()
        if any(word in line for word in ("ERROR", "CRITICAL", "not running"))
    ]
    return complaints[-1] if complaints else f"chaos did not begin; see {run_dir}/chaos-output.log"


@contextlib.contextmanager
def environment(environ: Mapping[str, str]) -> Iterator[None]:
    """This process with the target's settings, for the length of the block."""
    before = dict(os.environ)
    os.environ.update(environ)
    try:
        yield
    finally:
        os.environ.clear()
        os.environ.update(before)


def active_runs(root: Path) -> dict[Path, dict[str, int]]:
    """Runs of project `root` that go on, with or without their runner: directory -> process ids."""
    found = {}
    for path in root.glob("reports/runs/*/*/runner.json"):
        with contextlib.suppress(OSError, ValueError, LookupError, TypeError):
            facts = json.loads(path.read_text())
            if _lives(facts, "pid") or _lives(facts, "chaos_pid"):
                found[path.parent] = facts
    return found


def ask_to_stop(run_dir: Path, facts: Mapping[str, int]) -> None:
    """Stop a run from another process: through its runner, or directly where that is gone."""
    try:
        (run_dir / "stop").touch()
    except OSError:  # a full disk
        if _lives(facts, "pid"):
            os.kill(facts["pid"], signal.SIGINT)
    if not _lives(facts, "pid") and _lives(facts, "chaos_pid"):
        with contextlib.suppress(ProcessLookupError):
            os.kill(facts["chaos_pid"], signal.SIGINT)


def _lives(facts: Mapping[str, int], name: str) -> bool:
    """Whether that process of a run lives, and not a later one that was given its number."""
    try:
        os.kill(facts[name], 0)
    except (ProcessLookupError, PermissionError):  # gone, or a stranger's
        return False
    return _began(facts[name]) == facts[f"{name}_began"]


def _began(pid: int) -> int:
    """When process `pid` began, clock ticks since boot; 0 where there is no /proc to tell."""
    try:
        stat = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return 0
    return int(stat[19])  # field 22


def target_environment(file: Path) -> dict[str, str]:
    """The settings of a target file, checked.

    :raises GamedayError: it is malformed, or names what must not be touched.
    """
    env = settings.parse_target_file(file)
    aws.refuse_unmeant(settings.current(env))
    return env


__all__ = [
    "GamedayError",
    "Order",
    "Watchers",
    "active_runs",
    "environment",
    "run",
    "target_environment",
]
