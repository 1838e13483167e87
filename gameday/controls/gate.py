"""Lets a run begin, and its method begin, only when the guards say so.

Asked twice: before anything is started, and once more when the baseline has been kept. What they
answered is in the run's `guard.json`, without which an action changes nothing on AWS.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from gameday import clock, guard, plan
from gameday.clock import Clock
from gameday.experiment import Extension
from gameday.guard import Answer, Scope
from gameday.settings import Target

MAX_DURATION_S = 3600.0
WORK_WALL_S = 600.0


class Gate:
    """The guards of one run."""

    def __init__(
        self,
        experiment: Mapping[str, Any],
        configuration: Mapping[str, Any],
        extension: Extension,
        target: Target,
        region: str | None,
        name: str,
    ) -> None:
        planned = target.is_aws or target.limits.opt_in_tag is not None
        found = plan.make(dict(experiment)) if planned else None
        self._scope = Scope(
            target=target,
            region=region,
            experiment=name,
            extension=extension,
            project=Path.cwd(),
            at=clock.now(),
            fault_s_max=plan.fault_s_max(experiment, configuration),
            changes=found.changes if found else (),
            unknown=found.unknown if found else (),
            waits=True,
        )
        self._answers: dict[str, Answer] = {}
        self._accounts: dict[str, str] = {}

    def admit(self) -> None:
        """Return if the run may begin.

        :raises Refused: a guard said no, or could not tell.
        """
        names = guard.BEFORE_A_BASELINE if self._scope.extension.load else tuple(guard.CHAIN)
        self._answers = guard.refuse(self._scope, names)
        self._accounts = guard.Facts(self._scope).accounts

    @property
    def until(self) -> float:
        """When the run will be over at the latest, unix seconds."""
        return self._scope.until

    def max_wall_s(self) -> float:
        """How long the run may last, seconds of wall time: what the experiment says, or plenty.

        Nobody can tell how long activities of others take, so without a word it is no less than an
        hour, and the machine's own work, which no clock hurries, has time beside it.
        """
        wall = Clock(self._scope.target.speed).wall
        given_s = self._scope.extension.max_duration_s
        if given_s is not None:
            return wall(given_s)
        return max(wall(MAX_DURATION_S), self.until - clock.now()) + WORK_WALL_S

    def facts(self) -> dict[str, Any]:
        """What `run.json` says of it: until when, in which accounts, by whose word."""
        limits = self._scope.target.limits
        return {
            "until": self.until,
            "accounts": self._accounts,
            "approved_by": limits.approved_by,
            "without_prerequisites": limits.without_prerequisites,
            "unattended": limits.unattended,
        }

    def write(self, run_dir: Path) -> None:
        """Write down what was answered so far; the method may not begin yet."""
        guard.write(run_dir, self._answers, self._accounts, passed=False)

    def open(self, run_dir: Path) -> None:
        """Return if the method may begin; `run_dir` holds the baseline.

        :raises Refused: a guard said no, or could not tell.
        """
        scope = replace(self._scope, run_dir=run_dir, at=clock.now(), waits=False)
        self._answers |= guard.refuse(scope, guard.AT_THE_FAULT)
        guard.write(run_dir, self._answers, self._accounts, passed=True)
