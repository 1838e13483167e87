"""A user's program in one Region: started with the Region's environment, ended with the Region.

A keeper process stands between: it holds the program's process group, and ends it when its own
standard input ends, so that a Region that is killed leaves nothing behind.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import shlex
import shutil
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Mapping
from pathlib import Path

from gameday import clock
from gameday.errors import LabError

READY_WITHIN_S = 30.0
TERM_WITHIN_S = 3.0
POLL_S = 0.05


class Program:
    """The program of one Region; `address` is where it listens."""

    def __init__(
        self, command: str, folder: Path, variables: Mapping[str, str], log: Path, bind: str
    ) -> None:
        self._command, self._folder, self._log = command, folder, log
        self._variables = variables
        self._keeper: subprocess.Popen[bytes] | None = None
        self.address = (bind, _free_port(bind))

    async def start(self) -> None:
        """Start it and wait until it accepts connections.

        :raises LabError: there is no such command, it ended, or it does not listen on $PORT.
        """
        words = shlex.split(self._command)
        kept = {n: os.environ[n] for n in ("PATH", "HOME", "LANG", "TMPDIR") if n in os.environ}
        host, port = self.address
        env = {**self._variables, **kept, "PORT": str(port), "HOST": host}
        if not words or not shutil.which(words[0], path=env.get("PATH")):
            raise LabError(f"--command {self._command!r}: there is no such program on the path")
        self._log.parent.mkdir(parents=True, exist_ok=True)
        with self._log.open("ab") as output:
            self._keeper = subprocess.Popen(
                [sys.executable, "-m", "gameday.lab.program", *words], cwd=self._folder,
                env={**env, "PYTHONPATH": os.pathsep.join(sys.path)}, stdin=subprocess.PIPE,
                stdout=output, stderr=output, start_new_session=True,
            )  # fmt: skip
        await self._listening()

    async def _listening(self) -> None:
        deadline = clock.monotonic() + READY_WITHIN_S
        while clock.monotonic() < deadline:
            if not self.alive:
                raise LabError(f"--command {self._command!r} ended: {self._last_words()}")
            with contextlib.suppress(OSError):
                _, writer = await asyncio.open_connection(*self.address)
                writer.close()
                return
            await asyncio.sleep(POLL_S)
        raise LabError(
            f"--command {self._command!r} does not listen on $PORT "
            f"({self.address[0]}:{self.address[1]}) after {READY_WITHIN_S:.0f} s; see {self._log}"
        )

    @property
    def alive(self) -> bool:
        """Whether it runs."""
        return self._keeper is not None and self._keeper.poll() is None

    def close(self) -> None:
        """SIGTERM to its process group, then SIGKILL; returns when it is gone."""
        if self._keeper is None:
            return
        assert self._keeper.stdin
        self._keeper.stdin.close()
        try:
            self._keeper.wait(TERM_WITHIN_S + 1)
        except subprocess.TimeoutExpired:
            self._keeper.kill()
            self._keeper.wait()

    def _last_words(self) -> str:
        lines = [x for x in self._log.read_text(errors="replace").splitlines() if x.strip()]
        errors = [line for line in lines if "Error" in line] or lines[-1:]
        return errors[0].strip() if errors else f"it said nothing; see {self._log}"


def keep(words: list[str]) -> int:
    """Run `words` in a process group of their own until standard input ends; the exit code."""
    env = {n: v for n, v in os.environ.items() if n != "PYTHONPATH"}
    child = subprocess.Popen(words, stdin=subprocess.DEVNULL, env=env, start_new_session=True)
    signal.signal(signal.SIGTERM, lambda *_: os.close(0))
    threading.Thread(target=_end_with_input, args=(child,), daemon=True).start()
    code = child.wait()
    _signal_group(child.pid, signal.SIGKILL)  # what it left behind
    return code


def _end_with_input(child: subprocess.Popen[bytes]) -> None:
    with contextlib.suppress(OSError):
        while os.read(0, 4096):
            pass
    _signal_group(child.pid, signal.SIGTERM)
    try:
        child.wait(TERM_WITHIN_S)
    except subprocess.TimeoutExpired:
        _signal_group(child.pid, signal.SIGKILL)


def _signal_group(pid: int, number: int) -> None:
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(pid, number)


def _free_port(bind: str) -> int:
    with contextlib.closing(socket.socket()) as probe:
        probe.bind((bind, 0))
        return int(probe.getsockname()[1])


if __name__ == "__main__":
    sys.exit(keep(sys.argv[1:]))
