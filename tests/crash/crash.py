"""Kills runs at random until enough were killed, and demands that nothing is left changed.

    python tests/crash/crash.py [--seed S] [--count N]       make crash-test SEED=S COUNT=N

One lab lives as long as nobody kills it. A kill that met nobody (the run was over) is not counted.
A failure prints its seed: the same seed and count play the same kills, and `--only NUMBER` the one
that failed. Where the system lets this make a file system of its own, one sort of kill fills it.
"""

from __future__ import annotations

import argparse
import contextlib
import os
import random
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parent))

import kills
import project
import state
import victims
from kills import FULL_DISK, LAB, POWER_CUT, Kill

from gameday import clock
from gameday.clock import Clock
from gameday.lab import handle

LAB_NAME = "crash"
UNDO_COPIES = "/crash/undo"
OWN_MOUNTS = "GAMEDAY_CRASH_OWN_MOUNTS"
RUNS_BYTES = 48 * 1024 * 1024
ANCHOR_WITHIN_S = 60.0
ENDS_WITHIN_S = 120.0
WALL = Clock()


class Failed(Exception):
    """Something was not as before."""


class Crash:
    """A project, its lab, and what the control plane was like before anybody was killed."""

    def __init__(self, root: Path) -> None:
        self.root, self.folder = root, root / ".gameday" / LAB_NAME
        self.disk: victims.FullDisk | None = None
        self.env: dict[str, str] = {}
        self.before: dict[str, Any] = {}

    def gameday(self, *arguments: str) -> subprocess.Popen[bytes]:
        environ = {
            name: os.environ[name] for name in ("PATH", "HOME", "LANG", "TMPDIR", "PYTHONPATH")
            if name in os.environ
        }  # fmt: skip
        environ["GAMEDAY_UNDO_COPY"] = f"ssm://eu-west-1{UNDO_COPIES}"
        with (self.root / "gameday.log").open("ab") as log:
            return subprocess.Popen(
                [sys.executable, "-m", "gameday", *arguments], cwd=self.root, env=environ,
                stdin=subprocess.DEVNULL, stdout=log, stderr=subprocess.STDOUT,
                start_new_session=True, preexec_fn=_heed_interrupts,
            )  # fmt: skip

    def up(self) -> None:
        """Start the lab; note what everything is like."""
        if self.gameday("lab", "up", "--lab", LAB_NAME).wait(120) != 0:
            raise Failed(f"the lab did not come up; see {self.root / 'gameday.log'}")
        self.env = handle.environment(self.folder)
        self.before = state.projection(self.env)

    def down(self) -> None:
        if handle.is_up(self.folder):
            handle.down(self.folder)
        self._no_process_and_no_port()

    def _no_process_and_no_port(self) -> None:
        def left() -> list[int]:
            return [pid for pid in victims.alive() if victims.works_in(pid, self.root)]

        if not WALL.wait_for(lambda: not left(), 20, every_s=0.1):
            raise Failed(f"the lab left processes {left()}")
        ports = [self.env["AWS_ENDPOINT_URL"].rpartition(":")[2], self.env["GAMEDAY_HTTP_PORT"]]
        for port in (*ports, self.env["GAMEDAY_DNS"].rpartition(":")[2]):
            with socket.socket() as one:
                one.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
                one.bind(("127.0.0.1", int(port)))

    # -- one kill ------------------------------------------------------------------------------

    def play(self, kill: Kill) -> bool:
        """Do it and judge; False when there was nobody to be killed any more."""
        self._healthy()
        if kill.how == LAB:
            return self._kill_lab(random.Random(kill.seed))
        file = project.experiment_file(self.root, kill.fault, kill.load)
        known = set(self.runs(file.stem))
        runner = self.gameday("run", str(file.relative_to(self.root)), "--lab", LAB_NAME)
        try:
            run_dir = self.run_dir(runner, file.stem, known)
            hit = self._hit(kill, runner, run_dir)
            self._await_end(kill, runner, run_dir)
        finally:
            self.end(runner)
        self.judge(run_dir)
        shutil.rmtree(run_dir)
        return hit

    def runs(self, stem: str) -> list[Path]:
        return list(self.root.glob(f"reports/runs/{stem}/*"))

    def run_dir(self, runner: subprocess.Popen[bytes], stem: str, known: set[Path]) -> Path:
        made: list[Path] = []

        def there() -> bool:
            made[:] = [d for d in self.runs(stem) if d not in known]
            return bool(made) or runner.poll() is not None

        WALL.wait_for(there, ANCHOR_WITHIN_S, every_s=0.02)
        if not made:
            raise Failed(f"the run did not begin; see {self.root / 'gameday.log'}")
        return made[0]

    def _hit(self, kill: Kill, runner: subprocess.Popen[bytes], run_dir: Path) -> bool:
        def reached() -> bool:
            seen = {e["kind"] for e in victims.events(run_dir)}
            return not kill.anchor or kill.anchor in seen or runner.poll() is not None

        WALL.wait_for(reached, ANCHOR_WITHIN_S, every_s=0.02)
        clock.sleep_wall(kill.delay_s)
        if kill.how == FULL_DISK:
            assert self.disk is not None
            self.disk.fill()
            return runner.poll() is None
        if kill.how == POWER_CUT:
            return victims.cut_power(run_dir, runner, random.Random(kill.seed))
        found = victims.processes(run_dir).get(kill.victim, [])
        hits = [victims.send(pid, signal.Signals[kill.how]) for pid in found]
        return any(hits)

    def _await_end(self, kill: Kill, runner: subprocess.Popen[bytes], run_dir: Path) -> None:
        """Wait until nothing of the run goes on; who was stopped is woken when that was judged."""
        if kill.how == "SIGSTOP" and kill.victim == "runner":
            self._until(lambda: not victims.processes(run_dir).get("chaos"), "chaos did not end")
            self.same()
        if kill.how == "SIGSTOP" and kill.victim == "chaos":
            self._until(
                lambda: self._by_watchdog(run_dir) or not self._watched(run_dir),
                "the watchdog did not act",
            )
            self.same(but=UNDO_COPIES)  # they fence who is still there
        if kill.how == "SIGSTOP" and kill.victim in ("runner", "chaos"):
            self._wake(run_dir, runner)
        self._until(lambda: runner.poll() is not None, "the runner did not end")
        self._wake(run_dir, runner)
        self._until(
            lambda: not victims.processes(run_dir), lambda: f"left: {victims.processes(run_dir)}"
        )
        if self.disk is not None:
            self.disk.empty()

    def _watched(self, run_dir: Path) -> bool:
        """Whether the run still needs a watchdog; it goes when everything is put back."""
        return "watchdog" in victims.processes(run_dir)

    def _by_watchdog(self, run_dir: Path) -> bool:
        found = victims.events(run_dir)
        return any(e["kind"] == "put.back" and e["by"] == "watchdog" for e in found)

    def _wake(self, run_dir: Path, runner: subprocess.Popen[bytes]) -> None:
        for pids in (*victims.processes(run_dir).values(), [runner.pid]):
            for pid in pids:
                victims.send(pid, signal.SIGCONT)

    def _until(self, condition: Callable[[], bool], said: str | Callable[[], str]) -> None:
        if not WALL.wait_for(condition, ENDS_WITHIN_S, every_s=0.05):
            raise Failed(said if isinstance(said, str) else said())

    def end(self, runner: subprocess.Popen[bytes]) -> None:
        """Leave nothing of a run running, whatever became of it."""
        if runner.poll() is None:
            for run_dir in self.root.glob("reports/runs/*/*"):
                for pids in victims.processes(run_dir).values():
                    for pid in pids:
                        victims.send(pid, signal.SIGKILL)
            runner.kill()
        runner.wait()
        if self.disk is not None:
            self.disk.empty()

    # -- what must be true ---------------------------------------------------------------------

    def judge(self, run_dir: Path) -> None:
        self.same()
        if left := victims.still_open(run_dir):
            raise Failed(f"the undo journal still holds {', '.join(left)}")

    def same(self, but: str | None = None) -> None:
        """Demand that every setting is as before; `but` names those that need not be."""
        wrong = state.difference(self.before, state.projection(self.env))
        if wrong := [line for line in wrong if but is None or but not in line]:
            raise Failed("not as before: " + "; ".join(wrong))

    def _healthy(self) -> None:
        """Wait for what takes its time after a fault: health checks, so that the next one bites."""
        route53 = state.clients(self.env)("route53", "us-east-1")
        checks = [c["Id"] for c in route53.list_health_checks()["HealthChecks"]]

        def failing() -> list[str]:
            return [
                f"{check}: {observed['StatusReport']['Status']}"
                for check in checks
                for observed in route53.get_health_check_status(HealthCheckId=check)[
                    "HealthCheckObservations"
                ]
                if not observed["StatusReport"]["Status"].startswith("Success")
            ]

        self._until(
            lambda: not failing(),
            lambda: f"the health checks did not recover: {'; '.join(sorted(set(failing())))}",
        )

    def _kill_lab(self, rng: random.Random) -> bool:
        """Kill one of the lab's processes; the supervisor's end must be the end of all."""
        pid = handle.call(self.env, "GET", "/status")["pid"]
        number = rng.choice(["SIGKILL", "SIGTERM", "SIGINT", "SIGHUP"])
        victims.send(pid, signal.Signals[number])
        self._until(lambda: not victims.is_alive(pid), f"the lab survived {number}")
        self._no_process_and_no_port()
        self.up()
        return True


