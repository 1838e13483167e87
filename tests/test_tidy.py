"""Rules of the house that a reader should be able to rely on."""

from __future__ import annotations

import ast
import re
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
LINES_MAX, FUNCTION_MAX = 350, 70

SOURCES = sorted(p for d in ("gameday", "app") for p in (ROOT / d).rglob("*.py"))
TRACKED = subprocess.run(
    ["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=False
).stdout.split("\n")
IDS = {"ids": lambda p: str(p.relative_to(ROOT))}


@pytest.mark.parametrize("path", SOURCES, **IDS)
def test_is_the_module_short_and_introduced(path: Path) -> None:
    text = path.read_text()
    assert text.count("\n") <= LINES_MAX, f"{path} is longer than {LINES_MAX} lines"
    assert ast.get_docstring(ast.parse(text)), f"{path} has no docstring"


@pytest.mark.parametrize("path", SOURCES, **IDS)
def test_are_functions_short(path: Path) -> None:
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            lines = (node.end_lineno or 0) - node.lineno + 1
            assert lines <= FUNCTION_MAX, f"{path}:{node.lineno} {node.name} has {lines} lines"


READS_TIME = re.compile(r"\btime\.(time|monotonic|perf_counter|sleep)\(|datetime\.(now|utcnow)\(")
WITHOUT_CLOCK = ("app/", "gameday/clock.py")  # the application knows nothing of ours


@pytest.mark.parametrize("path", SOURCES, **IDS)
def test_does_only_the_clock_read_the_time(path: Path) -> None:
    if not str(path.relative_to(ROOT)).startswith(WITHOUT_CLOCK):
        found = READS_TIME.search(path.read_text())
        assert not found, f"{path}: use gameday.clock instead of {found.group() if found else ''}"


def test_is_there_no_machine_path_or_registry_host_in_what_we_ship() -> None:
    bad = re.compile(r"/(root|work|home/\w+)/|files\.pythonhosted|registry\.npmjs|://pypi\.")
    for name in TRACKED:
        path = ROOT / name
        if name and path.is_file() and path.suffix in {".py", ".md", ".yaml", ".toml", ".lock"}:
            if path == Path(__file__).resolve():
                continue
            found = bad.search(path.read_text(errors="replace"))
            assert not found, f"{name}: {found.group() if found else ''}"


def test_does_nothing_say_pip_install_gameday() -> None:
    """The name on the package index belongs to a stranger."""
    for name in TRACKED:
        path = ROOT / name
        if path.suffix in {".md", ".py", ".yaml"} and path.is_file() and path != Path(__file__):
            assert "pip install " + "gameday" not in path.read_text(errors="replace"), name
