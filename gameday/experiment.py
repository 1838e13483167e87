"""Reads experiment files and what they say to us under `extensions`.

Chaos Toolkit checks an extension's name only and substitutes nothing in it; here unknown keys,
keys given twice and unknown `${names}` are errors that name the file and the key.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from importlib import resources
from pathlib import Path
from typing import Any

import yaml
from chaoslib import substitute
from jsonschema import Draft202012Validator
from jsonschema.exceptions import best_match

from gameday import stop_when
from gameday.errors import UsageError
from gameday.workload import workload

EXTENSION = "gameday"
_NAME = re.compile(r"\$\{\w+\}")
RATE_PER_S = 8.0
BASELINE_S = 60.0
CLIENTS_PER_POPULATION = 20


@dataclass(frozen=True, slots=True)
class Load:
    """Who uses the application meanwhile."""

    file: str
    rate_per_s: float = RATE_PER_S  # requests offered per AWS second
    clients: Mapping[str, float] = field(default_factory=dict)  # profile: share in percent
    clients_per_population: int = CLIENTS_PER_POPULATION
    caches_per_population: int | None = None  # None: every client has one of its own
    course: str = ""  # arrivals, and how the rate goes over time, as `gameday.workload` reads it


@dataclass(frozen=True, slots=True)
class Bounds:
    """What must hold before this experiment breaks anything; the guards ask (docs/guards.md)."""

    load_share_min_pct: float = 5.0  # of the requests, to the Region under test
    replication_lag_max_s: float | None = None  # None: the RPO on AWS, no bound in a lab
    survivor_concurrency_max_pct: float = 80.0  # of a survivor's limit, with the lost load added
    days_between_runs: float | None = None
    ignore_alarms: tuple[str, ...] = ()  # names of those that may be in ALARM


@dataclass(frozen=True, slots=True)
class Extension:
    """What a run needs beyond Chaos Toolkit's own keys."""

    kind: str = "recovery"
    rto_s: float | None = None
    rpo_s: float | None = None
    load: Load | None = None
    baseline_s: float = BASELINE_S
    max_duration_s: float | None = None  # None: as long as its steps may take, or an hour
    expect_alarms: tuple[str, ...] = ()
    stop_when: tuple[str, ...] = ()
    guard: Bounds = field(default_factory=Bounds)


def read(path: Path) -> dict[str, Any]:
    """The experiment in a YAML or JSON file, its extension checked as far as it can be.

    :raises UsageError: unreadable, not YAML, a key given twice, or an extension that is wrong.
    """
    try:
        text = path.read_text(encoding="utf-8")
    except OSError as e:
        raise UsageError(f"{path}: cannot read the experiment: {e.strerror}") from e
    try:
        experiment = yaml.load(text, Loader=_UniqueKeys)
    except yaml.YAMLError as e:
        raise UsageError(f"{path}: {' '.join(str(e).split())}") from e
    if not isinstance(experiment, dict) or "method" not in experiment:
        raise UsageError(f"{path}: not an experiment of Chaos Toolkit: it has no method")
    held = _held(experiment)
    if held is not None:
        _check(held, str(path))
    return experiment


def extension(experiment: Mapping[str, Any], configuration: Mapping[str, Any]) -> Extension:
    """The experiment's gameday extension, `${names}` replaced from `configuration`.

    Without one, a recovery experiment without objectives and load.

    :raises UsageError: an unknown key or name, or a value of the wrong kind.
    """
    held = _held(experiment)
    if held is None:
        return Extension()
    replaced = substitute(dict(held), dict(configuration), {})
    place = f"experiment {experiment.get('title', '?')!r}"
    left = [text for text in _strings(replaced) if "${" in text]
    if left:
        raise UsageError(f"{place}: extensions[gameday]: no configuration has {left[0]}")
    _check(replaced, place)
    objectives, load = replaced.get("objectives", {}), replaced.get("load")
    return Extension(
        kind=replaced["kind"],
        rto_s=objectives.get("rto_s"),
        rpo_s=None if objectives.get("rpo_s") == math.inf else objectives.get("rpo_s"),
        load=_load(load) if load else None,
        baseline_s=float(replaced.get("baseline_s", BASELINE_S)),
        max_duration_s=_optional(replaced.get("max_duration_s")),
        expect_alarms=tuple(replaced.get("expect_alarms", ())),
        stop_when=tuple(replaced.get("stop_when", ())),
        guard=_bounds(replaced.get("guard", {})),
    )


