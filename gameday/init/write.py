"""Writes what `plan` decided. A file that is there stays as it is, whatever it holds."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from gameday.errors import UsageError
from gameday.init.plan import InitPlan


@dataclass(frozen=True, slots=True)
class Written:
    """What happened to each file: written now, or left as it was."""

    written: tuple[Path, ...]
    kept: tuple[Path, ...]


def write(plan: InitPlan, root: Path) -> Written:
    """Write the plan's files below `root`; those that exist are kept.

    :raises UsageError: a file cannot be written.
    """
    written, kept = [], []
    for file in plan.files:
        target = root / file.path
        try:
            target.parent.mkdir(parents=True, exist_ok=True)
            with target.open("x", encoding="utf-8") as new:  # fails where something is
                new.write(file.text)
        except FileExistsError:
            kept.append(file.path)
        except OSError as e:
            raise UsageError(f"{target}: cannot write it: {e.strerror}") from e
        else:
            written.append(file.path)
    return Written(tuple(written), tuple(kept))
