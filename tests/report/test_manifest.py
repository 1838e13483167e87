"""Does the manifest hold every file of a run, and tell when one was changed?"""

from __future__ import annotations

import subprocess
from pathlib import Path

from synthetic import Synthetic

from gameday import report
from gameday.report import manifest


def check(run_dir: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        ["sha256sum", "--check", "--strict", "--quiet", manifest.NAME],
        cwd=run_dir, capture_output=True, text=True, check=False,
    )  # fmt: skip


def test_is_a_changed_file_told(tmp_path: Path) -> None:
    run_dir = Synthetic().write(tmp_path)
    report.write(run_dir)
    named = [line.split("  ")[1] for line in (run_dir / manifest.NAME).read_text().splitlines()]
    there = {str(p.relative_to(run_dir)) for p in run_dir.rglob("*") if p.is_file()}
    assert set(named) == there - {manifest.NAME}
    assert check(run_dir).returncode == 0
    (run_dir / "findings.json").write_text("{}")
    assert "findings.json: FAILED" in check(run_dir).stdout