def mix(experiment: Mapping[str, Any]) -> str | None:
    """The clients of its load as `--clients` names them; None where the file does not say."""
    clients = _load_of(experiment).get("clients")
    if not clients or any("${" in text for text in _strings(clients)):
        return None
    return ",".join(f"{profile}={share}" for profile, share in clients.items())


def load_file(experiment: Mapping[str, Any]) -> str | None:
    """The locustfile of its load; None where it has none, or a configuration says which."""
    file = _load_of(experiment).get("file")
    return None if file is None or "${" in file else str(file)


def hypothesis(experiment: Mapping[str, Any]) -> tuple[float, float]:
    """The share of requests in percent, and the window in AWS seconds, that count as served.

    They are those of the steady-state hypothesis's `success_pct` probe; 99 % in 10 s without one.
    """
    for probe in (experiment.get("steady-state-hypothesis") or {}).get("probes", []):
        provider = probe.get("provider", {})
        if provider.get("func") == "success_pct":
            window_s = float(provider.get("arguments", {}).get("window_s", 10.0))
            tolerance = probe.get("tolerance")
            if isinstance(tolerance, dict) and tolerance.get("type") == "range":
                return float(tolerance["range"][0]), window_s
            return 99.0, window_s
    return 99.0, 10.0


def _held(experiment: Mapping[str, Any]) -> dict[str, Any] | None:
    for one in experiment.get("extensions") or []:
        if isinstance(one, dict) and one.get("name") == EXTENSION:
            return one
    return None


def _load_of(experiment: Mapping[str, Any]) -> Mapping[str, Any]:
    return (_held(experiment) or {}).get("load") or {}


def _load(held: Mapping[str, Any]) -> Load:
    caches = held.get("caches_per_population")
    return Load(
        file=held["file"],
        rate_per_s=float(held.get("rate_per_s", RATE_PER_S)),
        clients={str(k): float(v) for k, v in held.get("clients", {}).items()},
        clients_per_population=int(held.get("clients_per_population", CLIENTS_PER_POPULATION)),
        caches_per_population=int(caches) if caches else None,
        course=workload.text_of(held),
    )


def _bounds(held: Mapping[str, Any]) -> Bounds:
    numbers = {k: float(v) for k, v in held.items() if k != "ignore_alarms"}
    return Bounds(**numbers, ignore_alarms=tuple(held.get("ignore_alarms", ())))


def _optional(value: Any) -> float | None:
    return None if value is None else float(value)


def _check(held: Mapping[str, Any], place: str) -> None:
    text = (resources.files("gameday").joinpath("schemas", "experiment-extension.json")).read_text()
    error = best_match(Draft202012Validator(json.loads(text)).iter_errors(held))
    if error is not None:
        where = ".".join(str(p) for p in error.absolute_path)
        raise UsageError(
            f"{place}: extensions[gameday]{'.' if where else ''}{where}: {error.message}"
        )
    if not any("${" in text for text in _strings(held.get("load"))):
        _check_course(held.get("load", {}), place)
    for condition in held.get("stop_when", ()):
        try:
            stop_when.parse(_NAME.sub("1", condition))
        except UsageError as e:
            raise UsageError(f"{place}: extensions[gameday].{e}") from e


def _check_course(load: Mapping[str, Any], place: str) -> None:
    try:
        workload.parse(workload.text_of(load))
    except UsageError as e:
        raise UsageError(f"{place}: extensions[gameday].{e}") from e


def _strings(value: Any) -> list[str]:
    if isinstance(value, str):
        return [value]
    if isinstance(value, dict):
        return [s for v in value.values() for s in _strings(v)]
    if isinstance(value, list):
        return [s for v in value for s in _strings(v)]
    return []


class _UniqueKeys(yaml.SafeLoader):
    """YAML whose mappings may not name a key twice; PyYAML keeps the last one silently."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        seen: set[str] = set()
        for key_node, _ in node.value:
            key = str(self.construct_object(key_node, deep=True))
            if key in seen:
                raise yaml.constructor.ConstructorError(
                    None, None, f"the key {key} is given twice", key_node.start_mark
                )
            seen.add(key)
        return super().construct_mapping(node, deep)
