"""`manifest.sha256`: what every file of a run was when its report was written.

`sha256sum --check manifest.sha256` in the run directory tells whether anything was changed since.
"""

from __future__ import annotations

from collections.abc import Iterator
from hashlib import file_digest
from pathlib import Path

NAME = "manifest.sha256"
LEFT_OUT = {NAME, "runner.json", "announce.log"}
"""Itself, what `gameday run` removes at its end, and what is written after the report."""


def write(run_dir: Path) -> None:
    """Write the manifest anew, as `sha256sum` prints it."""
    lines = [f"{digest}  {name}\n" for name, digest in _digests(run_dir)]
    (run_dir / NAME).write_text("".join(lines), encoding="utf-8")


def _digests(run_dir: Path) -> Iterator[tuple[str, str]]:
    for path in sorted(run_dir.rglob("*")):
        if path.is_file() and path.name not in LEFT_OUT:
            with path.open("rb") as file:
                yield str(path.relative_to(run_dir)), file_digest(file, "sha256").hexdigest()