def _heed_interrupts() -> None:
    """A shell starts background jobs with SIGINT ignored, and that is inherited."""
    signal.signal(signal.SIGINT, signal.default_int_handler)


@contextlib.contextmanager
def crashing(root: Path) -> Iterator[Crash]:
    """The project and its lab; nothing of them is left afterwards."""
    project.make(root)
    crash = Crash(root)
    (root / "reports").mkdir()
    if os.environ.get(OWN_MOUNTS):
        options = f"size={RUNS_BYTES}"
        subprocess.run(
            ["mount", "-t", "tmpfs", "-o", options, "none", root / "reports"], check=True
        )
        crash.disk = victims.FullDisk(root / "reports")
    try:
        crash.up()
        yield crash
    finally:
        crash.down()
        if crash.disk is not None:
            _unmount(root / "reports")


def _unmount(folder: Path) -> None:
    """Give the file system back; it is busy until the last process that ended is gone."""

    def done() -> bool:
        asked = subprocess.run(["umount", folder], stderr=subprocess.DEVNULL, check=False)
        return asked.returncode == 0

    if not WALL.wait_for(done, ENDS_WITHIN_S, every_s=0.1):
        raise Failed(f"{folder} is still busy")


def play(seed: int, count: int, only: int | None, say: Callable[[str], None]) -> int:
    """Play `count` kills that hit; 1 at the first that leaves something changed."""
    root = Path(tempfile.mkdtemp(prefix="gameday-crash-")).resolve()
    kept = root.with_name(f"{root.name}-failed")
    hits, began = 0, clock.monotonic()
    with crashing(root) as crash:
        if crash.disk is None:
            say("no file system of our own can be made here: no disk is filled")
        for kill in kills.plan(seed):
            if only not in (None, kill.number) or (kill.how == FULL_DISK and crash.disk is None):
                continue
            at = clock.monotonic()
            try:
                hit = crash.play(kill)
            except Failed as e:
                say(f"FAILED  {kill.number}: {kill}: {e}")
                say(f"again: make crash-test SEED={seed} ONLY={kill.number}; files: {kept}")
                shutil.copytree(root / "reports", kept, symlinks=True)
                return 1
            hits += hit
            say(f"{hits:4d}  {kill.number}: {kill}{'' if hit else ': met nobody'}"
                f"  ({clock.monotonic() - at:.1f} s)")  # fmt: skip
            if hits >= count or only:
                break
    shutil.rmtree(root, ignore_errors=True)
    say(f"{hits} kills, seed {seed}: everything was put back every time, "
        f"in {clock.monotonic() - began:.0f} s")  # fmt: skip
    return 0


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seed", type=int, default=random.SystemRandom().randrange(10**6))
    parser.add_argument("--count", type=int, default=20)
    parser.add_argument("--only", type=int)
    options = parser.parse_args()
    if not os.environ.get(OWN_MOUNTS) and _may_mount():
        os.environ[OWN_MOUNTS] = "1"
        again = [*NAMESPACE, sys.executable, __file__, "--seed", str(options.seed)]
        again += ["--count", str(options.count)]
        os.execvp(again[0], again + (["--only", str(options.only)] if options.only else []))
    say = lambda line: print(line, flush=True)  # noqa: E731
    say(f"seed {options.seed}")
    return play(options.seed, options.count, options.only, say)


NAMESPACE = ["unshare", "--user", "--map-root-user", "--mount"]


def _may_mount() -> bool:
    """Whether this user may have file systems of its own (Linux, user namespaces)."""
    try:
        command = [*NAMESPACE, "mount", "-t", "tmpfs", "none", "/mnt"]
        return subprocess.run(command, capture_output=True, check=False).returncode == 0
    except OSError:
        return False


if __name__ == "__main__":
    sys.exit(main())
