"""One name as clients see it: what each of them may be answered while given checks are unhealthy.

The answers come from the same routing code as the lab's name server and `gameday dns answer`.
"""

from __future__ import annotations

import random
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from gameday.predict.perspective import perspectives
from gameday.predict.side import Key, Path, key, outside, paths, watchers
from gameday.route53 import health
from gameday.route53.answer import Answer
from gameday.route53.client import Client
from gameday.route53.exports import Routing
from gameday.route53.routing import answer, outcomes
from gameday.route53.zone import Group, Zone, Zones

SAMPLES = 200
EXACT_MAX = 1024
"""Possible answers up to which none is missed; of more, as many are drawn as `SAMPLES`."""

NOBODY = "no answer"

Shares = Mapping[str, float]
Unhealthy = frozenset[str]


@dataclass(frozen=True, slots=True)
class Given:
    """What one client may be answered."""

    shares: Shares  # by side, of 1
    paths: Mapping[Path, float]  # likewise
    chosen: tuple[frozenset[Key], ...]  # the records chosen on the way, of each possible answer
    is_fail_open: bool  # some group had no healthy record


@dataclass(frozen=True, slots=True)
class View:
    """One name as clients see it: what to ask, as whom, and which checks watch which side."""

    routing: Routing
    zone: Zone
    group: Group
    zones: Zones
    clients: tuple[Client, ...]
    paths: tuple[Path, ...]
    sides: tuple[str, ...]
    watch: Mapping[str, str]  # check -> the side that it watches
    seen: dict[tuple[str, Unhealthy], Given] = field(default_factory=dict, repr=False)

    @classmethod
    def of(cls, routing: Routing, zone: Zone, group: Group) -> View:
        """The view of a group of record sets."""
        found = paths(zone, group)
        zones, clients = perspectives(routing, zone, group)
        sides = tuple(dict.fromkeys(path.side for path in found))
        return cls(routing, zone, group, zones, clients, found, sides, watchers(routing, found))

    def watching(self, side: str) -> frozenset[str]:
        """The checks that fail when `side` is lost. An alarm or routing control is to follow."""
        checks = self.routing.checks
        return frozenset(
            c for c, where in self.watch.items()
            if where == side and checks[c].type != "CALCULATED" and not checks[c].disabled
        )  # fmt: skip

    def unhealthy(
        self, failing: Iterable[str] = (), forced: Mapping[str, bool] | None = None
    ) -> Unhealthy:
        """The checks that Route 53 takes for unhealthy while the targets of `failing` fail.

        An inverted one is unhealthy while its target works. `forced` stands in for what follows.
        """
        checks = {c: self.routing.checks[c] for c in self.watch}
        found = health.statuses(checks, dict.fromkeys(failing, False), forced)
        return frozenset(check for check, healthy in found.items() if not healthy)

    def given(self, client: Client, unhealthy: Unhealthy) -> Given:
        """How likely `client` is answered what, while these checks are unhealthy."""
        asked = (client.network, unhealthy)
        if asked not in self.seen:
            self.seen[asked] = self._given(client, unhealthy)
        return self.seen[asked]

    def _given(self, client: Client, unhealthy: Unhealthy) -> Given:
        ends: dict[Key, list[Path]] = {}
        for path in self.paths:
            ends.setdefault(key(path.leaf), []).append(path)
        shares: dict[str, float] = {}
        by_path: dict[Path, float] = {}
        chosen = []
        is_open = False
        for probability, answered in self._answers(client, dict.fromkeys(unhealthy, False)):
            steps = {(s.name, s.type, s.set_identifier): s.why for s in answered.path if s.chosen}
            is_open |= any("all count as healthy" in why for why in steps.values())
            chosen.append(frozenset(steps))
            hit = [
                path for step in steps for path in ends.get(step, ())
                if answered.records and all(key(r) in steps for r in path.records)
            ]  # fmt: skip
            for path in hit:
                by_path[path] = by_path.get(path, 0.0) + probability / len(hit)
                shares[path.side] = shares.get(path.side, 0.0) + probability / len(hit)
            if not hit:
                shares[NOBODY] = shares.get(NOBODY, 0.0) + probability
        order = (*self.sides, NOBODY)
        return Given(
            {s: round(shares[s], 4) for s in order if s in shares}, by_path, tuple(chosen), is_open
        )

    def _answers(self, client: Client, status: Mapping[str, bool]) -> list[tuple[float, Answer]]:
        """What may be answered, each with its likelihood."""
        name, rtype = self.group[0].name, self.group[0].type
        asked = "A" if rtype == "CNAME" else rtype
        exact = outcomes(self.zones, name, asked, client, status, outside, EXACT_MAX)
        if exact is not None:
            return [(o.probability, o.answer) for o in exact]
        rng = random.Random(0)
        return [
            (1 / SAMPLES, answer(self.zones, name, asked, client, status, rng, outside))
            for _ in range(SAMPLES)
        ]
