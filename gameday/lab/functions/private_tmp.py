"""A /tmp of its own for an execution environment, which it keeps from one invocation to the next.

On Linux the environment's folder is mounted over /tmp, where the kernel lets us; elsewhere, and in
a lab that lies below /tmp itself, `TMPDIR` leads to it, and only the literal path /tmp is shared.
"""

from __future__ import annotations

import contextlib
import ctypes
import os
import sys
from collections.abc import Iterable
from pathlib import Path

TMP = "/tmp"
_NEW_MOUNTS, _NEW_USER = 0x00020000, 0x10000000  # CLONE_NEWNS, CLONE_NEWUSER
_BIND, _RECURSIVE, _PRIVATE = 0x1000, 0x4000, 0x40000  # MS_BIND, MS_REC, MS_PRIVATE


def enter(folder: str, needed: Iterable[str]) -> bool:
    """Mount `folder` over /tmp for this process, which has one thread; whether that was done.

    It is not where one of the paths `needed` is below /tmp and would vanish. The kernel's signal at
    the parent's death is lost by it: ask for that afterwards.
    """
    hidden = any(os.path.realpath(path).startswith(f"{TMP}/") for path in needed)
    if sys.platform != "linux" or hidden:
        return False
    user, group = os.getuid(), os.getgid()
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.unshare(_NEW_MOUNTS if user == 0 else _NEW_MOUNTS | _NEW_USER) != 0:
        return False
    with contextlib.suppress(OSError):
        if user != 0:
            Path("/proc/self/setgroups").write_text("deny")
            Path("/proc/self/uid_map").write_text(f"{user} {user} 1")
            Path("/proc/self/gid_map").write_text(f"{group} {group} 1")
        if libc.mount(b"none", b"/", None, _RECURSIVE | _PRIVATE, None) != 0:
            return False
        return bool(libc.mount(folder.encode(), TMP.encode(), None, _BIND, None) == 0)
    return False
