"""Does the manifest hold every file of a run, and tell when one was changed?"""

from __future__ import annotations

import subprocess
from pathlib import Path

from click.testing import CliRunner
from synthetic import Synthetic

from gameday import cli, report
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
    (run_dir / "zone.json").unlink()
    (run_dir / "added").touch()
    assert manifest.changed(run_dir) == [
        "added was added",
        "findings.json was changed",
        "zone.json was removed",
    ]


def asked(run_dir: Path) -> tuple[int, str]:
    """What `gameday report --check` ends with, and says."""
    done = CliRunner().invoke(cli.main, ["report", "--check", str(run_dir)])
    return done.exit_code, done.output


def test_what_does_the_command_say(tmp_path: Path) -> None:
    run_dir = Synthetic().write(tmp_path)
    exit_code, said = asked(run_dir)
    assert (exit_code, "has no manifest.sha256" in said) == (3, True)
    manifest.write(run_dir)
    assert asked(run_dir) == (0, f"{run_dir}: as it was when its report was written\n")
    (run_dir / "run.json").write_text("{}")
    (run_dir / "added").touch()
    exit_code, said = asked(run_dir)
    assert exit_code == 3
    assert said.endswith("added was added since its report was written, and 1 more\n")
    (run_dir / "manifest.sha256").write_text("nonsense\n")
    assert "is damaged" in asked(run_dir)[1]
