"""What the checkers have found so far, and the status of every check that follows from it.

No I/O: probes are recorded here, and `changed` says what there is to tell. The opinions of a
check's checkers survive a change of its configuration; only its verdict is taken anew.
"""

from __future__ import annotations

import random
import statistics
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from gameday import clock
from gameday.lab.probe import Observation
from gameday.route53 import health
from gameday.route53.check import CHECKER_REGIONS, HealthCheck, checker_regions, parse_check

Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Checker:
    """One of a check's checkers. `phase` (0..1) is the share of the interval it starts after."""

    region: str
    ordinal: int  # within its Region
    phase: float = field(compare=False)

    @property
    def ip(self) -> str:
        """A made-up address out of the range that Route 53 checks from."""
        number = CHECKER_REGIONS.index(self.region) if self.region in CHECKER_REGIONS else 63
        return f"15.177.{number}.{self.ordinal + 1}"


@dataclass(slots=True)
class Opinions:
    """The counters and latest observations of one check's checkers."""

    counters: dict[Checker, health.Counter] = field(default_factory=dict)
    seen: dict[Checker, Observation] = field(default_factory=dict)

    @property
    def votes(self) -> int:
        return sum(counter.healthy for counter in self.counters.values())


class Board:
    """All checks, what is known about each, and what others were told last."""

    def __init__(self, seed: int, checker_count: int) -> None:
        self.seed, self.checker_count = seed, checker_count
        self.checks: dict[str, HealthCheck] = {}
        self.opinions: dict[str, Opinions] = {}
        self.forced: dict[str, bool] = {}
        self.alarms: dict[str, str] = {}  # `<region>/<alarm name>` -> state
        self.routing_controls: dict[str, str] = {}  # ARN -> On | Off
        self.healthy: dict[str, bool] = {}
        self.fresh: set[str] = set()  # observed since they were told
        self._last_known: dict[str, bool | None] = {}
        self.told: dict[str, tuple[bool, int, int, bool]] = {}
        self._created = 0

    def load(self, items: Iterable[Mapping[str, Any]]) -> None:
        """Take over the health checks of a snapshot.

        :raises UsageError: one is malformed; the former ones stay.
        """
        checks = {check.id: check for check in map(parse_check, items)}
        for check_id in self.checks.keys() - checks.keys():
            for table in (self.opinions, self.told, self._last_known, self.forced):
                table.pop(check_id, None)
        self.checks = checks
        for check in checks.values():
            if check.is_endpoint:
                self._staff(check)
        self.judge()

    def _staff(self, check: HealthCheck) -> None:
        """Give a check its checkers, keeping those it has: phases are uniform, by the seed."""
        opinions = self.opinions.get(check.id)
        if opinions is None:
            self._created += 1
            opinions = self.opinions[check.id] = Opinions()
        rng = random.Random(f"{self.seed}/check/{self._created}")
        regions = checker_regions(check, self.checker_count)
        wanted = {
            Checker(region, regions[:n].count(region), rng.random())
            for n, region in enumerate(regions)
        }
        for gone in opinions.counters.keys() - wanted:
            del opinions.counters[gone]
            opinions.seen.pop(gone, None)
        for new in sorted(wanted - opinions.counters.keys(), key=lambda c: c.phase):
            opinions.counters[new] = health.Counter()

    def record(self, check_id: str, checker: Checker, observation: Observation) -> bool:
        """Count one probe; whether the checker changed its mind."""
        opinions, check = self.opinions.get(check_id), self.checks.get(check_id)
        if opinions is None or check is None or checker not in opinions.counters:
            return False
        before = opinions.counters[checker]
        after = health.count(before, observation.ok, check.failure_threshold)
        opinions.counters[checker] = after
        opinions.seen[checker] = observation
        self.fresh.add(check_id)
        return after.healthy is not before.healthy

    def judge(self) -> None:
        """Take every check's status anew."""
        raw = {check.id: self._raw(check) for check in self.checks.values()}
        self.healthy = health.statuses(self.checks, raw, self.forced)

    def _raw(self, check: HealthCheck) -> bool | None:
        if check.is_endpoint:
            opinions = self.opinions[check.id]
            return health.enough(opinions.votes, len(opinions.counters))
        if check.type == "CLOUDWATCH_METRIC" and check.alarm:
            state = self.alarms.get("/".join(check.alarm))
            found = health.from_alarm(check, state, self._last_known.get(check.id))
            self._last_known[check.id] = found
            return found
        if check.type == "RECOVERY_CONTROL":
            return health.from_routing_control(
                self.routing_controls.get(check.routing_control or "")
            )
        return None

    def changed(self) -> dict[str, Json]:
        """`Health` of the checks whose status or votes differ from what was told last."""
        self.judge()
        told = {check_id: self._signature(check_id) for check_id in self.checks}
        different = [c for c, signature in told.items() if self.told.get(c) != signature]
        self.told = told
        return self.tell(different)

    def refreshed(self) -> dict[str, Json]:
        """`Health` of the checks with new observations, and of those that nobody probes.

        The latter are repeated so that a name server that was started again learns them.
        """
        unprobed = {c.id for c in self.checks.values() if c.disabled or not c.is_endpoint}
        return self.tell((self.fresh | unprobed) & self.checks.keys())

    def tell(self, check_ids: Iterable[str]) -> dict[str, Json]:
        """The `Health` message bodies of some checks."""
        chosen = list(check_ids)
        self.fresh.difference_update(chosen)
        return {check_id: self._health(check_id) for check_id in chosen}

    def _signature(self, check_id: str) -> tuple[bool, int, int, bool]:
        return (self.healthy[check_id], *self.votes(check_id), check_id in self.forced)

    def votes(self, check_id: str) -> tuple[int, int]:
        """How many of how many report healthy: checkers, children, or the one source of data."""
        check = self.checks[check_id]
        if check.is_endpoint:
            opinions = self.opinions[check_id]
            return opinions.votes, len(opinions.counters)
        if check.type == "CALCULATED":
            return sum(self.healthy.get(c, True) for c in check.children), len(check.children)
        return int(self.healthy[check_id] is not check.inverted), 1

    def passing_ms(self) -> float:
        """Wall milliseconds that a passing probe takes: the median of the latest, 0 of none."""
        seen = (o for opinions in self.opinions.values() for o in opinions.seen.values())
        times_ms = [(o.connect_ms or 0.0) + (o.first_byte_ms or 0.0) for o in seen if o.ok]
        return statistics.median(times_ms) if times_ms else 0.0

    def summary(self, check_id: str) -> Json:
        """`Health` of one check without its observations."""
        votes, of = self.votes(check_id)
        found = {"healthy": self.healthy[check_id], "votes": votes, "of": of, "at": clock.now()}
        return found | ({"forced": True} if check_id in self.forced else {})

    def _health(self, check_id: str) -> Json:
        opinions = self.opinions.get(check_id, Opinions())
        seen = sorted(opinions.seen.items(), key=lambda item: (item[0].region, item[0].ordinal))
        observations = [
            {"region": c.region, "ip": c.ip, "ok": o.ok, "status": o.status, "at": o.at}
            for c, o in seen
        ]
        return self.summary(check_id) | {"observations": observations}
