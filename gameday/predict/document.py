"""A forecast as one JSON document. Text and page are renderings of it and compute nothing."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass, field, fields
from typing import Any

from gameday.predict.advice import Advice, advise
from gameday.predict.clients import Mode
from gameday.predict.crowd import Crowd, Spread
from gameday.predict.forecast import Forecast, Loss, detection, forecast
from gameday.predict.kind import STRETCHED_SHARE, Kind, kinds
from gameday.predict.model import Settings
from gameday.predict.policies import compare
from gameday.predict.way import Way
from gameday.route53.exports import Routing

NOT_INCLUDED = (
    "Route 53's own propagation from health check to name servers (AWS does not document it; "
    "give --propagation to add one)",
    "retries: they move nobody, for until an answer names the survivor they meet the lost side",
)


@dataclass(frozen=True, slots=True)
class Question:
    """What is asked of a zone."""

    rto_s: float | None = None
    p: float = 0.95
    mode: Mode = Mode.ERRORS
    crowd: Crowd = field(default_factory=Crowd)
    connection_s: float = 30.0
    more: tuple[Kind, ...] = ()  # kinds of client beside the usual ones
    propagation_s: float = 0.0
    policies: bool = False
    seed: int = 0


def document(routing: Routing, question: Question, source: str) -> dict[str, Any]:
    """The whole prediction; seconds from the loss of a side, shares of 1, null for never.

    `meets` is null without an objective, else whether every kind of client that settings can move
    meets it in every loss. A name whose addresses are those of one simple record without a check is
    not judged, because nothing in DNS could: null, as is the whole where nothing else is there.

    :raises UsageError: a record set names a health check that is not there.
    """
    base = Settings(mode=question.mode, propagation_s=question.propagation_s)
    asked = (*kinds(question.connection_s), *question.more)
    found = forecast(routing, base, asked, question.crowd, question.seed)
    names = [_name(one, asked, question) for one in found]
    judged = [m for name in names for loss in name["losses"] if (m := loss["meets"]) is not None]
    return {
        "source": source,
        "rto_s": question.rto_s,
        "p": question.p,
        "mode": question.mode.value,
        "clients": question.crowd.clients,
        "resolvers": question.crowd.resolvers,
        "propagation_s": question.propagation_s,
        "seed": question.seed,
        "kinds": {k.name: k.says for k in asked},
        "stretched_share": STRETCHED_SHARE,
        "meets": all(judged) if judged else None,
        "names": names,
        "policies": _policies(found) if question.policies else [],
        "not_included": list(NOT_INCLUDED),
    }


def _name(one: Forecast, asked: tuple[Kind, ...], question: Question) -> dict[str, Any]:
    is_judged = question.rto_s is not None and (one.policy != "simple" or bool(one.checks))
    return {
        "name": one.name,
        "type": one.type,
        "policy": one.policy,
        "sides": list(one.sides),
        "losses": [_loss(loss, asked, question, is_judged) for loss in one.losses],
        "checks": [asdict(check) for check in one.checks],
        "all_red": asdict(one.all_red),
    }


def _loss(
    loss: Loss, asked: tuple[Kind, ...], question: Question, is_judged: bool
) -> dict[str, Any]:
    ways, advice = loss.settings, None
    if ways and question.rto_s is not None:
        longest_s = max(settings.ttl_s for settings in ways)
        is_alias = any(
            w.is_alias for w in loss.ways if w.settings and w.settings.ttl_s == longest_s
        )
        advice = advise(ways, asked, question.rto_s, question.p, is_alias=is_alias)
    is_met = not loss.takeover.moves or (advice is not None and _meets(advice))
    return {
        "side": loss.side,
        "takeover": asdict(loss.takeover),
        "ways": [_way(way, way.settings) for way in loss.ways if way.settings],
        "untimed": list(loss.untimed),
        "clients": {k: _flat(v) for k, v in loss.clients.items()},
        "advice": asdict(advice) if advice else None,
        "meets": is_met if is_judged else None,
    }


def _way(way: Way, settings: Settings) -> dict[str, Any]:
    return {
        "check": way.check.id, "interval_s": settings.interval_s, "threshold": settings.threshold,
        "checkers": settings.checkers, "ttl_s": settings.ttl_s, "is_alias": way.is_alias,
        "detection": asdict(detection(settings)),
    }  # fmt: skip


def _flat(spread: Spread) -> dict[str, Any]:
    """As `asdict`, without copying the curve point by point."""
    return {member.name: getattr(spread, member.name) for member in fields(spread)}


def _meets(advice: Advice) -> bool:
    """Whether the kinds that settings can move at all are in time; who never leaves is said."""
    return all((advice.within_s[kind] or 0.0) <= advice.rto_s for kind in advice.movable)


def _policies(found: Sequence[Forecast]) -> list[dict[str, Any]]:
    sides = list(dict.fromkeys(side for one in found for side in one.sides))[:4]
    return [asdict(c) for c in compare(sides)] if len(sides) > 1 else []
