"""Becomes another program that ends when its parent does: `child PARENT_PID -- COMMAND ...`.

On Linux the kernel sends SIGTERM when the thread that started it ends, however that died;
elsewhere the program is started as it is.
"""

from __future__ import annotations

import ctypes
import os
import signal
import sys

PR_SET_PDEATHSIG = 1


def become(parent_pid: int, command: list[str]) -> None:
    """Ask to be told of the parent's end, then become `command`; exit if it has ended already."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGTERM)
    if os.getppid() != parent_pid:
        sys.exit(1)
    os.execvp(command[0], command)


if __name__ == "__main__":
    become(int(sys.argv[1]), sys.argv[3:])
