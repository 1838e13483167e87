"""FIS experiments run: timers on the AWS clock, replication really paused and resumed.

What is decided is in `gameday/lab/fis.py`; the API is in `gameday/lab/cloud/fis_api.py`.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any

from gameday import clock
from gameday.lab import fis
from gameday.lab.fis import ActionState
from gameday.lab.log import log

ALARM_LOOK_S = 10.0
RESOLVING_S = 5.0

Resources = Mapping[str, Mapping[str, str]]


@dataclass(frozen=True)
class World:
    """What experiments act on and look at."""

    resources: Callable[[str], Awaitable[Resources]]
    """The global tables of a Region: ARN to tags."""
    pause: Callable[[str, str, bool], Awaitable[None]]
    """Pause or resume (False) replication of the table with an ARN in a Region."""
    alarm_state: Callable[[str], str | None]
    event: Callable[..., None]


@dataclass
class Experiment:
    """One run of a template."""

    id: str
    region: str
    template: dict[str, Any]
    options: dict[str, Any]
    tags: dict[str, str]
    actions: dict[str, ActionState]
    created: datetime
    status: str = "initiating"
    reason: str = "Experiment is initiating."
    started: datetime | None = None
    ended: datetime | None = None
    resolved: dict[str, list[str]] = field(default_factory=dict)
    action_times: dict[str, dict[str, datetime]] = field(default_factory=dict)
    stop_reason: str | None = None
    wake: asyncio.Event = field(default_factory=asyncio.Event)
    work: asyncio.Task[None] | None = None


def now() -> datetime:
    """The wall clock as FIS shows times."""
    return datetime.fromtimestamp(clock.now(), UTC)


class Runner:
    """Runs experiments, each in a task of its own."""

    def __init__(self, speed: float, world: World) -> None:
        self._speed, self._world = speed, world
        self._pausing: dict[tuple[str, str], set[str]] = {}  # (region, ARN) -> experiment/action

    def start(self, experiment: Experiment) -> None:
        """Begin `experiment`; it moves on by itself."""
        experiment.work = asyncio.get_running_loop().create_task(self._run(experiment))

    def stop(self, experiment: Experiment, reason: str) -> None:
        """Ask it to stop: running actions are undone before it is `stopped`."""
        experiment.stop_reason = reason
        self._move(experiment, "stopping", reason)
        experiment.wake.set()

    async def _run(self, experiment: Experiment) -> None:
        try:
            await self._initiate(experiment)
            while experiment.status == "running":
                await self._step(experiment)
            if experiment.status == "stopping":
                await self._abandon(experiment)
                self._move(experiment, "stopped", experiment.stop_reason or "")
        except Exception as error:
            log.exception("experiment %s", experiment.id)
            await self._abandon(experiment)
            self._move(experiment, "failed", f"{type(error).__name__}: {error}")

    async def _initiate(self, experiment: Experiment) -> None:
        async with asyncio.timeout(RESOLVING_S):
            resources = await self._world.resources(experiment.region)
        empty = []
        for name, target in (experiment.template.get("targets") or {}).items():
            experiment.resolved[name] = fis.selected(target, resources)
            if not experiment.resolved[name]:
                empty.append((name, bool(target.get("resourceArns"))))
        skips = experiment.options["emptyTargetResolutionMode"] == "skip"
        fatal = [name for name, by_arn in empty if by_arn or not skips]
        if fatal:
            await self._abandon(experiment)
            reason = f"Target resolution returned empty set for: {', '.join(fatal)}."
            self._move(experiment, "failed", reason)
            return
        missing = {name for name, _ in empty}
        for name, action in experiment.template["actions"].items():
            used = set((action.get("targets") or {}).values())
            if experiment.options["actionsMode"] == "skip-all" or used & missing:
                self._set(experiment, name, "skipped", "Action was skipped.")
        if experiment.status == "initiating":
            experiment.started = now()
            self._move(experiment, "running", "Experiment is running.")

    async def _step(self, experiment: Experiment) -> None:
        """Start what may start, end what is due, then wait for whatever comes next."""
        for name in fis.due(experiment.actions, clock.now()):
            await self._effect(experiment, name, False)
            self._set(experiment, name, "completed", "Action was completed.")
        for name in fis.startable(experiment.actions):
            await self._effect(experiment, name, True)
            wall_s = experiment.actions[name].wall_s
            self._set(experiment, name, "running", "", ends_at=clock.now() + wall_s)
        alarm = self._stop_alarm(experiment)
        if alarm:
            self.stop(experiment, f"Experiment stopped by stop condition {alarm}.")
        ended = fis.outcome(experiment.actions)
        if ended and experiment.status == "running":
            self._move(experiment, ended, f"Experiment {ended}.")
        if experiment.status == "running":
            await self._wait(experiment)

    async def _wait(self, experiment: Experiment) -> None:
        due_at = fis.next_due_at(experiment.actions)
        left_s = max(0.0, due_at - clock.now()) if due_at is not None else 0.0
        if fis.stop_alarms(experiment.template["stopConditions"]):
            left_s = min(left_s, ALARM_LOOK_S / self._speed)
        try:
            async with asyncio.timeout(left_s):
                await experiment.wake.wait()
        except TimeoutError:
            pass

    def _stop_alarm(self, experiment: Experiment) -> str | None:
        for arn in fis.stop_alarms(experiment.template["stopConditions"]):
            if self._world.alarm_state(arn) == "ALARM":
                return arn
        return None

    async def _abandon(self, experiment: Experiment) -> None:
        """Undo what runs; nothing else starts."""
        for name, status in fis.stopped(experiment.actions).items():
            if status == "stopped":
                await self._effect(experiment, name, False)
            self._set(experiment, name, status, f"Action was {status}.")

    async def _effect(self, experiment: Experiment, name: str, begins: bool) -> None:
        """Pause or resume; a table that several actions pause resumes with the last of them."""
        action = experiment.template["actions"][name]
        if action["actionId"] != fis.PAUSE_REPLICATION:
            return
        who = f"{experiment.id}/{name}"
        for arn in experiment.resolved.get(action["targets"]["Tables"], ()):
            pausing = self._pausing.setdefault((experiment.region, arn), set())
            (pausing.add if begins else pausing.discard)(who)
            await self._world.pause(experiment.region, arn, bool(pausing))

    def _set(
        self, experiment: Experiment, name: str, status: str, reason: str, **more: Any
    ) -> None:
        was = experiment.actions[name]
        experiment.actions[name] = replace(
            was, status=status, reason=reason or f"Action is {status}.", **more
        )
        times = experiment.action_times.setdefault(name, {})
        if status == "running":
            times["startTime"] = now()
        elif "startTime" in times:
            times["endTime"] = now()

    def _move(self, experiment: Experiment, status: str, reason: str) -> None:
        experiment.status, experiment.reason = status, reason
        if status in fis.ENDED:
            experiment.ended = now()
        self._world.event(
            "lab.experiment_state", experiment=experiment.id, region=experiment.region, state=status
        )
