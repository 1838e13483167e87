"""What a zone would do: for each name with several answers, each side lost in turn.

Equal settings are simulated once, so that a zone of a thousand records takes no longer than one.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from gameday.errors import UsageError
from gameday.predict import delay
from gameday.predict.crowd import Crowd, Spread, slowest, spread
from gameday.predict.kind import Kind
from gameday.predict.model import Settings
from gameday.predict.takeover import (
    SIDES_MAX,
    AllRed,
    Move,
    Takeover,
    all_red,
    lose,
    turn_red,
)
from gameday.predict.view import View
from gameday.predict.way import Way, ways
from gameday.route53.exports import Routing

ADDRESS_TYPES = ("A", "AAAA", "CNAME")
DRAWS_MAX = 5_000_000
"""Clients drawn for all settings together before runs are saved; half a second's work."""


@dataclass(frozen=True, slots=True)
class Detection:
    """When the check is red, in seconds from the fault."""

    least_s: float
    mean_s: float
    worst_s: float


@dataclass(frozen=True, slots=True)
class Loss:
    """One side lost. Without `ways` nobody is moved, or nobody can say when (`untimed`)."""

    side: str
    takeover: Takeover
    ways: tuple[Way, ...]  # the slowest first
    untimed: tuple[str, ...]  # checks that decide and that no probe turns
    clients: Mapping[str, Spread]  # of those answered in the slowest way

    @property
    def settings(self) -> tuple[Settings, ...]:
        """Interval, threshold and TTL of each way."""
        return tuple(way.settings for way in self.ways if way.settings)


@dataclass(frozen=True, slots=True)
class Forecast:
    """One name and type."""

    name: str
    type: str
    policy: str
    sides: tuple[str, ...]
    losses: tuple[Loss, ...]
    checks: tuple[Takeover, ...]  # each check red by itself
    all_red: AllRed


def forecast(
    routing: Routing,
    base: Settings,
    kinds: Sequence[Kind],
    crowd: Crowd,
    seed: int = 0,
) -> list[Forecast]:
    """The forecast of each name that can answer with more than one Region or endpoint.

    :param base: mode and propagation; interval, threshold and TTL come from the zone.
    :raises UsageError: a record set names a health check that the export does not hold.
    """
    _refuse_dangling(routing)
    found = [one for view in _views(routing) if (one := _forecast(view, base))]
    distinct = {settings for f in found for loss in f.losses for settings in loss.settings}
    runs = max(4, min(crowd.runs, DRAWS_MAX // max(1, crowd.clients * len(distinct) * len(kinds))))
    rng = np.random.default_rng(seed)
    numbers = {
        settings: {k.name: spread(settings, k, replace(crowd, runs=runs), rng) for k in kinds}
        for settings in sorted(distinct, key=repr)
    }
    return [
        replace(f, losses=tuple(
            replace(loss, clients={
                k.name: slowest([numbers[settings][k.name] for settings in loss.settings])
                for k in kinds if loss.settings
            })
            for loss in f.losses
        ))
        for f in found
    ]  # fmt: skip


def views(routing: Routing) -> Iterator[View]:
    """The names that can answer with more than one Region or endpoint."""
    return (view for view in _views(routing) if len(view.sides) > 1)


def _views(routing: Routing) -> Iterator[View]:
    for zone, group in routing.groups():
        if group[0].type in ADDRESS_TYPES:
            yield View.of(routing, zone, group)


def _forecast(view: View, base: Settings) -> Forecast | None:
    """What a name would do; None for one with a single answer."""
    name, rtype = view.group[0].name.rstrip("."), view.group[0].type
    if len(view.sides) > 1:
        checks = [view.routing.checks[c] for c in view.watch]
        losses = [_loss(view, side, base) for side in view.sides[:SIDES_MAX]]
        turned = tuple(turn_red(view, check) for check in checks[:SIDES_MAX])
        return Forecast(name, rtype, _policy(view), view.sides, tuple(losses), turned,
                        all_red(view))  # fmt: skip
    addresses = tuple(dict.fromkeys(view.paths[0].leaf.values)) if len(view.paths) == 1 else ()
    if len(addresses) < 2 or view.paths[0].leaf.type == "CNAME":
        return None
    found = tuple(_address_lost(view, lost, addresses) for lost in addresses[:SIDES_MAX])
    shares = dict.fromkeys(addresses, round(1 / len(addresses), 4))
    return Forecast(name, rtype, _policy(view), addresses, found, (), AllRed(shares, False))


def _address_lost(view: View, lost: str, addresses: Sequence[str]) -> Loss:
    """One address of the only record that a name has: Route 53 answers all of them for ever.

    Source: Route 53 Developer Guide, "Simple routing" (all values, in random order).
    """
    share = round(1 / len(addresses), 4)
    shares = dict.fromkeys(addresses, share)
    why = (
        f"{view.paths[0].leaf.label} answers all its addresses, whatever their health: only a "
        "client that tries the next address is served (multivalue records have a check each)"
    )
    return Loss(lost, Takeover(lost, (), (Move("everyone", shares, shares),), share, (why,)),
                (), (), {})  # fmt: skip


def _policy(view: View) -> str:
    if view.group[0].policy != "simple":
        return view.group[0].policy
    below = next((r for r in view.group if r.alias or r.values), None)
    return f"alias to {below.alias.name.rstrip('.')}" if below and below.alias else "simple"


def _loss(view: View, side: str, base: Settings) -> Loss:
    takeover = lose(view, side)
    is_moved = bool(takeover.moves) and not takeover.still_dead
    found = ways(view, side, base) if is_moved else ()
    untimed = tuple(
        dict.fromkeys(f"{w.check.id} ({w.check.type})" for w in found if not w.settings)
    )
    return Loss(side, takeover, () if untimed else found, untimed, {})


def detection(settings: Settings) -> Detection:
    """The bounds and the mean of the checkers' agreement."""
    worst_s = delay.detection_worst_s(settings)
    return Detection(
        round(worst_s - settings.interval_s, 1), round(delay.detection_mean_s(settings), 1),
        round(worst_s, 1),
    )  # fmt: skip


def _refuse_dangling(routing: Routing) -> None:
    for record in routing.record_sets():
        if record.health_check and record.health_check not in routing.checks:
            have = len(routing.checks)
            raise UsageError(
                f"{record.label} uses health check {record.health_check}, which the export of "
                f"health checks ({have} in it) does not hold: export both at the same time"
            )
