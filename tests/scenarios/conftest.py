"""A project of its own for every scenario."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from user_project import ROOT, Project

FOLDERS = ("app", "deploy", "experiments", "loadtests")


@pytest.fixture
def project(tmp_path: Path) -> Project:
    for folder in FOLDERS:
        shutil.copytree(ROOT / folder, tmp_path / folder)
    return Project(tmp_path)
