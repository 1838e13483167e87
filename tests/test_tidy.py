"""Rules of the house that a reader should be able to rely on."""

from __future__ import annotations

import ast
import re
import subprocess
from pathlib import Path

ROOT = Path(__file__).parent.parent
LINES_MAX, FUNCTION_MAX = 350, 70

SOURCES = sorted(p for d in ("gameday", "app") for p in (ROOT / d).rglob("*.py"))
TRACKED = subprocess.run(
    ["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=False
).stdout.split("\n")
TREES = {path: ast.parse(path.read_text()) for path in SOURCES}


def test_is_every_module_short_and_introduced() -> None:
    lines = {p: p.read_text().count("\n") for p in SOURCES}
    assert not [f"{p}: {n} lines" for p, n in lines.items() if n > LINES_MAX]
    assert not [str(p) for p, tree in TREES.items() if not ast.get_docstring(tree)]


def test_is_every_function_short() -> None:
    functions = [
        (path, node, (node.end_lineno or 0) - node.lineno + 1)
        for path, tree in TREES.items()
        for node in ast.walk(tree)
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
    ]
    long = [f"{p}:{f.lineno} {f.name}: {n} lines" for p, f, n in functions if n > FUNCTION_MAX]
    assert not long


READS_TIME = re.compile(r"\btime\.(time|monotonic|perf_counter|sleep)\(|datetime\.(now|utcnow)\(")
WITHOUT_CLOCK = ("app/", "gameday/clock.py")  # the application knows nothing of ours


def test_does_only_the_clock_read_the_time() -> None:
    others = [p for p in SOURCES if not str(p.relative_to(ROOT)).startswith(WITHOUT_CLOCK)]
    found = [f"{p}: {m.group()}" for p in others if (m := READS_TIME.search(p.read_text()))]
    assert not found, "use gameday.clock instead"


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
