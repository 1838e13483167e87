"""The run that the guards are asked about: what it would break, where, and until when."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from gameday.experiment import Extension
from gameday.limits import ROUTE_53
from gameday.settings import Target
from gameday.undo import Owner, Planned, Replication, Setting

ENDING_S = 900.0
"""AWS seconds allowed for warming up, putting back, fail-back and the audit."""

NOBODY = "0" * 12
"""Stands for an account's number where it is not known yet."""

_ANYONE = Owner("aws", NOBODY)


@dataclass(frozen=True, slots=True)
class Scope:
    """A run about to begin."""

    target: Target
    region: str | None  # the Region under test
    experiment: str  # the stem of its file
    extension: Extension
    project: Path  # holds reports/runs, and .gameday
    at: float  # unix seconds
    fault_s_max: float  # AWS seconds
    changes: tuple[Planned, ...] = ()
    unknown: tuple[str, ...] = ()  # activities of which nobody can tell what they change
    run_dir: Path | None = None  # where the baseline was measured; None before there is one
    waits: bool = False  # whether alarms of an earlier run are given time to clear

    @property
    def until(self) -> float:
        """When it will be over at the latest, unix seconds."""
        given_s = self.extension.max_duration_s
        aws_s = given_s or self.extension.baseline_s + self.fault_s_max + ENDING_S
        return self.at + aws_s / self.target.speed

    @property
    def others(self) -> tuple[str, ...]:
        """The Regions that are to survive: nothing is changed there."""
        hit = {self.region, *(change.setting.region for change in self.changes)}
        return tuple(r for r in self.target.regions if r not in hit)

    @property
    def places(self) -> tuple[str, ...]:
        """Where settings would be changed: Regions, and `route53` where that is another account."""
        found = {c.setting.region for c in self.changes} | ({self.region} if self.region else set())
        if ROUTE_53 in self.target.limits.credentials and any(
            _is_routing(c.setting) for c in self.changes
        ):
            found.add(ROUTE_53)
        return tuple(sorted(found))


def over_by(at: float, extension: Extension, fault_s_max: float, speed: float) -> float:
    """When a run that begins `at` is over at the latest, unix seconds."""
    return at + (extension.baseline_s + fault_s_max + ENDING_S) / speed


def resources(setting: Setting) -> tuple[str, ...]:
    """The ARNs of what a setting belongs to, those left out that AWS only makes by the change.

    The account in them is not known here; it is NOBODY.
    """
    if isinstance(setting, Replication):
        return setting.tables
    needs = {need.resource for need in setting.needs(_ANYONE)}
    return tuple(sorted(r for r in needs if "*" not in r and ":iam:" not in r))


def _is_routing(setting: Setting) -> bool:
    return any(":route53:::" in need.resource for need in setting.needs(_ANYONE))
