"""A function's log in one Region: what it prints, between Lambda's START, END and REPORT lines."""

from __future__ import annotations

import os
from pathlib import Path


class FunctionLog:
    """Appends to `<function>.log`; the environments' processes append to the same file."""

    def __init__(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self.path = path
        self._fd = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)

    def start(self, request_id: str) -> None:
        """An invocation begins."""
        os.write(self._fd, b"START RequestId: %s Version: $LATEST\n" % request_id.encode())

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

    def close(self) -> None:
        os.close(self._fd)
