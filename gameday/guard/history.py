"""The earlier runs on the same target, as their directories tell.

Only what stands in this project's `reports/runs` is known: a runner that begins with an empty
folder has no history, and whatever needs one is refused.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from gameday.model import Verdict
from gameday.settings import Target

DAY_S = 86_400.0
_STAMP = "%Y-%m-%dT%H-%M-%SZ"


@dataclass(frozen=True, slots=True)
class Past:
    """One earlier run."""

    experiment: str
    region: str | None
    at: float  # unix seconds
    injected: bool  # a fault began
    passed: bool


def past_runs(project: Path, target: Target, accounts: Mapping[str, str]) -> list[Past]:
    """The runs below `project` on this target: the same name, stack, Regions and accounts.

    A directory that cannot be read as a run is left out: it can neither have passed nor count.
    """
    return sorted(_runs(project, target, accounts), key=lambda p: p.at)


def _runs(project: Path, target: Target, accounts: Mapping[str, str]) -> Iterator[Past]:
    for path in project.glob("reports/runs/*/*/run.json"):
        facts, findings = _json(path), _json(path.with_name("findings.json"))
        if not _same(facts, target, accounts):
            continue
        try:
            at = datetime.strptime(facts["id"][:20], _STAMP).replace(tzinfo=UTC).timestamp()
        except (KeyError, TypeError, ValueError):
            continue
        yield Past(
            experiment=str(facts.get("experiment")),
            region=facts.get("region"),
            at=at,
            injected=_began(path.parent),
            passed=findings.get("verdict") == Verdict.PASSED,
        )


def _same(facts: Mapping[str, Any], target: Target, accounts: Mapping[str, str]) -> bool:
    mine = (target.name, target.stack, list(target.regions))
    theirs = facts.get("accounts") or {}
    return (facts.get("target"), facts.get("stack"), facts.get("regions")) == mine and all(
        theirs.get(place) == account for place, account in accounts.items()
    )


def _began(run_dir: Path) -> bool:
    """Whether a fault began; a log that cannot be read may hide one."""
    try:
        return b'"kind":"fault.started"' in (run_dir / "events" / "chaos.jsonl").read_bytes()
    except FileNotFoundError:
        return False
    except OSError:
        return True


def _json(path: Path) -> dict[str, Any]:
    try:
        body = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return body if isinstance(body, dict) else {}
