"""The project that is killed in: the reference backend with quick health checks, four faults."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

from gameday.clock import Clock

ROOT = Path(__file__).parents[2]
REGIONS = ("us-east-1", "eu-west-1")
REGION = {"region": "${region}", "stack": "${stack}"}
WALL = Clock()


def make(folder: Path) -> None:
    """Write the project: a health check fails at its first failure, every experiment is short."""
    for name in ("app", "deploy", "experiments", "loadtests"):
        shutil.copytree(ROOT / name, folder / name)
    routing = folder / "deploy" / "routing.yaml"
    text = routing.read_text()
    assert text.count("FailureThreshold: 3") == 2
    routing.write_text(text.replace("FailureThreshold: 3", "FailureThreshold: 1"))
    for fault in ACTIONS:
        for load in (False, True):
            body = _experiment(fault, load)
            experiment_file(folder, fault, load).write_text(json.dumps(body, indent=1))


def experiment_file(folder: Path, fault: str, load: bool) -> Path:
    return folder / "experiments" / f"crash-{fault}{'-load' if load else ''}.json"


def _provider(module: str, func: str, **arguments: Any) -> dict[str, Any]:
    return {"type": "python", "module": f"gameday.{module}", "func": func, "arguments": arguments}


ACTIONS = {
    "outage": (
        _provider("actions.region", "disable_region", **REGION),
        _provider("actions.region", "enable_region", **REGION),
    ),
    "inverted": (
        _provider("actions.health_check", "fail_health_check", **REGION),
        _provider("actions.health_check", "restore_health_check", **REGION),
    ),
    "deep": (
        _provider("actions.health_check", "fail_deep_check", **REGION),
        _provider("actions.health_check", "restore_deep_check", **REGION),
    ),
    "cut": (
        _provider("actions.region", "cut_region", region="${region}"),
        _provider("actions.region", "heal_region", region="${region}"),
    ),
}


def _experiment(fault: str, load: bool) -> dict[str, Any]:
    action, undo = ACTIONS[fault]
    detected = _provider("probes.health_check", "becomes", **REGION, within_s=60)
    alarms = [f"{kind}-{region}" for kind in ("api-5xx", "throttles") for region in REGIONS]
    extension: dict[str, Any] = {
        "name": "gameday", "kind": "recovery", "baseline_s": 0, "max_duration_s": 6000,
        # the last kill's errors are no reason not to play the next
        "guard": {"load_share_min_pct": 0, "ignore_alarms": alarms},
    }  # fmt: skip
    if load:
        extension["load"] = {
            "file": "loadtests/steady.py", "rate_per_s": 4, "clients_per_population": 4,
            "clients": {"per-request": 100},
        }  # fmt: skip
    return {
        "title": f"Killed while: {fault}",
        "description": "Short, and killed on the way.",
        "configuration": {
            "region": {"type": "env", "key": "GAMEDAY_REGION"},
            "stack": {"type": "env", "key": "GAMEDAY_STACK"},
        },
        "extensions": [extension],
        "method": [
            {"type": "action", "name": "break", "provider": action},
            {"type": "probe", "name": "seen", "provider": detected, "pauses": {"after": 10}},
        ],
        "rollbacks": [{"type": "action", "name": "mend", "provider": undo}],
        "controls": [
            {"name": "gameday", "provider": {"type": "python", "module": "gameday.controls.record"}}
        ],
    }
