"""How a kind of client treats names, connections and failures, as far as that decides when it goes.

A client moves only when it looks a name up, and it looks a name up only when it opens a connection.
So everything here answers one question: how far apart its look-ups are.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any

FOREVER = "forever"
"""How a journal writes an endless time: JSON has no infinity."""

BACKOFF_MAX_S = 1.0
"""Retries that wait longer in all would look names up between two requests."""

ANSWERED = 0.98
"""A connection is idle for what is left of a period after its answer has come."""

SLOW_S = 0.5
"""No answer of a Region that serves, or that fails at once, takes longer."""

LATE = 1.05
"""A request that lasts longer than this many periods holds the next one up."""


@dataclass(frozen=True, slots=True)
class Behaviour:
    """One kind of client; seconds on the AWS clock, and None for what never happens."""

    reuse: bool = True
    max_age_s: float | None = None
    idle_max_s: float | None = None
    name_cache_s: float = 0.0  # in the client, whatever the TTL
    ttl_min_s: float = 0.0  # its resolver keeps an answer at least so long
    follow_dns: bool = False  # a connection whose address left the answer is dropped
    drop_on_5xx: int | None = None  # answers 5xx in a row that drop a connection
    connect_timeout_s: float = 5.0
    read_timeout_s: float = 10.0
    retries: int = 0
    retries_5xx: bool = False
    only_reused: bool = False  # retries only what went over a kept connection
    backoff_s: float = 0.0
    budget_pct: float | None = None
    hedge_s: float | None = None  # an answer that takes longer is asked for once more, beside
    strange: tuple[str, ...] = ()  # what was recorded and is not modelled

    @classmethod
    def of(cls, name: str, recorded: Mapping[str, Any] | None = None) -> Behaviour | None:
        """The behaviour that a load recorded for the kind `name`, else the one its name says.

        None where neither says anything.
        """
        if recorded is not None:
            return _recorded(recorded)
        if name == "per-request":
            return cls(reuse=False)
        age = re.fullmatch(r"pooled(?:-max-age-(\d+(?:\.\d+)?))?", name)
        return cls(max_age_s=float(age[1]) if age[1] else None) if age else None

    def life_s(self, period_s: float) -> float | None:
        """The age at which a connection that works is dropped: 0 with every request, None never."""
        dropped_idle = self.idle_max_s is not None and self.idle_max_s < ANSWERED * period_s
        if not self.reuse or dropped_idle or self.follow_dns:
            return 0.0
        return self.max_age_s

    @property
    def tries_5xx(self) -> int:
        """How often one request is sent to a Region that answers 5xx."""
        return 1 + (self.retries if self.retries_5xx and not self.only_reused else 0)

    def drop_s(self, period_s: float) -> float | None:
        """From the first 5xx to the look-up after it, and between two look-ups from then on.

        None for a client that keeps its connection whatever is answered.
        """
        if self.drop_on_5xx is None:
            return None
        return math.ceil(self.drop_on_5xx / self.tries_5xx) * period_s

    def unpredictable(self, period_s: float, *, black_hole: bool) -> str:
        """Why nobody can say when this client leaves; empty where it can be said."""
        if self.strange:
            return f"{' and '.join(self.strange)} is not modelled"
        if self.backoff_s * (2**self.retries - 1) > BACKOFF_MAX_S:
            return "its retries wait so long that they look the name up between two requests"
        if self.drop_on_5xx and self.tries_5xx > 1 and self.budget_pct is not None:
            return "a budget decides how many of its retries count towards dropping a connection"
        if self.drop_on_5xx and self.drop_on_5xx % self.tries_5xx:
            return "its connection is dropped between two tries of one request"
        if self.hedge_s and (black_hole or self.hedge_s < SLOW_S):
            return "hedged copies of its requests look the name up beside them"
        return self._held_up(period_s) if black_hole and period_s else ""

    def _held_up(self, period_s: float) -> str:
        kept = self.life_s(period_s) != 0.0
        hang_s = max(self.connect_timeout_s, self.read_timeout_s if kept else 0.0)
        if hang_s > LATE * period_s:
            return (
                f"in a black hole its requests last {hang_s:g} s, longer than the {period_s:.1f} s "
                f"between them, so they hold each other up"
            )
        return "in a black hole its retries look the name up at odd times" if self.retries else ""


_OF_RETRY = {
    "times": "retries", "on_5xx": "retries_5xx", "only_reused": "only_reused",
    "backoff_s": "backoff_s", "budget_pct": "budget_pct", "hedge_s": "hedge_s",
}  # fmt: skip
"""Of a recorded `retry`; `where` is not among them: an answer holds one Region's address."""

_WITHOUT_EFFECT = frozenset({"name", "retry", "where"})


def _recorded(recorded: Mapping[str, Any]) -> Behaviour:
    retry = recorded.get("retry") or {}
    given = {**recorded, **{ours: retry[theirs] for theirs, ours in _OF_RETRY.items()
                            if theirs in retry}}  # fmt: skip
    known = {field.name for field in fields(Behaviour)}
    others = {**{k: v for k, v in retry.items() if k not in _OF_RETRY}, **given}
    strange = sorted(k for k, v in others.items() if v and k not in known | _WITHOUT_EFFECT)
    values: dict[str, Any] = {
        k: math.inf if v == FOREVER else v for k, v in given.items() if k in known
    }
    values["name_cache_s"] = values.get("name_cache_s") or 0.0
    return Behaviour(**values, strange=tuple(strange))
