"""What was predicted for the run that the page shows, worked out by a process of its own.

Locust's process has no second to spare for it: every request would start late.
"""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

RETRY_WALL_S = 2.0
"""Until the clients that the lost Region served are known, which their journal says in time."""

TRIES_MAX = 30

Json = dict[str, Any]


class Expectation:
    """Asked again until it is known. Only a run has one: without exports nothing is predicted."""

    def __init__(self, run_dir: Path) -> None:
        self._run_dir = run_dir
        self._process: subprocess.Popen[bytes] | None = None
        self._next_try, self._tries = float("-inf"), 0

    def look(self, now: float) -> Json | None:
        """The prediction as `gameday.measure.expected` gives it, once; never waits for it."""
        if self._process is None:
            if now >= self._next_try and self._tries < TRIES_MAX:
                self._next_try, self._tries = now + RETRY_WALL_S, self._tries + 1
                self._process = self._ask()
            return None
        if self._process.poll() is None:
            return None
        process, self._process = self._process, None
        assert process.stdout is not None
        with process.stdout as said:
            answer = said.read()
        found: Json | None = json.loads(answer) if process.returncode == 0 else None
        if found is not None:
            self._tries = TRIES_MAX
        return found

    def _ask(self) -> subprocess.Popen[bytes]:
        return subprocess.Popen(
            [sys.executable, "-m", "gameday.measure.expected", str(self._run_dir)],
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
        )  # fmt: skip
