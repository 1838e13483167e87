"""Becomes another program that ends when its parent does: `child PARENT_PID -- COMMAND ...`.

On Linux the kernel sends SIGTERM when the thread that started it ends, however that died;
elsewhere the program is started as it is.
"""

from __future__ import annotations

import os
import signal
import sys

from gameday.parent import end_with_parent


def become(parent_pid: int, command: list[str]) -> None:
    """Ask to be told of the parent's end, then become `command`; exit if it has ended already."""
    end_with_parent(parent_pid, signal.SIGTERM)
    os.execvp(command[0], command)


if __name__ == "__main__":
    become(int(sys.argv[1]), sys.argv[3:])
