"""What is wrong with a locustfile, in one line: before anything is started, or when Locust ended.

An import tells nothing of what the file would find in a target's environment; whatever may have
failed for want of it is left to the run.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Sequence
from importlib import resources
from pathlib import Path

TRIED = resources.files("gameday.load").joinpath("tried.py")
"""Importing it would import Locust; Locust is given its path."""

TRY_WITHIN_WALL_S = 20.0
OF_LOCUST_0 = re.compile(r"\b(HttpLocust|seq_task|TaskSequence)\b|import .*\b(Locust)\b")
OF_ITS_TEXT = ("SyntaxError", "IndentationError", "TabError", "ImportError", "NameError")
"""Errors of an import that no environment helps."""


def unusable(file: Path) -> str | None:
    """Why no load can be made of a locustfile, in one line; None when only a run can tell."""
    environ = {k: v for k, v in os.environ.items() if not k.startswith("LOCUST_")}
    try:
        done = subprocess.run(
            [sys.executable, "-m", "locust", "-f", f"{TRIED},{file}", "--headless"],
            env=environ, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT, timeout=TRY_WITHIN_WALL_S, check=False,
        )  # fmt: skip
    except subprocess.TimeoutExpired:
        return None
    lines = done.stdout.decode(errors="replace").strip().splitlines()
    if done.returncode == 0 or not lines:
        return None
    error, why = _error(lines), _known(lines, file.read_text(errors="replace"))
    if why is None and error and error[0] in OF_ITS_TEXT:
        why = f"does not import: {': '.join(error)}"
    return f"{file}: {why}" if why else None


def why_ended(file: str, lines: Sequence[str], source: str = "") -> str | None:
    """What is wrong with a locustfile, in one line.

    :param lines: the last that Locust wrote.
    :param source: the text of the file. Locust lets the names of its 0.x be imported, finds no
        user in such a file and takes it for tests of pytest.
    """
    why, error = _known(lines, source), _error(lines)
    if why is None and error:
        why = f"does not import: {': '.join(error)}"
    return f"{file}: {why}" if why else None


def _known(lines: Sequence[str], source: str) -> str | None:
    text = "\n".join(lines)
    if "load_locustfile_pytest" in text or "No User class found" in text:
        if found := OF_LOCUST_0.search(source):
            return (
                f"written for Locust 0.x ({found[1] or found[2]}); see Locust's changelog, "
                "1.0: HttpLocust is HttpUser, task_set is tasks"
            )
        return "has no user class; derive one from HttpUser, FastHttpUser or FailoverUser"
    if "There are no users with weight > 0" in text:
        return "zero users: give a user class a weight above 0"
    if found := re.search(r"^ModuleNotFoundError: No module named '([^']+)'", text, re.M):
        return f"does not import: the package {found[1]} is not installed here"
    if found := re.search(r"^gameday: (.+)", text, re.M):
        return found[1]
    return None


def _error(lines: Sequence[str]) -> tuple[str, str] | None:
    """The exception that the last line names."""
    found = re.search(r"^(\w*(?:Error|Exception)): (.+)", lines[-1])
    return (found[1], found[2]) if found else None
