"""Role `checkers`: Route 53's health checkers, each probing on its own, none knowing the others.

A checker waits its interval after the *response* (API_HealthCheckConfig), so slow failures are
probed less often. The process also watches its own scheduling delay: a lab that is too slow for
its speed would report failures that are its own.
"""

from __future__ import annotations

import asyncio
import os
import random
from typing import Any

from gameday import clock
from gameday.lab.channel import Channel, Message
from gameday.lab.check_board import Board, Checker
from gameday.lab.check_metrics import Metrics
from gameday.lab.check_targets import NoTarget, Targets
from gameday.lab.log import log
from gameday.lab.probe import SHORTEST_TIMEOUT_S, Observation, failure, probe, tls_context
from gameday.route53.check import HealthCheck
from gameday.route53.zone_json import parse_zones

REFRESH_S = 1.0  # AWS seconds between messages of mere observations
REFRESHES_A_MINUTE, REFRESHES_A_SAMPLE = 60, 10
LAG_SAMPLE_WALL_S = 0.02
PROBE_COST_S = {True: 0.0007, False: 0.0003}  # CPU time with and without TLS, measured
LAG_LIMIT_S = SHORTEST_TIMEOUT_S / 4  # beyond it failures may be the lab's own


class Role:
    """Takes messages, runs the checkers, tells what changed."""

    def __init__(self, channel: Channel, spec: dict[str, Any]) -> None:
        self.channel = channel
        self.time = clock.Clock(spec["speed"])
        self.board = Board(spec["seed"], spec.get("checker_count", 16))
        self.targets = Targets(
            spec["regions"],
            random.Random(f"{spec['seed']}/checkers"),
            private_targets=spec.get("private_targets", False),
        )
        self.metrics = Metrics()
        self.foreign_fails = spec.get("foreign_targets", "failing") == "failing"
        self.tls = tls_context()
        self.lags_wall_s: list[float] = []
        self.lag_p99_s = 0.0
        self._tasks: dict[tuple[str, Checker], asyncio.Task[None]] = {}

    def listen(self) -> None:
        self.channel.on("snapshot", self._snapshot)
        self.channel.on("forced", self._force)
        self.channel.on("alarms", self._alarms)
        self.channel.on("retell", lambda _: self._tell(self.board.tell(self.board.checks)))
        self.channel.on("resources", lambda m: self.targets.outside.stand_in(m["resources"]))
        self.channel.on("report", self._report)

    def _snapshot(self, message: Message) -> None:
        body = message["body"]
        self.targets.zones = parse_zones(body)
        self.board.load(body.get("health_checks", ()))
        wanted = {
            (check_id, checker)
            for check_id, opinions in self.board.opinions.items()
            for checker in opinions.counters
        }
        for gone in self._tasks.keys() - wanted:
            self._tasks.pop(gone).cancel()
        for new in wanted - self._tasks.keys():
            self._tasks[new] = asyncio.create_task(self._watch(*new))
        self._publish()

    def _force(self, message: Message) -> None:
        if message["healthy"] is None:
            self.board.forced.pop(message["check"], None)
        else:
            self.board.forced[message["check"]] = bool(message["healthy"])
        self._publish()

    def _alarms(self, message: Message) -> None:
        self.board.alarms.update(message.get("states", {}))
        self.board.routing_controls.update(message.get("routing_controls", {}))
        self._publish()

    def _report(self, message: Message) -> None:
        checks = {check_id: self.board.summary(check_id) for check_id in self.board.checks}
        status = {
            "checks": checks, "cores": self._cores(),
            "probe_s": round(self.time.aws(self.board.passing_ms() / 1000), 3),
            "lag_p99_s": self.lag_p99_s, "lag_limit_s": LAG_LIMIT_S,
        }  # fmt: skip
        self.channel.send("answer", ask=message["ask"], status=status)

    def _cores(self) -> float:
        """How much of a core the probes of all checkers need."""
        checks = self.board.checks
        return self.time.speed * sum(
            PROBE_COST_S[checks[check_id].is_https] / checks[check_id].interval_s
            for check_id, _ in self._tasks
        )

    def dismiss(self) -> None:
        """Send every checker home."""
        for task in self._tasks.values():
            task.cancel()

    async def _watch(self, check_id: str, checker: Checker) -> None:
        """One checker's life."""
        await self.time.async_sleep(checker.phase * self.board.checks[check_id].interval_s)
        while check := self.board.checks.get(check_id):
            if not check.disabled:
                observation = await self._probe(check, checker)
                if observation is not None:
                    self.metrics.probed(check, checker, observation)
                    if self.board.record(check_id, checker, observation):
                        self._publish()
            await self.time.async_sleep(check.interval_s)

    async def _probe(self, check: HealthCheck, checker: Checker) -> Observation | None:
        """One observation; None where nothing is known, because the target is not of this lab."""
        try:
            address = self.targets.find(check, checker.region, self.board.healthy)
            return await probe(check, address, self.tls, self.time)
        except NoTarget as e:
            return failure(str(e)) if self.foreign_fails else None
        except Exception as e:  # a defect must not silence a checker for ever
            log.exception("probing for health check %s", check.id)
            return failure(f"{type(e).__name__} in the lab's health checker")

    def _publish(self) -> None:
        """Tell every status and every vote that changed."""
        before = {check_id: summary[0] for check_id, summary in self.board.told.items()}
        changed = self.board.changed()
        if not changed:
            return
        self._tell(changed)
        for check_id, health in changed.items():
            if before.get(check_id) is not health["healthy"]:
                event = {
                    "at": health["at"], "kind": "lab.health_changed", "check": check_id,
                    "target": self.board.checks[check_id].target, "healthy": health["healthy"],
                    "votes": health["votes"], "of": health["of"],
                }  # fmt: skip
                self.channel.send("event", event=event)

    def _tell(self, checks: dict[str, Any]) -> None:
        self.channel.send("health", to=["dns", "cloud"], checks=checks)

    async def keep_time(self) -> None:
        """Every AWS second the new observations; every minute metrics and the lab's own lag."""
        loop = asyncio.get_running_loop()
        due, ticks = loop.time(), 0
        while True:
            due += self.time.wall(REFRESH_S)
            await asyncio.sleep(max(0.0, due - loop.time()))
            ticks += 1
            if ticks % REFRESHES_A_SAMPLE == 0:
                self.metrics.sample(self.board)
            if health := self.board.refreshed():
                self._tell(health)
            if ticks % REFRESHES_A_MINUTE == 0:
                rows = self.metrics.take()
                if rows:
                    self.channel.send("metrics", to="cloud", region="us-east-1", rows=rows)
                self._tell_lag()

    async def measure_lag(self) -> None:
        """How late the loop wakes up, sampled for ever."""
        loop = asyncio.get_running_loop()
        while True:
            began = loop.time()
            await asyncio.sleep(LAG_SAMPLE_WALL_S)
            self.lags_wall_s.append(max(0.0, loop.time() - began - LAG_SAMPLE_WALL_S))

    def _tell_lag(self) -> None:
        lags, self.lags_wall_s = sorted(self.lags_wall_s), []
        if not lags:
            return
        wall_p99_s = lags[int(0.99 * (len(lags) - 1))]
        self.lag_p99_s = self.time.aws(wall_p99_s)
        event = {
            "at": clock.now(), "kind": "lab.lag", "p99_s": round(self.lag_p99_s, 4),
            "wall_p99_s": round(wall_p99_s, 5), "limit_s": LAG_LIMIT_S,
            "too_slow": self.lag_p99_s > LAG_LIMIT_S,
        }  # fmt: skip
        self.channel.send("event", event=event)


def quieten(loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
    """uvloop reports probes that were given up during a handshake as fatal errors: they are not."""
    if not isinstance(context.get("exception"), OSError | None):
        loop.default_exception_handler(context)


async def main(channel: Channel, spec: dict[str, Any]) -> None:
    """Check until cancelled."""
    asyncio.get_running_loop().set_exception_handler(quieten)
    role = Role(channel, spec)
    role.listen()
    channel.send("ready", pid=os.getpid())
    try:
        async with asyncio.TaskGroup() as forever:
            forever.create_task(role.keep_time())
            forever.create_task(role.measure_lag())
    finally:
        role.dismiss()
