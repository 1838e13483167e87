"""Lines appended to a file that survive what ends a process or a machine.

They are forced onto the disk before anybody acts on them, and blocks are reserved beforehand so
that some more can be written when the disk is full.
"""

from __future__ import annotations

import ctypes
import errno
import fcntl
import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from gameday.clock import Clock

RESERVED_BYTES = 256 * 1024
LOCK_WITHIN_WALL_S = 5.0
_KEEP_SIZE = 1  # FALLOC_FL_KEEP_SIZE: reserve blocks, leave the length alone


@contextmanager
def appending(path: Path) -> Iterator[Callable[[list[str]], None]]:
    """A function that appends lines in one write; they are on the disk when it returns.

    One process at a time. One that was stopped (SIGSTOP) while it held the lock must not keep the
    watchdog out: after LOCK_WITHIN_WALL_S its turn is over.

    :raises OSError: the file cannot be written.
    """
    fd = os.open(path, os.O_RDWR | os.O_CREAT | os.O_APPEND, 0o600)
    try:
        Clock().wait_for(lambda: _locked(fd), LOCK_WITHIN_WALL_S, every_s=0.02)
        _drop_torn(fd)
        _reserve(fd)
        yield lambda lines: _write(fd, lines)
    finally:
        os.close(fd)


def sync_folders(path: Path, levels: int = 3) -> None:
    """Force the names of a new file and of the folders made for it onto the disk."""
    for folder in list(path.parents)[:levels]:
        fd = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(fd)
        finally:
            os.close(fd)


def replace(path: Path, text: str, mode: int) -> None:
    """Give the file this text; a reader, or a power cut, leaves the old one or the whole new one.

    :raises OSError: it cannot be written; the old file is as it was.
    """
    new = path.with_name(f"{path.name}.new")
    fd = os.open(new, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, mode)
    with os.fdopen(fd, "w", encoding="utf-8") as file:
        file.write(text)
        file.flush()
        os.fsync(fd)
    new.replace(path)


def _write(fd: int, lines: list[str]) -> None:
    data = "".join(f"{line}\n" for line in lines).encode()
    if os.write(fd, data) < len(data):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
    os.fsync(fd)


def _locked(fd: int) -> bool:
    try:
        fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _drop_torn(fd: int) -> None:
    """Drop a last line without end, as a power cut leaves it.

    Nothing was changed for it: a change begins when its whole line has been forced onto the disk.
    """
    size = os.fstat(fd).st_size
    start = max(0, size - RESERVED_BYTES)
    tail = os.pread(fd, size - start, start)
    if tail and not tail.endswith(b"\n"):
        os.ftruncate(fd, start + tail.rfind(b"\n") + 1)


def _reserve(fd: int) -> None:
    """Reserve room after the end of the file where the system can; best effort elsewhere."""
    if sys.platform == "linux":
        libc = ctypes.CDLL(None, use_errno=True)
        length = ctypes.c_int64(os.fstat(fd).st_size + RESERVED_BYTES)
        libc.fallocate(fd, _KEEP_SIZE, ctypes.c_int64(0), length)
