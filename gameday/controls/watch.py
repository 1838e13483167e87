"""Watches from outside while a run lasts: DNS answers, health checks and alarms, noted on change.

It sees only what public APIs show. DNS is asked once an AWS second for each network; the AWS API
is asked at most ten times a second of wall time in all.
"""

from __future__ import annotations

import itertools
import threading
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

from gameday import discover
from gameday.aws import GLOBAL_REGION, client, translated
from gameday.clock import Clock, monotonic
from gameday.errors import GamedayError
from gameday.journal import EventLog
from gameday.probes.dns import Observer, Seen
from gameday.probes.health_check import Tally, verdict
from gameday.settings import Target

TICK_WALL_S = 0.1
HEALTH_WALL_S = 0.1
CONFIGS_EVERY_ROUNDS = 5
ALARMS_WALL_S = 0.5
ALARMS_EVERY_S = 5.0
BEAT_EVERY_S = 10.0


class Watch:
    """One daemon thread. `answers` holds what each network's resolver was answered last."""

    def __init__(self, run_dir: Path, target: Target) -> None:
        self.answers: dict[str, Seen] = {}
        self.observer = Observer(target, target.endpoint) if target.endpoint else None
        self._log = EventLog(run_dir / "events" / "watch.jsonl")
        self._target, self._clock = target, Clock(target.speed)
        self._tallies: dict[str, Tally] = {}
        self._said: dict[tuple[str, ...], Any] = {}
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="watch", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        """Stop watching; returns when the last line is written."""
        if not self._stop.is_set():
            self._stop.set()
            self._thread.join(timeout=30)
            self._log.close()

    def _run(self) -> None:
        health, alarms = self._health(), self._alarms()
        looks: list[tuple[str, float, Callable[[], object]]] = [
            ("dns", max(TICK_WALL_S, self._clock.wall(1.0)), self._dns),
            ("health", max(HEALTH_WALL_S, self._clock.wall(1.0)), lambda: next(health)()),
            (
                "alarms",
                max(ALARMS_WALL_S, self._clock.wall(ALARMS_EVERY_S)),
                lambda: next(alarms)(),
            ),
            ("beat", max(1.0, self._clock.wall(BEAT_EVERY_S)), self._beat),
        ]
        due = [monotonic()] * len(looks)
        while not self._stop.wait(TICK_WALL_S / 2):
            for i, (name, period_s, look) in enumerate(looks):
                if monotonic() >= due[i]:
                    due[i] = max(due[i] + period_s, monotonic())
                    try:
                        look()
                    except GamedayError as e:
                        self._say_once(("error", name), "watch.error", look=name, error=str(e))

    def _dns(self) -> None:
        if self.observer is None:
            return
        for seen in self.observer.see():
            self.answers[seen.network] = seen
            self._say_once(
                ("dns", seen.network),
                "dns.answer",
                name=self.observer.endpoint,
                network=seen.network,
                addresses=sorted(seen.addresses),
                regions=list(seen.regions),
                rcode=seen.rcode,
            )

    def _health(self) -> Iterator[Callable[[], None]]:
        """The status of each check, over and over; now and then every check's configuration."""
        configs: dict[str, dict[str, Any]] = {}
        regions = self._regions_of_checks()

        def read_configs() -> None:
            configs.update({c["Id"]: c["HealthCheckConfig"] for c in discover.health_checks()})

        for lap in itertools.count() if regions else ():
            if lap % CONFIGS_EVERY_ROUNDS == 0:
                yield read_configs
            for check, region in regions.items():
                yield partial(self._one_check, check, region, configs)
        yield from itertools.repeat(_nothing)

    def _regions_of_checks(self) -> dict[str, str]:
        found: dict[str, str] = {}
        if self._target.endpoint:
            for region in self._target.regions:
                try:
                    for check in discover.checks_of(region, self._target.endpoint):
                        found[check] = region
                except GamedayError:  # a Region without a health check has none to watch
                    continue
        return found

    def _one_check(self, check: str, region: str, configs: dict[str, dict[str, Any]]) -> None:
        with translated(f"GetHealthCheckStatus of {check}"):
            answer = client("route53", GLOBAL_REGION).get_health_check_status(HealthCheckId=check)
        seen = answer["HealthCheckObservations"]
        config = configs.get(check, {})
        tally = self._tallies.setdefault(check, Tally(self._target.speed))
        healthy, votes = verdict(config, tally.reports(config, seen))
        members: dict[str, Any] = {
            "check": check,
            "region": region,
            "healthy": healthy,
            "votes": votes,
        }
        self._say_once(("health", check), "health.status", **members, of=len(seen))

    def _alarms(self) -> Iterator[Callable[[], None]]:
        yield from (partial(self._alarms_in, r) for r in itertools.cycle(self._target.regions))
        yield from itertools.repeat(_nothing)

    def _alarms_in(self, region: str) -> None:
        for alarm in discover.alarms(region):
            self._say_once(
                ("alarm", region, alarm["AlarmName"]),
                "alarm.state",
                but_for=("reason",),
                alarm=alarm["AlarmName"],
                region=region,
                state=alarm["StateValue"],
                reason=alarm.get("StateReason", ""),
            )

    def _beat(self) -> None:
        self._log.append("watch.beat")

    def _say_once(
        self, key: tuple[str, ...], kind: str, but_for: tuple[str, ...] = (), **members: Any
    ) -> None:
        """Write the event if it differs from the last of its key in more than `but_for`."""
        now = {name: value for name, value in members.items() if name not in but_for}
        if self._said.get(key) != now:
            self._said[key] = now
            self._log.append(kind, **members)


def _nothing() -> None:
    """What there is to look at where a target has no health checks, or no Regions."""
