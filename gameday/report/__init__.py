"""What a run leaves for people and machines: findings.json, report.html, report.md, junit.xml.

`write` may be repeated at any time: everything is computed anew from what was recorded.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from gameday.measure.findings import findings
from gameday.report import html, junit, manifest, markdown

__all__ = ["write"]

PAGES: dict[str, Callable[[dict[str, Any]], str]] = {
    "findings.json": lambda found: json.dumps(found, indent=1, allow_nan=False) + "\n",
    "report.html": html.page,
    "report.md": markdown.page,
    "junit.xml": junit.page,
    "seed.txt": lambda found: f"{found['run']['seed']}\n",
}


def write(run_dir: Path) -> dict[str, Any]:
    """Compute the findings of the run in `run_dir`, write every page into it, return the findings.

    :raises RunError: the directory is not one of a run, or a file in it is damaged.
    """
    found = findings(run_dir)
    for name, render in PAGES.items():
        (run_dir / name).write_text(render(found), encoding="utf-8")
    manifest.write(run_dir)
    return found
