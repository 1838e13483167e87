"""A function's log in one Region: what it prints, between Lambda's START, END and REPORT lines.

It is a file that `gameday lab logs` follows, and what CloudWatch Logs is told: lines are stamped
when they are collected, which is up to `COLLECTED_EVERY_WALL_S` after they were written.
"""

from __future__ import annotations

import os
from pathlib import Path

from gameday import clock

COLLECTED_EVERY_WALL_S = 0.5
COLLECTED_BYTES_MAX = 256 * 1024  # of one function at a time; what is beyond comes the next time
TAIL_BYTES = 4096
"""Of X-Amz-Log-Result: "the last 4 KB of the execution log" (API page "Invoke")."""


class FunctionLog:
    """Appends to `<function>.log`; the environments' processes append to the same file.

    `stream` is its name in CloudWatch Logs: one for the function in a Region, where AWS has one for
    each environment.
    """

    def __init__(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self.path = path
        day = clock.utc(clock.now())[:10].replace("-", "/")
        self.stream = f"{day}/[$LATEST]{os.urandom(16).hex()}"
        self._fd = os.open(path, os.O_RDWR | os.O_CREAT | os.O_APPEND, 0o600)
        self._collected = self.position()

    def start(self, request_id: str, version: str) -> None:
        """An invocation begins."""
        os.write(self._fd, f"START RequestId: {request_id} Version: {version}\n".encode())

    def end(
        self, request_id: str, duration_ms: float, memory_mb: int, init_ms: float | None
    ) -> None:
        """An invocation has ended; `init_ms` is of its cold start, if it had one."""
        init = "" if init_ms is None else f"\tInit Duration: {init_ms:.2f} ms"
        os.write(self._fd, (
            f"END RequestId: {request_id}\nREPORT RequestId: {request_id}\t"
            f"Duration: {duration_ms:.2f} ms\tBilled Duration: {int(duration_ms) + 1} ms\t"
            f"Memory Size: {memory_mb} MB{init}\n"
        ).encode())  # fmt: skip

    def line(self, text: str) -> None:
        """One line of the platform's own."""
        os.write(self._fd, text.encode() + b"\n")

    def position(self) -> int:
        """How many bytes there are."""
        return os.fstat(self._fd).st_size

    def tail(self, begin: int) -> bytes:
        """The last 4 KB of what was written since `position()` was `begin`."""
        end = self.position()
        begin = max(begin, end - TAIL_BYTES)
        return os.pread(self._fd, end - begin, begin)

    def collect(self) -> list[str]:
        """The whole lines since the last call; a traceback, which has carriage returns, is one."""
        found = os.pread(self._fd, COLLECTED_BYTES_MAX, self._collected)
        whole = found.rfind(b"\n") + 1
        if not whole and len(found) == COLLECTED_BYTES_MAX:
            whole = len(found)  # one line longer than may be collected: in pieces
        self._collected += whole
        text = found[:whole].decode("utf-8", "replace")
        return [line.replace("\r", "\n").rstrip("\n") for line in text.split("\n") if line]

    def close(self) -> None:
        os.close(self._fd)
