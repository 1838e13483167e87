"""The runner's side of its watchdog: starts it, sends it a byte a second, replaces it if it dies.

The pipe is the lease: the kernel closes it when this process dies, however it does, and nothing
needs a disk. Only this process holds its writing end, for Python's descriptors are not inherited.
"""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from gameday import clock
from gameday.watchdog import BEAT, BEAT_WALL_S, END

ENDS_WITHIN_WALL_S = 5.0


class Heartbeat:
    """Sends signs of life from `start` to `stop`; `on_lost` is called when the watchdog died."""

    def __init__(
        self,
        run_dir: Path,
        max_wall_s: float,
        on_lost: Callable[[], object],
        beat_wall_s: float = BEAT_WALL_S,
    ) -> None:
        self._dir, self._on_lost, self._beat_wall_s = run_dir, on_lost, beat_wall_s
        self._until = clock.monotonic() + max_wall_s
        self._ended = threading.Event()
        self.watchdog: subprocess.Popen[bytes] | None = None
        self._thread = threading.Thread(target=self._beat, name="heartbeat", daemon=True)

    def start(self) -> None:
        """Start the watchdog and the beats.

        :raises OSError: it cannot be started.
        """
        self.watchdog = self._spawn()
        self._thread.start()

    def stop(self) -> None:
        """The run has ended and is put back: the watchdog is told, and waited for a moment."""
        if self._ended.is_set() or self.watchdog is None:
            return
        self._ended.set()
        self._thread.join()
        _send(self.watchdog, END)
        assert self.watchdog.stdin is not None
        self.watchdog.stdin.close()
        with suppress(subprocess.TimeoutExpired):  # a stopped one reads END when it wakes
            self.watchdog.wait(ENDS_WITHIN_WALL_S)

    def _spawn(self) -> subprocess.Popen[bytes]:
        """A session of its own lets it outlive the terminal and whatever ends this process."""
        left_wall_s = self._until - clock.monotonic()
        arguments = [str(self._dir), str(os.getpid()), str(left_wall_s)]
        with (self._dir / "watchdog.log").open("ab") as log:
            return subprocess.Popen(
                [sys.executable, "-m", "gameday.watchdog", *arguments],
                stdin=subprocess.PIPE,
                stdout=log,
                stderr=subprocess.STDOUT,
                bufsize=0,
                start_new_session=True,
            )

    def _beat(self) -> None:
        while not self._ended.wait(self._beat_wall_s):
            if self.watchdog is not None and not _send(self.watchdog, BEAT):
                self._replace(self.watchdog)

    def _replace(self, dead: subprocess.Popen[bytes]) -> None:
        """Start another one; where that fails for now, the next beat tries again."""
        dead.wait()
        assert dead.stdin is not None
        dead.stdin.close()
        try:
            self.watchdog = self._spawn()
        except OSError:
            return
        self._on_lost()


def _send(watchdog: subprocess.Popen[bytes], byte: bytes) -> bool:
    """Whether it could be sent: nobody reads what a dead one was sent."""
    assert watchdog.stdin is not None
    try:
        watchdog.stdin.write(byte)
    except (OSError, ValueError):  # it died, or did so before and its pipe is closed
        return False
    return True
