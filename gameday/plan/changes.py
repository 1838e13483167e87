"""What an experiment would change: its actions are asked, and change nothing.

Only actions of `gameday.actions` know how to be asked; of any other the plan says that nobody can
tell, and does not call it.
"""

from __future__ import annotations

import importlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from chaoslib import substitute
from chaoslib.configuration import load_configuration
from chaoslib.exceptions import ActivityFailed, ChaosException

from gameday import experiment as experiments
from gameday import settings, stop_when
from gameday.errors import AwsError, UsageError
from gameday.experiment import Extension
from gameday.undo import Planned, planning

OURS = "gameday.actions."
WAITS = ("within_s", "then_holds_s", "for_s")

Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Plan:
    """What would be changed, in this order; what else would be called; how long it may take."""

    region: str | None
    changes: tuple[Planned, ...]
    left_alone: tuple[str, ...]
    unknown: tuple[str, ...]  # activities that may change something that nobody can tell
    steps: tuple[str, ...]  # probes of the method and rollbacks, in order
    fault_s_max: float  # AWS seconds, if every probe waits as long as it may
    extension: Extension
    stop_when: tuple[str, ...]

    @property
    def regions(self) -> tuple[str, ...]:
        """The Regions in which something would be changed."""
        return tuple(sorted({c.setting.region for c in self.changes}))

    @property
    def headline(self) -> str:
        """`Will change 5 settings in us-east-1 and nothing else`."""
        count = f"{len(self.changes)} setting{'' if len(self.changes) == 1 else 's'}"
        if not self.changes:
            text = "Will change no setting"
        else:
            text = f"Will change {count} in {', '.join(self.regions)}"
        if self.unknown:
            return f"{text}; nobody can tell what {', '.join(self.unknown)} will change"
        return f"{text} and nothing else"


def make(body: Json) -> Plan:
    """What the experiment would do to the target of this process's environment.

    :raises UsageError: its configuration lacks a value.
    :raises AwsError: an action cannot find what it would change.
    """
    configuration = _configuration(body)
    extension = experiments.extension(body, configuration)
    target = settings.current()
    region = configuration.get("region") or target.region
    conditions = stop_when.conditions(
        extension.stop_when,
        region=region,
        load=extension.load is not None,
        strict=target.limits.unattended,
    )
    left_alone: list[str] = []
    unknown: list[str] = []
    with planning() as planned:
        for activity in _actions(body):
            seen = _ask(activity, configuration)
            if seen is None:
                unknown.append(str(activity.get("name", "?")))
            else:
                left_alone += seen.get("left_alone", [])
    return Plan(
        region=region,
        changes=tuple(planned),
        left_alone=tuple(left_alone),
        unknown=tuple(unknown),
        steps=tuple(_steps(body, configuration)),
        fault_s_max=fault_s_max(body, configuration),
        extension=extension,
        stop_when=tuple(c.text for c in conditions),
    )


def fault_s_max(body: Mapping[str, Any], configuration: Mapping[str, Any]) -> float:
    """How long the fault lasts, AWS seconds, if every probe waits as long as it may."""
    return sum(_waits(a, dict(configuration)) for a in body.get("method") or [])


def _configuration(body: Json) -> Json:
    try:
        return dict(load_configuration(body.get("configuration") or {}))
    except ChaosException as e:
        raise UsageError(f"configuration: {e}; a target's env file sets it") from e


def _actions(body: Json) -> Iterator[Json]:
    return (a for a in body.get("method") or [] if a.get("type") == "action")


def _provider(activity: Json, configuration: Json) -> Json:
    provider = activity.get("provider") or {}
    arguments = substitute(provider.get("arguments") or {}, configuration, {})
    return {**provider, "arguments": arguments if isinstance(arguments, Mapping) else {}}


def _ask(activity: Json, configuration: Json) -> Json | None:
    """What the action says of itself; None if it is none of ours, and so was not called."""
    provider = _provider(activity, configuration)
    module, func = str(provider.get("module", "")), str(provider.get("func", ""))
    if provider.get("type") != "python" or not module.startswith(OURS):
        return None
    try:
        action = getattr(importlib.import_module(module), func)
    except (ImportError, AttributeError) as e:
        raise UsageError(f"{activity.get('name')}: there is no {module}.{func}") from e
    try:
        return dict(action(**provider["arguments"]))
    except TypeError as e:
        raise UsageError(f"{activity.get('name')}: {e}") from e
    except ActivityFailed as e:
        raise AwsError(f"{activity.get('name')}: {e}") from e


def _steps(body: Json, configuration: Json) -> Iterator[str]:
    for activity in body.get("method") or []:
        if activity.get("type") == "probe":
            waits = _waits(activity, configuration)
            yield (
                f"{activity.get('name')}: waits {waits:g} s at most"
                if waits
                else str(activity.get("name"))
            )
    for activity in body.get("rollbacks") or []:
        yield f"rollback {activity.get('name')}"


def _waits(activity: Json, configuration: Json) -> float:
    arguments = _provider(activity, configuration)["arguments"]
    pauses = activity.get("pauses") or {}
    waits = [arguments.get(name, 0) for name in WAITS] if activity.get("type") == "probe" else []
    return sum(float(s) for s in (*waits, *pauses.values()) if isinstance(s, int | float))
