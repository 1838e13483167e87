"""The load beside an experiment: starts Locust, waits until it is steady, ends it.

Locust patches sockets of a whole process, so it is a process of its own. It ends with this one;
when somebody else has started it already (`GAMEDAY_LOAD_RUNNING`), it is only waited for.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Callable, Mapping
from dataclasses import replace
from importlib import resources
from pathlib import Path

from gameday import clock
from gameday.clock import Clock
from gameday.controls.locustfile import why_ended
from gameday.controls.warm_up import WarmUp
from gameday.errors import RunError, UsageError
from gameday.experiment import Load
from gameday.journal import Tail
from gameday.probes.load_log import settled_until
from gameday.workload import workload
from gameday.workload.mix import shares_pct

STEADY_S = 20.0
"""AWS seconds that must be served before warm-up counts as over,"""

STEADY_WALL_S = 5.0
"""but never more than this of wall time."""

READY_WITHIN_S = 60.0
READY_WITHIN_WALL_S = 30.0
END_WITHIN_WALL_S = 15.0

BESIDE = resources.files("gameday.load").joinpath("beside.py")
"""Importing it would import Locust; Locust is given its path."""


def overridden(load: Load, environ: Mapping[str, str] = os.environ) -> Load:
    """The load with what GAMEDAY_CLIENTS, GAMEDAY_RATE_PER_S, GAMEDAY_LOAD and the like say.

    :raises UsageError: one of them is malformed.
    """
    try:
        if file := environ.get("GAMEDAY_LOCUSTFILE"):
            load = replace(load, file=file)
        if mix := environ.get("GAMEDAY_CLIENTS"):
            load = replace(load, clients=shares_pct(mix))
        if rate := environ.get("GAMEDAY_RATE_PER_S"):
            load = replace(load, rate_per_s=float(rate))
        if count := environ.get("GAMEDAY_CLIENTS_PER_POPULATION"):
            load = replace(load, clients_per_population=int(count))
        if caches := environ.get("GAMEDAY_CACHES_PER_POPULATION"):
            load = replace(load, caches_per_population=int(caches))
        if course := environ.get("GAMEDAY_LOAD"):
            load = replace(load, course=course)
    except ValueError as e:
        raise UsageError(f"rates and counts of a load are numbers: {e}") from e
    return load


class LoadProcess:
    """One Locust for one run."""

    def __init__(self, run_dir: Path, load: Load, speed: float) -> None:
        self._dir, self._load, self._clock = run_dir, load, Clock(speed)
        self._process: subprocess.Popen[bytes] | None = None
        self._log = run_dir / "load.log"

    def start(self) -> None:
        """Start Locust; with its web pages where GAMEDAY_WEB_PORT names their port.

        :raises UsageError: the locustfile is not there.
        """
        if not Path(self._load.file).is_file():
            raise UsageError(f"{self._load.file}: no such locustfile; see extensions[gameday].load")
        command = [sys.executable, "-m", "gameday.controls.child", str(os.getpid()), "--"]
        files = f"{BESIDE},{self._load.file}"  # the locustfile need not know of us
        command += [sys.executable, "-m", "locust", "-f", files, *_pages()]
        command += ["--only-summary", "--exit-code-on-error", "0"]
        with self._log.open("wb") as log:
            self._process = subprocess.Popen(
                command,
                env=self._environment(),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,  # a terminal's Ctrl-C is for the runner to pass on
            )

    def _environment(self) -> dict[str, str]:
        environ = {
            "LOCUST_MASTER_BIND_HOST": "127.0.0.1",  # for LOCUST_PROCESSES; Locust's own is *
            **os.environ,
            "GAMEDAY_RUN_DIR": str(self._dir),
            "GAMEDAY_RATE_PER_S": f"{self._load.rate_per_s:g}",
            "GAMEDAY_CLIENTS_PER_POPULATION": str(self._load.clients_per_population),
        }
        if self._load.caches_per_population:
            environ["GAMEDAY_CACHES_PER_POPULATION"] = str(self._load.caches_per_population)
        if self._load.course:
            environ["GAMEDAY_LOAD"] = self._load.course
        if self._load.clients:
            mix = (f"{profile}={share:g}" for profile, share in self._load.clients.items())
            environ["GAMEDAY_CLIENTS"] = ",".join(mix)
        return environ

    def wait_ready(self, share_pct: float) -> bool:
        """Whether the load became steady: it has its base rate, and `share_pct` of it are served.

        Waits for it as long as one may; False when requests are made but too few are served.

        :raises RunError: Locust ended, made no request at all, or did not come to its base rate.
        """
        tail, ramp_s = Tail(self._dir), workload.parse(self._load.course).ramp_s
        warm = WarmUp(self._clock, min(STEADY_WALL_S, self._clock.wall(STEADY_S)))
        deadline = clock.monotonic() + READY_WITHIN_WALL_S
        deadline += self._clock.wall(READY_WITHIN_S + ramp_s)
        while clock.monotonic() < deadline:
            warm.feed(tail.new())
            until = settled_until(clock.now(), self._clock.speed)
            if warm.lack(until) is None and (warm.success_pct(until) or 0.0) >= share_pct:
                return True
            self._refuse_dead()
            clock.sleep_wall(0.1)
        if defect := warm.defect(until):
            raise RunError(f"{defect}; see {self._log}")
        return False

    def _refuse_dead(self) -> None:
        if self._process is not None and self._process.poll() is not None:
            lines = self._log.read_text(errors="replace").strip().splitlines() or ["no output"]
            raise RunError(
                why_ended(self._load.file, lines, Path(self._load.file).read_text(errors="replace"))
                or f"Locust ended with {self._process.returncode}: {lines[-1]}"
            )

    def stop(self, hurry: Callable[[], bool] = lambda: False) -> None:
        """End Locust if it is ours, so that it writes its last lines; nothing is left running."""
        process, self._process = self._process, None
        if process is None or process.poll() is not None:
            return
        process.terminate()
        process.send_signal(signal.SIGCONT)  # one that somebody has stopped obeys, too
        deadline = clock.monotonic() + END_WITHIN_WALL_S
        while process.poll() is None and clock.monotonic() < deadline and not hurry():
            clock.sleep_wall(0.05)
        if process.poll() is None:
            process.kill()
            process.wait()


def _pages() -> list[str]:
    port = os.environ.get("GAMEDAY_WEB_PORT")
    return (
        ["--autostart", "--web-host", "127.0.0.1", "--web-port", port] if port else ["--headless"]
    )
