"""When DNS stops to answer with a lost side: check by check, in the order in which they turn red.

Routing is asked after each of them, so which check decides is found and not assumed: either of an
alias's own and its target's, the last of a group, the second child of three.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from itertools import groupby

from gameday.predict.delay import detection_worst_s
from gameday.predict.model import Settings
from gameday.predict.side import Path, key
from gameday.predict.view import Given, View
from gameday.predict.zone import ALIAS_TTL_S
from gameday.route53.check import CHECKERS, HealthCheck, checker_regions
from gameday.route53.zone import RecordSet

Stage = tuple[HealthCheck, ...]
"""Checks that turn red equally fast."""


@dataclass(frozen=True, slots=True)
class Way:
    """How some of the clients get away: the check that ends an answer, and how long it is kept.

    Without `settings` the check turns red by other means than a probe, and nobody can say when.
    """

    check: HealthCheck
    settings: Settings | None
    is_alias: bool

    @property
    def worst_s(self) -> float:
        """No resolver keeps the answer for longer; infinite where nobody can say."""
        return slowness_s(self.settings) if self.settings else float("inf")


def slowness_s(settings: Settings) -> float:
    """The latest end of an answer in a resolver's cache, in seconds from the fault."""
    return detection_worst_s(settings) + settings.ttl_s


def ways(view: View, side: str, base: Settings) -> tuple[Way, ...]:
    """How clients of a lost side get away, the slowest first; those that stay are left out.

    :param base: mode and propagation; interval, threshold and TTL come from the zone.
    """
    stages = _stages(view, side, base)
    found: dict[object, Way] = {}  # one of those that are equal
    for client in view.clients:
        red: set[str] = set()
        given = [view.given(client, view.unhealthy())]
        for stage in stages:
            red |= {check.id for check in stage}
            given.append(view.given(client, view.unhealthy(red)))
        for path in dict.fromkeys(p for g in given for p in g.paths if p.side == side):
            last = max(n for n, g in enumerate(given) if path in g.paths)
            if last < len(stages):
                decided = _deciding(view, path, stages[last])
                way = _way(decided, _ended(path, given[last + 1]), base)
                found.setdefault((way.settings, way.is_alias) if way.settings else decided, way)
    return tuple(sorted(found.values(), key=lambda way: (-way.worst_s, way.check.id)))


def _stages(view: View, side: str, base: Settings) -> list[Stage]:
    """The checks that fail with the side, in the order in which they turn; unknown times last."""
    red = [view.routing.checks[c] for c in sorted(view.watching(side))]
    timed = sorted(
        (check for check in red if check.is_endpoint),
        key=lambda check: detection_worst_s(_settings(check, base)),
    )
    stages = [
        tuple(same)
        for _, same in groupby(timed, lambda check: detection_worst_s(_settings(check, base)))
    ]
    untimed = tuple(check for check in red if not check.is_endpoint)
    return [*stages, *([untimed] if untimed else [])]


def _deciding(view: View, path: Path, stage: Stage) -> HealthCheck:
    """The check of the stage that ended the path: one that guards it, else the first."""
    guards = set(path.guards)
    for check_id in path.guards:
        if check_id in view.routing.checks:
            guards |= set(view.routing.checks[check_id].children)
    return next((check for check in stage if check.id in guards), stage[0])


def _ended(path: Path, given: Given) -> tuple[RecordSet, ...]:
    """The path from the first record on that is not chosen any more."""
    for n in range(1, len(path.records)):
        upper = {key(record) for record in path.records[:n]}
        if not any(upper <= chosen for chosen in given.chosen):
            return path.records[n - 1 :]
    return path.records[-1:]


def _way(check: HealthCheck, ended: Iterable[RecordSet], base: Settings) -> Way:
    """An alias answers with the TTL of its target; a CNAME on the way has one of its own."""
    record = next((r for r in ended if r.alias is None), None)
    settings = None
    if check.is_endpoint:
        settings = replace(_settings(check, base), ttl_s=record.ttl_s if record else ALIAS_TTL_S)
    return Way(check, settings, record is None)


def _settings(check: HealthCheck, base: Settings) -> Settings:
    return replace(
        base, interval_s=check.interval_s, threshold=check.failure_threshold,
        checkers=len(checker_regions(check, CHECKERS)),
    )  # fmt: skip
