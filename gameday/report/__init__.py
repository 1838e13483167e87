"""What a run leaves for others: findings.json, report.html, report.md, junit.xml, requests.csv.

`write` may be repeated at any time: everything is computed anew from what was recorded.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from gameday.measure import requests, track_record
from gameday.measure.findings import of
from gameday.measure.run import load
from gameday.measure.track_record import TrackRecord
from gameday.report import html, junit, manifest, markdown

__all__ = ["write"]

FINDINGS = "findings.json"

PAGES: dict[str, Callable[[dict[str, Any], TrackRecord | None], str]] = {
    FINDINGS: lambda found, _: json.dumps(found, indent=1, allow_nan=False) + "\n",
    "report.html": html.page,
    "report.md": markdown.page,
    "junit.xml": lambda found, _: junit.page(found),
    "seed.txt": lambda found, _: f"{found['run']['seed']}\n",
}


def write(run_dir: Path) -> dict[str, Any]:
    """Compute the findings of the run in `run_dir`, write every page into it, return the findings.

    :raises RunError: the directory is not one of a run, or a file in it is damaged.
    """
    run, record = load(run_dir), None
    found = of(run)
    for name, render in PAGES.items():
        (run_dir / name).write_text(render(found, record), encoding="utf-8")
        if name == FINDINGS:  # the record of predictions counts this run, too
            record = track_record.beside(run_dir)
    (run_dir / "requests.csv").write_text(requests.table(run), encoding="utf-8")
    manifest.write(run_dir)
    return found
