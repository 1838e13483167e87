"""The chain of guards, in the order in which they are asked; the first refusal ends it.

Cheap questions come first, and those about the account before any that reads the application.
A question that nobody can answer is a refusal: the chain fails closed.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field

from gameday.errors import GamedayError, Refused
from gameday.guard import (
    alarms,
    allow_list,
    ask,
    confirmation,
    frequency,
    kill_switch,
    last_region,
    load_share,
    locations,
    opening_hours,
    opt_in,
    prerequisites,
    replication_lag,
    survivor_capacity,
)
from gameday.guard.answer import Answer, Ruling, not_asked, refused
from gameday.guard.history import Past, past_runs
from gameday.guard.scope import Scope

STOPS_SERVING = ("concurrency", "cut")
"""Kinds of settings whose change takes a Region's service away."""

LAB = "a lab: no account, no owner"
LATER = "measured over the baseline, before anything is broken"


@dataclass
class Facts:
    """What several guards want to know, asked once."""

    scope: Scope
    _accounts: dict[str, str] | None = field(default=None, init=False)

    @property
    def strict(self) -> bool:
        """Whether real accounts are meant."""
        return self.scope.target.is_aws

    @property
    def accounts(self) -> dict[str, str]:
        """By place, the account that would be hit; none in a lab."""
        if self._accounts is None:
            self._accounts = ask.accounts(self.scope) if self.strict else {}
        return self._accounts

    @property
    def past(self) -> list[Past]:
        """The earlier runs on this target."""
        return past_runs(self.scope.project, self.scope.target, self.accounts)


def _kill_switch(facts: Facts) -> Answer:
    kill_switch.refuse_killed(facts.scope.project)
    return kill_switch.judge(ask.switches(facts.scope))


def _allow_list(facts: Facts) -> Answer:
    if not facts.strict:
        return not_asked(LAB)
    return allow_list.judge(facts.scope.target.limits.allow, facts.accounts)


def _confirmation(facts: Facts) -> Answer:
    if not facts.strict:
        return not_asked(LAB)
    limits = facts.scope.target.limits
    return confirmation.judge(limits.confirm, facts.accounts, facts.scope.unknown)


def _opening_hours(facts: Facts) -> Answer:
    scope, limits = facts.scope, facts.scope.target.limits
    when = opening_hours.calendar(limits.hours, limits.time_zone, limits.blackout)
    alone = facts.strict and limits.unattended
    return opening_hours.judge(when, scope.at, scope.until, unattended=alone)


def _frequency(facts: Facts) -> Answer:
    scope, limits = facts.scope, facts.scope.target.limits
    bounds = [limits.days_between_runs, scope.extension.guard.days_between_runs]
    return frequency.judge(
        facts.past,
        scope.experiment,
        scope.at,
        per_day_max=limits.runs_per_day_max,
        days_between=max((b for b in bounds if b is not None), default=None),
    )


def _prerequisites(facts: Facts) -> Answer:
    if not facts.strict:
        return not_asked("a lab may lose any Region")
    scope = facts.scope
    stops = any(c.setting.kind in STOPS_SERVING for c in scope.changes)
    needed = prerequisites.needed(scope.experiment, stops_serving=stops)
    past = [p for p in facts.past if p.region == scope.region]
    return prerequisites.judge(past, needed, scope.at, scope.target.limits.without_prerequisites)


def _locations(facts: Facts) -> Answer:
    if not facts.strict:
        return not_asked("a lab is one machine")
    scope = facts.scope
    return locations.judge(scope.region, scope.target.limits.runner_region, ask.locations(scope))


def _opt_in(facts: Facts) -> Answer:
    tag = facts.scope.target.limits.opt_in_tag
    if tag is None and not facts.strict:
        return not_asked("GAMEDAY_OPT_IN_TAG is not set")
    return opt_in.judge(tag or opt_in.DEFAULT, ask.tags(facts.scope))


def _last_region(facts: Facts) -> Answer:
    scope = facts.scope
    if scope.target.endpoint is None and not facts.strict:
        return not_asked("no name that clients resolve")
    return last_region.judge(scope.region, ask.healthy(scope), strict=facts.strict)


def _alarms(facts: Facts) -> Answer:
    return alarms.judge(ask.alarms(facts.scope), facts.scope.extension.guard.ignore_alarms)


def _survivor_capacity(facts: Facts) -> Answer:
    if not facts.strict:
        return not_asked("a lab's machine is the limit")
    lost, survivors = ask.concurrency(facts.scope)
    bound = facts.scope.extension.guard.survivor_concurrency_max_pct
    return survivor_capacity.judge(lost, survivors, bound)


def _load_share(facts: Facts) -> Answer:
    scope = facts.scope
    if scope.extension.load is None and not facts.strict:
        return not_asked("no load")
    share_pct, source = ask.share(scope)
    if share_pct is None and _later(scope):
        return not_asked(LATER)
    bound = scope.extension.guard.load_share_min_pct
    return load_share.judge(scope.region, share_pct, source, bound)


def _replication_lag(facts: Facts) -> Answer:
    scope, bound = facts.scope, facts.scope.extension.guard.replication_lag_max_s
    if bound is None and facts.strict:
        bound = scope.extension.rpo_s
    if bound is None:
        return not_asked("no bound on replication lag")
    if _later(scope):
        return not_asked(LATER)
    lag_s, source = ask.lag(scope)
    return replication_lag.judge(lag_s, source, bound)


def _later(scope: Scope) -> bool:
    """Whether a baseline will tell what nobody can tell yet."""
    return scope.extension.load is not None and scope.run_dir is None


CHAIN: Mapping[str, Callable[[Facts], Answer]] = {
    "kill switch": _kill_switch,
    "allow list": _allow_list,
    "opening hours": _opening_hours,
    "frequency": _frequency,
    "prerequisites": _prerequisites,
    "locations": _locations,
    "opt-in": _opt_in,
    "last Region": _last_region,
    "alarms": _alarms,
    "survivor capacity": _survivor_capacity,
    "load share": _load_share,
    "replication lag": _replication_lag,
    "confirmation": _confirmation,
}
"""The guards by name. Confirmation comes last: a dry run is one that lacks nothing else."""

BEFORE_A_BASELINE = tuple(n for n in CHAIN if n not in ("load share", "replication lag"))
"""Those that can be asked while a load has yet to show the rest."""

AT_THE_FAULT = ("kill switch", "last Region", "alarms", "load share", "replication lag")
"""Asked once more when the baseline has been kept, right before the method."""


def answers(scope: Scope, names: tuple[str, ...] = tuple(CHAIN)) -> Iterator[tuple[str, Answer]]:
    """Each guard's answer, in order; what cannot be answered is refused."""
    facts = Facts(scope)
    for name in names:
        try:
            yield name, CHAIN[name](facts)
        except Refused as e:
            yield name, refused(str(e).removeprefix("not running: "))
        except GamedayError as e:
            yield name, refused(f"nobody can tell ({name}): {e}")
        except Exception as e:  # whatever it is, it is no permission
            yield name, refused(f"nobody can tell ({name}): {type(e).__name__}: {e}")


def refuse(scope: Scope, names: tuple[str, ...] = tuple(CHAIN)) -> dict[str, Answer]:
    """Every guard's answer, all of them favourable.

    :raises Refused: the first one's that is not.
    """
    given: dict[str, Answer] = {}
    for name, answer in answers(scope, names):
        if answer.ruling is Ruling.REFUSED:
            raise Refused(answer.text)
        given[name] = answer
    return given
