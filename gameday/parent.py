"""A process that must not outlive the one that started it asks the kernel for a signal.

Linux tells when the *thread* that started the process ends, however it dies; elsewhere nothing
does, and whoever needs certainty keeps a pipe or a socket as well (prctl(2), PR_SET_PDEATHSIG).
"""

from __future__ import annotations

import ctypes
import os
import signal
import sys

PR_SET_PDEATHSIG = 1


def end_with_parent(parent_pid: int, number: signal.Signals) -> None:
    """Have this process sent signal `number` when its parent ends; exit if it has ended already.

    The parent may have died before the request: then its pid is no longer our parent's.
    """
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, number)
    if os.getppid() != parent_pid:
        os._exit(1)
