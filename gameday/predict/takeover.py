"""Who takes over when a side of a name is lost: routing asked before and after its checks are red.

The answers come from the same routing code as the lab's name server. A share that is still
answered with the lost side is said with its reason, because no wait will end it.
"""

from __future__ import annotations

import random
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from gameday.predict.perspective import perspectives
from gameday.predict.side import SHARED, is_leaf, leaves, named, outside, sides, watchers
from gameday.route53 import health
from gameday.route53.answer import Answer
from gameday.route53.check import HealthCheck
from gameday.route53.client import Client
from gameday.route53.exports import Routing
from gameday.route53.routing import answer, outcomes
from gameday.route53.zone import Group, RecordSet, Zone, Zones

SIDES_MAX = 16
SAMPLES = 200
NOBODY = "no answer"

Shares = Mapping[str, float]


@dataclass(frozen=True, slots=True)
class Move:
    """Where clients of one place are sent, before and after; shares of 1 by side."""

    clients: str
    before: Shares
    after: Shares


@dataclass(frozen=True, slots=True)
class Takeover:
    """What routing does about one lost side, or about one red check."""

    lost: str  # a side, or `check ID`
    red: tuple[str, ...]  # checks that turn unhealthy
    moves: tuple[Move, ...]  # only of clients whose answer held the lost side
    still_dead: float  # the largest share of any clients still sent there
    why_dead: tuple[str, ...]
    is_fail_open: bool
    untimed: tuple[str, ...] = ()  # red checks that no probe turns: nobody can say when


@dataclass(frozen=True, slots=True)
class View:
    """One name as clients see it: what to ask, as whom, and which checks watch which side."""

    routing: Routing
    zone: Zone
    group: Group
    zones: Zones
    clients: tuple[Client, ...]
    sides: Mapping[str, tuple[RecordSet, ...]]
    watch: Mapping[str, str]

    @classmethod
    def of(cls, routing: Routing, zone: Zone, group: Group) -> View:
        """The view of a group of record sets."""
        found = sides(zone, group)
        zones, clients = perspectives(routing, zone, group)
        return cls(routing, zone, group, zones, clients, found,
                   watchers(routing, zone, group, found))  # fmt: skip

    def shares(self, client: Client, red: frozenset[str]) -> tuple[dict[str, float], list[Answer]]:
        """How likely each side is answered to `client` while the checks `red` fail."""
        raw: dict[str, bool | None] = dict.fromkeys(red, False)
        status = health.statuses(self.routing.checks, raw)
        name, rtype = self.group[0].name, self.group[0].type
        asked = "A" if rtype == "CNAME" else rtype
        exact = outcomes(self.zones, name, asked, client, status, outside)
        if exact is not None:
            weighed = [(o.probability, o.answer) for o in exact]
        else:
            rng = random.Random(0)
            weighed = [
                (1 / SAMPLES, answer(self.zones, name, asked, client, status, rng, outside))
                for _ in range(SAMPLES)
            ]
        found: dict[str, float] = {}
        for probability, given in weighed:
            chosen = list(self._chosen(given)) or [NOBODY]
            for side in chosen:
                found[side] = found.get(side, 0.0) + probability / len(chosen)
        return {s: round(p, 4) for s, p in found.items()}, [a for _, a in weighed]

    def _chosen(self, given: Answer) -> Iterator[str]:
        for step in given.path:
            if step.chosen:
                for record in self.zone.group(step.name, step.type):
                    if record.set_identifier == step.set_identifier and is_leaf(self.zone, record):
                        yield named(record)


def lose(view: View, side: str) -> Takeover:
    """What happens when everything on `side` stops answering."""
    red = frozenset(c for c, where in view.watch.items() if where == side and _counts(view, c))
    return _takeover(view, side, side, red)


def turn_red(view: View, check: HealthCheck) -> Takeover:
    """What happens when that one check turns red, whatever the reason."""
    holders = [named(leaf) for leaf in _leaves_with(view, check.id)]
    return _takeover(view, f"check {check.id}", holders[0] if holders else "",
                     frozenset({check.id}))  # fmt: skip


def all_red(view: View) -> Shares:
    """What clients are answered on average when every check is red: as if nothing were wrong."""
    red = frozenset(c for c in view.watch if _counts(view, c))
    return mean([view.shares(client, red)[0] for client in view.clients])


def mean(rows: Sequence[Shares]) -> dict[str, float]:
    """The shares of clients of equal number."""
    found = dict.fromkeys(side for row in rows for side in row)
    return {s: round(sum(row.get(s, 0.0) for row in rows) / len(rows), 4) for s in found}


def _takeover(view: View, lost: str, side: str, red: frozenset[str]) -> Takeover:
    moves, dead, open_to_all = [], 0.0, False
    for client in view.clients:
        before, _ = view.shares(client, frozenset())
        if not before.get(side):
            continue
        after, answers = view.shares(client, red)
        moves.append(Move(client.network, before, after))
        dead = max(dead, after.get(side, 0.0))
        open_to_all |= any(s.chosen and "all count as healthy" in s.why
                           for a in answers for s in a.path)  # fmt: skip
    why = tuple(_reasons(view, side, red, open_to_all)) if dead else ()
    checks = view.routing.checks
    untimed = (f"{c} ({checks[c].type})" for c in sorted(red) if not checks[c].is_endpoint)
    return Takeover(
        lost, tuple(sorted(red)), tuple(moves), dead, why, open_to_all and dead > 0, tuple(untimed)
    )


def _reasons(view: View, side: str, red: frozenset[str], open_to_all: bool) -> Iterator[str]:
    """Why clients are still sent to the lost side after every check has done what it can."""
    if open_to_all:
        yield "fail-open: every record's check is red, so all count as healthy"
    for leaf in view.sides.get(side, ()):
        check = view.routing.checks.get(leaf.health_check or "")
        if leaf.health_check is None and not _guarded_above(view, leaf):
            yield f"{leaf.label} has no health check, so it counts as healthy for ever"
        elif check is not None and check.disabled:
            yield f"health check {check.id} of {leaf.label} is disabled, which means healthy"
        elif check is not None and view.watch.get(check.id) == SHARED:
            yield f"health check {check.id} probes a name that follows failover itself"
        elif check is not None and check.id not in red and check.is_endpoint:
            yield (f"health check {check.id} of {leaf.label} watches "
                   f"{view.watch.get(check.id, 'something else')}, not {side}")  # fmt: skip


def _guarded_above(view: View, leaf: RecordSet) -> bool:
    return any(
        r is not leaf and r.health_check and leaf in leaves(view.zone, r) for r in view.group
    )


def _counts(view: View, check_id: str) -> bool:
    """Whether the loss turns this check red. An alarm or a routing control is taken to follow."""
    check = view.routing.checks.get(check_id)
    return check is not None and check.type != "CALCULATED" and not check.disabled


def _leaves_with(view: View, check_id: str) -> Iterator[RecordSet]:
    for record in view.group:
        if record.health_check == check_id:
            yield from leaves(view.zone, record)
