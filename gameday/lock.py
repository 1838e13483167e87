"""One run per target at once: a lock on a file that ends with the process that holds it.

The kernel drops it when the holder dies, however it dies, so nothing is ever left to clean up.
"""

from __future__ import annotations

import fcntl
import os
import tempfile
from hashlib import sha256
from pathlib import Path

from gameday.errors import Refused
from gameday.settings import Target

_held: dict[Path, int] = {}


def path_of(target: Target) -> Path:
    """The lock's file: in the lab's folder, else one per application and endpoint of this user."""
    if target.lab_dir is not None:
        return target.lab_dir / "run.lock"
    named = f"{target.aws_endpoint}|{target.stack}|{','.join(target.regions)}"
    folder = Path(tempfile.gettempdir()) / f"gameday-{os.getuid()}"
    return folder / f"{sha256(named.encode()).hexdigest()[:16]}.lock"


def hold(target: Target, run_dir: Path) -> None:
    """Hold the target until this process ends, or `release` is called.

    :raises Refused: another run holds it; its directory and process are named.
    """
    path = path_of(target)
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    fd = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        holder = os.pread(fd, 4096, 0).decode(errors="replace").strip() or "unknown"
        os.close(fd)
        raise Refused(
            f"another run is under way on this target ({holder}); `gameday stop` ends it"
        ) from None
    os.ftruncate(fd, 0)
    os.pwrite(fd, f"{run_dir.parent.name}/{run_dir.name}, process {os.getpid()}\n".encode(), 0)
    _held[path] = fd


def release(target: Target) -> None:
    """Let the next run begin; nothing to do when it is not held."""
    fd = _held.pop(path_of(target), None)
    if fd is not None:
        os.close(fd)
