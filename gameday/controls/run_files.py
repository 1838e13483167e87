"""What a run is, as its directory says it: `run.json`, and the exports at its start."""

from __future__ import annotations

import getpass
import platform
import subprocess
from collections.abc import Mapping
from importlib import metadata
from pathlib import Path
from typing import Any

import click
from chaoslib import merge_vars

from gameday import __version__, admin, discover, redact
from gameday.errors import GamedayError, UsageError
from gameday.experiment import Extension, hypothesis
from gameday.resolver import read_networks
from gameday.settings import Target

PACKAGES = ("chaostoolkit", "chaostoolkit-lib", "locust", "boto3", "moto")


def experiment_file() -> str | None:
    """The file that `chaos run` was given, as it was given; None when chaoslib runs without it."""
    source = _chaos_options().get("source")
    return None if source is None else str(source)


def refuse_undeclared(experiment: Mapping[str, Any]) -> None:
    """Return if the experiment declares whatever `--var` and `--var-file` give to `chaos run`.

    Chaos Toolkit drops the others in silence, so that a typing error means the default.

    :raises UsageError: it does not.
    """
    options = _chaos_options()
    given = merge_vars(options.get("var") or {}, options.get("var_file") or ())
    for section, values in zip(("configuration", "secrets"), given, strict=True):
        declared = sorted(experiment.get(section) or {})
        for name in values:
            if name not in declared:
                raise UsageError(
                    f"--var {name}: the experiment declares no such {section}; "
                    f"it has {', '.join(declared) or 'none'}"
                )


def _chaos_options() -> dict[str, Any]:
    """The options of `chaos run`, by their names in Python; none when chaoslib runs without it."""
    context = click.get_current_context(silent=True)
    while context is not None:
        if "source" in context.params:
            return dict(context.params)
        context = context.parent
    return {}


def experiment_name(run_dir: Path | None) -> str:
    """The stem of the experiment's file; of a copy in the run directory, what that is named for."""
    file = experiment_file()
    if run_dir is not None and (file is None or Path(file).resolve().parent == run_dir.resolve()):
        return run_dir.parent.name
    return Path(file).stem if file else "experiment"


def facts(
    run_dir: Path,
    experiment: dict[str, Any],
    extension: Extension,
    target: Target,
    region: str | None,
) -> dict[str, Any]:
    """What `run.json` says: the run as it is about to begin."""
    file = experiment_file()
    share_pct, window_s = hypothesis(experiment)
    return {
        "schema": 1,
        "id": run_dir.name,
        "experiment": experiment_name(run_dir),
        "experiment_file": file,
        "title": experiment.get("title", ""),
        "kind": extension.kind,
        "region": region,
        "regions": list(target.regions),
        "endpoint": target.endpoint,
        "stack": target.stack,
        "target": target.name,
        "speed": target.speed,
        "seed": target.seed,
        "objectives": {"rto_s": extension.rto_s, "rpo_s": extension.rpo_s},
        "expect_alarms": list(extension.expect_alarms),
        "stop_when": list(extension.stop_when),
        "load": _load(extension, target),
        "hypothesis": {"success_pct": share_pct, "window_s": window_s},
        "level": 3 if target.is_aws and target.aws_endpoint is None else 2,
        "who": getpass.getuser(),
        "commit": _commit(),
        "versions": _versions(),
        "lab": _lab() if target.is_lab else None,
    }


def export(run_dir: Path, endpoint: str | None) -> None:
    """Save the zone and the health checks as the `aws` CLI prints them."""
    if endpoint is None:
        return
    records = discover.record_sets(discover.hosted_zone(endpoint))
    save(run_dir / "zone.json", {"ResourceRecordSets": records})
    save(run_dir / "health-checks.json", {"HealthChecks": discover.health_checks()})


def save(path: Path, body: Any) -> None:
    """Write JSON without secrets, so that a reader sees the old file or the whole new one."""
    fresh = path.with_name(f".{path.name}")
    fresh.write_text(redact.dumps(body, indent=1) + "\n", encoding="utf-8")
    fresh.replace(path)


def _load(extension: Extension, target: Target) -> dict[str, Any] | None:
    if extension.load is None:
        return None
    networks = [
        {"id": n.id, "latency_ms": dict(n.latency_ms)} for n in read_networks(target.networks_file)
    ]
    load = extension.load
    return {
        "file": load.file,
        "rate_per_s": load.rate_per_s,
        "clients": dict(load.clients),
        "networks": networks,
        "clients_per_population": load.clients_per_population,
        "caches_per_population": load.caches_per_population,
        "course": load.course,
    }


def _lab() -> dict[str, Any] | None:
    try:
        status = admin.request("GET", "/status")
    except GamedayError:
        return None
    checkers = status.get("processes", {}).get("checkers", {}).get("status") or {}
    return {
        "lag_s": status.get("lag_s"),
        "checker_count": status.get("checker_count", 16),
        "propagation_s": status.get("propagation_s", 0.0),
        "probe_s": checkers.get("probe_s", 0.0),
    }


def _commit() -> str | None:
    command = ["git", "rev-parse", "HEAD"]
    try:
        found = subprocess.run(command, capture_output=True, text=True, timeout=5, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return None
    return found.stdout.strip() or None


def _versions() -> dict[str, str]:
    versions = {"gameday": __version__, "python": platform.python_version()}
    for name in PACKAGES:
        try:
            versions[name] = metadata.version(name)
        except metadata.PackageNotFoundError:
            continue
    return versions
