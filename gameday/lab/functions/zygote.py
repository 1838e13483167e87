"""The Region's end of its zygote: order an environment, hear of its process and of its end."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from typing import Any

from gameday.errors import LabError

READY_WITHIN_S = 30.0


@dataclass(frozen=True, slots=True)
class Order:
    """What an environment is made of."""

    code: str
    handler: str
    env: Mapping[str, str]
    log: str
    tmp: str  # a folder of its own
    fresh: bool
    runtime: str


@dataclass(frozen=True, slots=True)
class _Told:
    started: Callable[[int], None]
    ended: Callable[[int], None]


class Zygote:
    """Starts environments. Create it on the main thread: the kernel ties it to that thread."""

    def __init__(self, env: Mapping[str, str]) -> None:
        ours, theirs = socket.socketpair()
        ours.setblocking(False)
        self._process = subprocess.Popen(
            [sys.executable, "-P", "-m", "gameday.lab.functions.zygote_process",
             str(theirs.fileno()), str(os.getpid())],
            env=dict(env), pass_fds=[theirs.fileno()], stdin=subprocess.DEVNULL,
            start_new_session=True,
        )  # fmt: skip
        theirs.close()
        self._sock = ours
        self._writer: asyncio.StreamWriter | None = None
        self._reader: asyncio.StreamReader | None = None
        self._last_id = 0
        self._ordered: dict[int, _Told] = {}
        self._running: dict[int, Callable[[int], None]] = {}

    async def ready(self) -> None:
        """Wait until it has imported what it prepares.

        :raises LabError: it ended or took more than 30 s of wall time.
        """
        self._reader, self._writer = await asyncio.open_connection(sock=self._sock)
        try:
            line = await asyncio.wait_for(self._reader.readline(), READY_WITHIN_S)
        except TimeoutError:
            line = b""
        if not line:
            raise LabError("the Lambda zygote did not start; see the Region's log")

    async def listen(self) -> None:
        """Pass on what the zygote tells, until it ends, which is an error."""
        assert self._reader
        while line := await self._reader.readline():
            self._hear(json.loads(line))
        raise LabError("the Lambda zygote ended; the Region cannot start environments")

    def start(
        self, order: Order, started: Callable[[int], None], ended: Callable[[int], None]
    ) -> None:
        """Start one environment: `started(pid)` once, `ended(exit status)` once after it."""
        assert self._writer
        self._last_id += 1
        self._ordered[self._last_id] = _Told(started, ended)
        message = {"id": self._last_id, **asdict(order)}
        self._writer.write(json.dumps(message).encode() + b"\n")

    def close(self) -> None:
        """End the zygote and every environment, and wait for it."""
        for pid in self._running:
            kill(pid)
        if self._writer:
            self._writer.close()
        self._sock.close()
        self._process.terminate()
        try:
            self._process.wait(2)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()

    def _hear(self, notice: dict[str, Any]) -> None:
        if "pid" in notice:
            told = self._ordered.pop(notice["id"])
            self._running[notice["pid"]] = told.ended
            told.started(notice["pid"])
        elif "exited" in notice:
            ended = self._running.pop(notice["exited"], None)
            if ended:
                ended(notice["status"])


def kill(pid: int) -> None:
    """Kill an environment and whatever it started."""
    try:
        os.killpg(pid, signal.SIGKILL)
    except ProcessLookupError:
        pass
