"""Do AWS's own checkers accept the templates? They live in an environment of their own.

python3 -m venv .venv-checks && .venv-checks/bin/pip install -r checks/requirements-checks.txt
"""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent.parent
CHECKS = Path(os.environ.get("GAMEDAY_CHECKS_VENV", ROOT / ".venv-checks")) / "bin"
TEMPLATES = ("data.yaml", "regional.yaml", "routing.yaml", "runner.yaml")

pytestmark = pytest.mark.skipif(
    not (CHECKS / "cfn-lint").exists(), reason="no environment for the template checks"
)


def run(tmp_path: Path, *command: str) -> None:
    environ = {"PATH": os.environ["PATH"], "HOME": str(tmp_path), "SAM_CLI_TELEMETRY": "0"}
    done = subprocess.run(command, cwd=ROOT / "deploy", env=environ, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr


def test_does_cfn_lint_accept_them(tmp_path: Path) -> None:
    regions = ("-r", "us-east-1", "eu-west-1")
    run(tmp_path, str(CHECKS / "cfn-lint"), *regions, "-t", *TEMPLATES)


@pytest.mark.parametrize("template", TEMPLATES)
def test_does_sam_accept_it(tmp_path: Path, template: str) -> None:
    run(tmp_path, str(CHECKS / "sam"), "validate", "--lint", "--region", "us-east-1",
        "-t", template)  # fmt: skip
