"""A folder with the reference backend, and the `gameday` command run in it as a user would."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).parents[2]


def clean_environment() -> dict[str, str]:
    """The environment of a person who has set nothing up."""
    kept = ("PATH", "HOME", "LANG", "TMPDIR", "VIRTUAL_ENV")
    return {name: os.environ[name] for name in kept if name in os.environ}


@dataclass
class Project:
    """A folder with the reference backend."""

    root: Path

    def command(self, *arguments: str) -> list[str]:
        return [sys.executable, "-m", "gameday", *arguments]

    def gameday(self, *arguments: str, within_s: float = 240) -> subprocess.CompletedProcess[str]:
        """Run `gameday ARGUMENTS` here and wait for it."""
        return subprocess.run(
            self.command(*arguments), cwd=self.root, env=clean_environment(), timeout=within_s,
            capture_output=True, text=True, check=False, stdin=subprocess.DEVNULL,
        )  # fmt: skip

    def start(self, *arguments: str) -> subprocess.Popen[str]:
        """Start `gameday ARGUMENTS` here, in a process group of its own."""
        return subprocess.Popen(
            self.command(*arguments), cwd=self.root, env=clean_environment(), text=True,
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL,
            start_new_session=True,
        )  # fmt: skip

    def experiment(self, name: str, change: Any) -> str:
        """A variant of a shipped experiment: `change` edits its body; the new file's path."""
        body = yaml.safe_load((self.root / "experiments" / f"{name}.yaml").read_text())
        change(body)
        path = self.root / "experiments" / f"{name}-variant.yaml"
        path.write_text(yaml.safe_dump(body, sort_keys=False))
        return str(path.relative_to(self.root))

    @property
    def latest(self) -> Path:
        return (self.root / "reports" / "latest").resolve()

    def findings(self) -> dict[str, Any]:
        found: dict[str, Any] = json.loads((self.latest / "findings.json").read_text())
        return found

    def events(self, *kinds: str) -> list[dict[str, Any]]:
        found = []
        for path in sorted((self.latest / "events").glob("*.jsonl")):
            lines = [line for line in path.read_text().splitlines() if line.endswith("}")]
            found += [e for e in map(json.loads, lines) if e["kind"] in kinds]
        return sorted(found, key=lambda e: float(e["at"]))


def lab_processes(root: Path) -> list[int]:
    """Process ids whose command line or working directory belongs to `root` (zombies are gone)."""
    found = []
    for entry in Path("/proc").glob("[0-9]*"):
        try:
            state = (entry / "stat").read_text().rpartition(")")[2].split()[0]
            cwd = os.readlink(entry / "cwd")
            line = (entry / "cmdline").read_bytes().decode(errors="replace")
        except OSError:
            continue
        ours = cwd.startswith(str(root)) or str(root) in line
        if ours and state != "Z" and int(entry.name) != os.getpid():
            found.append(int(entry.name))
    return found
