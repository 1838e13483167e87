"""Imports point one way: the table of docs/architecture.md, enforced."""

from __future__ import annotations

import ast
from pathlib import Path

ROOT = Path(__file__).parent.parent
PACKAGE = ROOT / "gameday"

VOCABULARY = {
    "model", "clock", "errors", "settings", "limits", "journal", "parent", "redact",
    "schemas", "junit_xml", "",
}  # fmt: skip
MAY_IMPORT: dict[str, set[str]] = {
    # part -> what it may import beside the vocabulary and itself
    "model": set(),
    "clock": set(),
    "errors": set(),
    "journal": set(),
    "redact": set(),
    "junit_xml": set(),
    "parent": set(),
    "settings": set(),
    "limits": set(),
    "stacks": {"templates"},
    "jobs": {"templates", "report"},
    "stop_when": set(),
    "experiment": {"stop_when", "workload"},
    "workload": set(),
    "route53": set(),
    "tables": set(),
    "resolver": set(),
    "name_servers": {"resolver"},
    "aws": set(),
    "admin": set(),
    "kill_switch": {"aws", "stop_when"},
    "announce": {"aws", "kill_switch"},
    "upload": {"aws"},
    "guard": {
        "aws", "discover", "experiment", "kill_switch", "plan", "probes", "stop_when",
        "undo",
    },
    "discover": {"aws"},
    "undo": {"aws", "admin"},
    "lock": set(),
    "watchdog": {"undo"},
    "actions": {"aws", "admin", "discover", "resolver", "guard", "undo"},
    "probes": {
        "aws", "admin", "discover", "resolver", "name_servers", "undo", "measure",
    },
    "controls": {
        "aws", "admin", "discover", "resolver", "guard", "undo", "experiment", "measure",
        "announce", "kill_switch", "lock", "plan", "probes", "stop_when", "watchdog", "workload",
    },
    "load": {"resolver", "name_servers", "measure", "workload"},
    "plan": {"aws", "discover", "experiment", "measure", "probes", "stop_when", "undo"},
    "measure": {"predict", "route53"},
    "predict": {"route53"},
    "review": {"predict", "route53"},
    "report": {"measure", "predict"},
    "lab": {"route53", "tables", "stacks", "templates"},
    "templates": set(),
    "init": {"templates", "stacks"},
}  # fmt: skip
ROOTS = {"cli", "commands", "runner", "__main__"}  # composition roots import anything
LOCUST_ONLY_IN = {"load/user.py", "load/session.py", "load/adopt.py", "load/tried.py"}


def part(module: str) -> str:
    """`gameday.lab.dns` -> `lab`."""
    return module.split(".")[1] if "." in module else ""


def imports(path: Path) -> set[str]:
    """Every module that the file imports, at any depth."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            assert node.level == 0, f"{path}: relative import"
            if node.module == "gameday":
                found |= {f"gameday.{alias.name}" for alias in node.names}
            else:
                found.add(node.module)
    return found


FILES = sorted(PACKAGE.rglob("*.py"))


def test_does_every_module_import_only_what_its_part_may() -> None:
    for path in FILES:
        own = path.relative_to(PACKAGE).parts[0].removesuffix(".py")
        if own in ROOTS or own == "__init__":
            continue
        assert own in MAY_IMPORT, f"add part {own} to the table here and in docs/architecture.md"
        allowed = MAY_IMPORT[own] | VOCABULARY | {own, "__version__"}
        used = {part(m) for m in imports(path) if m.split(".")[0] == "gameday"}
        assert used <= allowed, f"{path} imports {used - allowed}"


def test_is_locust_imported_only_where_it_must_be() -> None:
    for path in FILES:
        name = str(path.relative_to(PACKAGE))
        roots = {m.split(".")[0] for m in imports(path)}
        if roots & {"locust", "gevent", "geventhttpclient"}:
            assert name.startswith("load/"), name
        if "locust" in roots:
            assert name in LOCUST_ONLY_IN or name.startswith("load/dashboard/"), name


def test_does_the_application_import_nothing_of_ours() -> None:
    for path in (ROOT / "app").rglob("*.py"):
        assert not {m for m in imports(path) if m.split(".")[0] == "gameday"}, path


def test_does_the_package_import_no_example() -> None:
    for path in FILES:
        roots = {m.split(".")[0] for m in imports(path)}
        assert not roots & {"app", "experiments", "loadtests", "tests", "benchmarks"}, path
