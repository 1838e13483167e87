"""Activities for experiments of these tests; `chaos` imports them by this name."""

from __future__ import annotations

import time
from pathlib import Path


def wait(seconds: float, begun: str | None = None, ended: str | None = None) -> None:
    """Sleep; the files `begun` and `ended` tell that it was."""
    if begun:
        Path(begun).touch()
    time.sleep(seconds)
    if ended:
        Path(ended).touch()


def write(path: str, text: str) -> None:
    """Make the file hold `text`."""
    Path(path).write_text(text)


def number(path: str) -> int:
    """The number in the file; it is an error when there is none."""
    return int(Path(path).read_text())
