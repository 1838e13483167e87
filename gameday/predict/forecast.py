"""What a zone would do: for each name with several answers, each side lost in turn.

Equal settings are simulated once, so that a zone of a thousand records takes no longer than one.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from gameday.errors import UsageError
from gameday.predict import delay
from gameday.predict.crowd import Crowd, Spread, spread
from gameday.predict.kind import Kind
from gameday.predict.model import Settings
from gameday.predict.side import leaves
from gameday.predict.takeover import SIDES_MAX, Shares, Takeover, View, all_red, lose, turn_red
from gameday.predict.zone import ALIAS_TTL_S
from gameday.route53.check import CHECKERS, HealthCheck, checker_regions
from gameday.route53.exports import Routing
from gameday.route53.zone import RecordSet

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
    """One side lost. Without `settings` nothing turns red, and nobody is moved."""

    side: str
    takeover: Takeover
    check: str | None
    settings: Settings | None
    is_alias: bool
    detection: Detection | None
    clients: Mapping[str, Spread]


@dataclass(frozen=True, slots=True)
class Forecast:
    """One name and type."""

    name: str
    type: str
    policy: str
    sides: tuple[str, ...]
    losses: tuple[Loss, ...]
    checks: tuple[Takeover, ...]  # each check red by itself
    all_red: Shares  # what is answered when every check is red


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
    found = [_forecast(view, base) for view in views(routing)]
    distinct = {loss.settings for f in found for loss in f.losses if loss.settings}
    runs = max(4, min(crowd.runs, DRAWS_MAX // max(1, crowd.clients * len(distinct) * len(kinds))))
    rng = np.random.default_rng(seed)
    numbers = {
        settings: {k.name: spread(settings, k, replace(crowd, runs=runs), rng) for k in kinds}
        for settings in sorted(distinct, key=repr)
    }
    return [
        replace(f, losses=tuple(
            replace(loss, clients=numbers[loss.settings]) if loss.settings else loss
            for loss in f.losses
        ))
        for f in found
    ]  # fmt: skip


def views(routing: Routing) -> Iterator[View]:
    """The names that can answer with more than one Region or endpoint."""
    for zone, group in routing.groups():
        if group[0].type in ADDRESS_TYPES:
            view = View.of(routing, zone, group)
            if len(view.sides) > 1:
                yield view


def _forecast(view: View, base: Settings) -> Forecast:
    checks = [view.routing.checks[c] for c in view.watch]
    return Forecast(
        view.group[0].name.rstrip("."), view.group[0].type, _policy(view),
        tuple(view.sides),
        tuple(_loss(view, side, base) for side in list(view.sides)[:SIDES_MAX]),
        tuple(turn_red(view, check) for check in checks[:SIDES_MAX]),
        all_red(view),
    )  # fmt: skip


def _policy(view: View) -> str:
    if view.group[0].policy != "simple":
        return view.group[0].policy
    below = next((r for r in view.group if r.alias or r.values), None)
    return f"alias to {below.alias.name.rstrip('.')}" if below and below.alias else "simple"


def _loss(view: View, side: str, base: Settings) -> Loss:
    takeover = lose(view, side)
    leaf = view.sides[side][0]
    check = _deciding(view, side, takeover)
    settings = None
    if check is not None and takeover.moves and not takeover.why_dead:
        settings = replace(
            base, interval_s=check.interval_s, threshold=check.failure_threshold,
            ttl_s=ttl_s(leaf), checkers=len(checker_regions(check, CHECKERS)),
        )  # fmt: skip
    return Loss(
        side, takeover, check.id if check else None, settings, leaf.alias is not None,
        detection(settings) if settings else None, {},
    )  # fmt: skip


def ttl_s(leaf: RecordSet) -> float:
    """The TTL of a record's answer; an alias has none of its own."""
    return ALIAS_TTL_S if leaf.alias else float(leaf.ttl_s)


def detection(settings: Settings) -> Detection:
    """The bounds and the mean of the checkers' agreement."""
    worst_s = delay.detection_worst_s(settings)
    return Detection(
        round(worst_s - settings.interval_s, 1), round(delay.detection_mean_s(settings), 1),
        round(worst_s, 1),
    )  # fmt: skip


def _deciding(view: View, side: str, takeover: Takeover) -> HealthCheck | None:
    """The endpoint check whose turning moves the answer: a record's own, or the decisive child.

    None where an alarm or a routing control decides: no export says when.
    """
    routing, red = view.routing, set(takeover.red)
    for record in view.group:
        for leaf in leaves(view.zone, record):
            for holder in (record, leaf):
                check = routing.checks.get(holder.health_check or "")
                if check is None or leaf not in view.sides[side]:
                    continue
                if check.id in red and check.is_endpoint:
                    return check
                children = [
                    child for c in check.children
                    if c in red and (child := routing.checks[c]).is_endpoint
                ]  # fmt: skip
                needed = len(check.children) - check.health_threshold + 1
                if check.type == "CALCULATED" and 1 <= needed <= len(children):
                    return sorted(children, key=_slowness)[needed - 1]
    return None


def _slowness(check: HealthCheck) -> float:
    return check.interval_s * check.failure_threshold


def _refuse_dangling(routing: Routing) -> None:
    for record in routing.record_sets():
        if record.health_check and record.health_check not in routing.checks:
            have = len(routing.checks)
            raise UsageError(
                f"{record.label} uses health check {record.health_check}, which the export of "
                f"health checks ({have} in it) does not hold: export both at the same time"
            )


def distinct(forecasts: Iterable[Forecast]) -> dict[Settings, list[str]]:
    """The different settings of all losses, with the sides that have them."""
    found: dict[Settings, list[str]] = {}
    for one in forecasts:
        for loss in one.losses:
            if loss.settings is not None:
                found.setdefault(loss.settings, []).append(f"{one.name} {loss.side}")
    return found
