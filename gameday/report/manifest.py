"""`manifest.sha256`: what every file of a run was when its report was written.

`gameday report --check RUN_DIR` tells whether anything was changed since; so does
`sha256sum --check manifest.sha256` in the run directory, but for files that were added.
"""

from __future__ import annotations

from collections.abc import Iterator
from hashlib import file_digest
from pathlib import Path

from gameday.errors import RunError

NAME = "manifest.sha256"
LEFT_OUT = {NAME, "runner.json", "announce.log"}
"""Itself, what `gameday run` removes at its end, and what is written after the report."""


def write(run_dir: Path) -> None:
    """Write the manifest anew, as `sha256sum` prints it."""
    lines = [f"{digest}  {name}\n" for name, digest in _digests(run_dir)]
    (run_dir / NAME).write_text("".join(lines), encoding="utf-8")


def changed(run_dir: Path) -> list[str]:
    """The files of a run that are not as its manifest says, each with what became of it.

    :raises RunError: there is no manifest, or it is none.
    """
    try:
        lines = (run_dir / NAME).read_text(encoding="utf-8").splitlines()
        then = {name: digest for digest, name in (line.split("  ", 1) for line in lines)}
    except FileNotFoundError as e:
        raise RunError(f"{run_dir} has no {NAME}; `gameday report {run_dir}` writes one") from e
    except ValueError as e:
        raise RunError(f"{run_dir}/{NAME} is damaged: lines are SHA-256, two blanks, name") from e
    now = dict(_digests(run_dir))
    return [
        f"{name} was {_became(then.get(name), now.get(name))}"
        for name in sorted(then.keys() | now.keys())
        if then.get(name) != now.get(name)
    ]


def _became(then: str | None, now: str | None) -> str:
    if then is None:
        return "added"
    return "removed" if now is None else "changed"


def _digests(run_dir: Path) -> Iterator[tuple[str, str]]:
    for path in sorted(run_dir.rglob("*")):
        if path.is_file() and path.name not in LEFT_OUT:
            with path.open("rb") as file:
                yield str(path.relative_to(run_dir)), file_digest(file, "sha256").hexdigest()
