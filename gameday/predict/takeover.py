"""Who takes over when a side of a name is lost: routing asked before and after its checks are red.

A share that is still answered with the lost side is said with its reason, because no wait will
end it.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from gameday.predict.side import SHARED, Path
from gameday.predict.view import Shares, Unhealthy, View
from gameday.route53.check import HealthCheck

SIDES_MAX = 16


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
    red: tuple[str, ...]  # checks that fail
    moves: tuple[Move, ...]  # of clients answered with the lost side before or after; of a check,
    # of clients whose answer changes
    still_dead: float = 0.0  # the largest share of any clients sent to the lost side afterwards
    why_dead: tuple[str, ...] = ()
    is_fail_open: bool = False


@dataclass(frozen=True, slots=True)
class AllRed:
    """What clients are answered on average when every check is red."""

    shares: Shares
    is_fail_open: bool  # else it is answered because no check guards it


def lose(view: View, side: str) -> Takeover:
    """What happens when everything on `side` stops answering."""
    red = view.watching(side)
    was, now = view.unhealthy(), view.unhealthy(red)
    moves, dead, is_open = [], 0.0, False
    held: dict[Path, None] = {}
    for client in view.clients:
        before, after = view.given(client, was), view.given(client, now)
        if not (before.shares.get(side) or after.shares.get(side)):
            continue
        moves.append(Move(client.network, before.shares, after.shares))
        dead = max(dead, after.shares.get(side, 0.0))
        lost = dict.fromkeys(path for path in after.paths if path.side == side)
        held |= lost
        is_open |= bool(lost) and after.is_fail_open
    why = tuple(dict.fromkeys(_reasons(view, side, held, now, is_open))) if dead else ()
    return Takeover(side, tuple(sorted(red)), tuple(moves), dead, why, is_open)


def turn_red(view: View, check: HealthCheck) -> Takeover:
    """What happens when that one check turns red, whatever the reason."""
    was, now = view.unhealthy(), view.unhealthy(forced={check.id: False})
    moves = [
        Move(client.network, before, after)
        for client in view.clients
        if (before := view.given(client, was).shares) != (after := view.given(client, now).shares)
    ]
    return Takeover(f"check {check.id}", (check.id,), tuple(moves))


def all_red(view: View) -> AllRed:
    """What clients are answered on average when every check is red."""
    unhealthy = view.unhealthy(forced=dict.fromkeys(view.watch, False))
    given = [view.given(client, unhealthy) for client in view.clients]
    return AllRed(mean([g.shares for g in given]), any(g.is_fail_open for g in given))


def mean(rows: Sequence[Shares]) -> dict[str, float]:
    """The shares of clients of equal number."""
    found = dict.fromkeys(side for row in rows for side in row)
    return {s: round(sum(row.get(s, 0.0) for row in rows) / len(rows), 4) for s in found}


def _reasons(
    view: View, side: str, held: dict[Path, None], unhealthy: Unhealthy, is_open: bool
) -> Iterator[str]:
    """Why clients are still sent along the paths `held` after every check has done what it can."""
    if is_open:
        yield "fail-open: every record's check is red, so all count as healthy"
    for path in held:
        if not path.guards:
            yield f"{path.leaf.label} has no health check, so it counts as healthy for ever"
        for record in path.records:
            if record.health_check and record.health_check not in unhealthy:
                yield f"health check {record.health_check} of {record.label} " + _why_healthy(
                    view, record.health_check, side, unhealthy
                )
            is_blind = record.alias and not record.alias.evaluate_target_health
            if is_blind and record is not path.leaf and not record.health_check:
                yield f"{record.label} does not evaluate the health of its target"


def _why_healthy(view: View, check_id: str, side: str, unhealthy: Unhealthy) -> str:
    """Why a check does not turn red when `side` is lost."""
    check = view.routing.checks.get(check_id)
    where = view.watch.get(check_id)
    if check is None:
        return "is not in the export"
    if check.disabled:
        return "is disabled, which means healthy"
    if check.type == "CALCULATED":
        healthy = len([c for c in check.children if c not in unhealthy])
        why = f"{healthy} of {len(check.children)} children healthy, HealthThreshold "
        why += f"{check.health_threshold}"
        return f"stays healthy: {'inverted, ' if check.inverted else ''}{why}"
    if where == SHARED:
        return "probes a name that follows failover itself"
    if where != side:
        return f"watches {where}, not {side}"
    return f"is inverted, which means healthy while {side} is lost"
