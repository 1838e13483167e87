"""Where a run is kept: `reports/runs/<experiment>/<UTC time>`, and which of them is the latest.

The runner may have made the directory already; then GAMEDAY_RUN_DIR names it.
"""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import Any

from gameday import clock, settings
from gameday.controls import run_files
from gameday.errors import RunError
from gameday.journal import read_log


def of(experiment: dict[str, Any]) -> Path:
    """The run directory: the runner's, or a fresh one; every process of the run learns it.

    :raises RunError: it holds a run already.
    """
    named = settings.current().run_dir
    if named is None:
        file = run_files.experiment_file()
        stem = Path(file).stem if file else _slug(str(experiment.get("title", "experiment")))
        named = fresh(Path.cwd(), stem)
    named = named.absolute()
    if (named / "run.json").exists():
        raise RunError(f"{named} holds a run already; unset GAMEDAY_RUN_DIR or name another")
    named.mkdir(parents=True, exist_ok=True)
    os.environ["GAMEDAY_RUN_DIR"] = str(named)
    return named


def fresh(root: Path, stem: str) -> Path:
    """A fresh `reports/runs/<stem>/<UTC time>` below `root`."""
    runs = root / "reports" / "runs" / stem
    runs.mkdir(parents=True, exist_ok=True)
    base = clock.utc(clock.now())[:19].replace(":", "-") + "Z"
    run_dir, number = runs / base, 1
    while run_dir.exists():
        number += 1
        run_dir = runs / f"{base}-{number}"
    run_dir.mkdir()
    return run_dir


def point_latest(run_dir: Path) -> None:
    """Let `reports/latest` point to this run, once it has begun; others have no such link."""
    runs = run_dir.parent.parent
    reports = runs.parent
    if (runs.name, reports.name) != ("runs", "reports"):
        return
    fresh = reports / ".latest"
    fresh.unlink(missing_ok=True)
    fresh.symlink_to(run_dir.relative_to(reports))
    fresh.replace(reports / "latest")


def runner_said(run_dir: Path, kind: str) -> bool:
    """Whether the runner has written an event of this kind."""
    path = run_dir / "events" / "runner.jsonl"
    return path.exists() and any(e["kind"] == kind for e in read_log(path))


def _slug(title: str) -> str:
    return re.sub(r"[^a-z0-9]+", "-", title.lower()).strip("-") or "experiment"
