"""The built wheel in an empty directory and a fresh environment: `gameday init` is all it takes."""

from __future__ import annotations

import shutil
import subprocess
import sys
import venv
from pathlib import Path

import pytest
from user_project import ROOT, clean_environment

pytestmark = pytest.mark.scenario


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A virtual environment with the wheel in it; its dependencies are this environment's."""
    folder = tmp_path_factory.mktemp("wheel")
    copy = folder / "source"
    shutil.copytree(ROOT, copy, ignore=shutil.ignore_patterns(".venv*", ".git", "runs", ".gameday"))
    pip = [sys.executable, "-m", "pip", "--disable-pip-version-check"]
    subprocess.run([*pip, "wheel", "--quiet", "--no-deps", "--no-build-isolation", "--wheel-dir",
                    str(folder), str(copy)], check=True)  # fmt: skip
    wheel = next(folder.glob("*.whl"))
    venv.create(folder / "env", with_pip=True)
    python = folder / "env" / "bin" / "python"
    subprocess.run([python, "-m", "pip", "install", "--quiet", "--no-deps", str(wheel)], check=True)
    ours = next(Path(p) for p in sys.path if p.endswith("site-packages"))
    theirs = next((folder / "env").glob("lib/python*/site-packages"))
    (theirs / "dependencies.pth").write_text(f"{ours}\n")
    return python


def gameday(python: Path, where: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [str(python), "-m", "gameday", *arguments], cwd=where, env=clean_environment(), text=True,
        capture_output=True, timeout=240, check=False, stdin=subprocess.DEVNULL,
    )  # fmt: skip


def test_does_the_reference_backend_come_with_the_wheel_and_run(installed, tmp_path) -> None:
    written = gameday(installed, tmp_path, "init", "--reference")
    assert written.returncode == 0, written.stderr
    for name in ("app/src/items.py", "deploy/stacks.yaml", "experiments/region-outage.yaml",
                 "experiments/region-outage.md", "loadtests/steady.py"):  # fmt: skip
        assert (tmp_path / name).exists(), name
    run = gameday(installed, tmp_path, "run", "experiments/region-outage.yaml")
    assert run.returncode == 0, run.stdout[-2000:] + run.stderr[-2000:]


def test_does_init_write_what_a_template_needs_and_overwrite_nothing(installed, tmp_path) -> None:
    shutil.copytree(ROOT / "app", tmp_path / "app")
    (tmp_path / "template.yaml").write_text((ROOT / "deploy" / "regional.yaml").read_text())
    args = ("init", "--template", "template.yaml", "--region", "us-east-1", "--region", "eu-west-1")
    first = gameday(installed, tmp_path, *args)
    assert first.returncode == 0, first.stderr
    assert "/items" in first.stdout
    mine = tmp_path / "experiments" / "region-outage.yaml"
    mine.write_text("mine\n")
    again = gameday(installed, tmp_path, *args)
    assert again.returncode == 0, again.stderr
    assert mine.read_text() == "mine\n"
    for name in ("deploy/stacks.yaml", "deploy/targets/aws.env.example",
                 "experiments/region-outage.md", ".github/workflows/gameday.yml"):  # fmt: skip
        assert (tmp_path / name).exists(), name


def test_is_one_region_too_few_refused(installed, tmp_path) -> None:
    done = gameday(installed, tmp_path, "init", "--region", "us-east-1")
    assert done.returncode == 2
    assert "two Regions" in done.stderr
