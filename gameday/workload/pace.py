"""Which instant a load has reached when it has asked so much, and the reverse.

*Base seconds* are how long the base rate would have taken to ask as much. Schedules are kept in
base seconds, where every load is steady, so that a surge needs nothing to be planned anew.
"""

from __future__ import annotations

import math
from bisect import bisect_right

from gameday.workload.workload import FOREVER, Workload


class Pace:
    """The course of one load, laid out piece by piece as far as somebody asks."""

    def __init__(self, workload: Workload) -> None:
        self._workload = workload
        self._surge: tuple[float, float] | None = None
        self._t: list[float] = []  # where each piece begins, AWS seconds
        self._base: list[float] = []  # and what was asked until then, base seconds
        self._rate: list[tuple[float, float]] = []  # its first rate, and by how much that grows a s
        self._end = (0.0, 0.0)  # t, base: so far the pieces reach

    def base_s(self, t_s: float) -> float:
        """How much is asked until `t_s`."""
        while self._end[0] <= t_s:
            self._extend()
        at = bisect_right(self._t, t_s) - 1
        first, growth = self._rate[at]
        lasted = t_s - self._t[at]
        return self._base[at] + first * lasted + growth * lasted * lasted / 2.0

    def t_s(self, base_s: float) -> float:
        """When so much has been asked."""
        while self._end[1] <= base_s:
            self._extend()
        at = bisect_right(self._base, base_s) - 1
        first, growth = self._rate[at]
        asked = base_s - self._base[at]
        if not asked:
            return self._t[at]
        if not growth:
            return self._t[at] + asked / first
        return self._t[at] + 2.0 * asked / (first + math.sqrt(first**2 + 2.0 * growth * asked))

    def surge(self, t_s: float) -> None:
        """The fault begins at `t_s`; from here on the surge is in force, once."""
        if self._surge is not None or self._workload.surge == 1.0:
            return
        reached = self.base_s(t_s)
        self._surge = (t_s, t_s + self._workload.surge_s)
        keep = bisect_right(self._t, t_s) - (t_s in self._t)
        for column in (self._t, self._base, self._rate):
            del column[keep:]
        self._end = (t_s, reached)

    def _extend(self) -> None:
        t_s, base_s = self._end
        piece = self._workload.piece(t_s)
        begins_s, ends_s = self._surge or (FOREVER, FOREVER)
        factor = self._workload.surge if begins_s <= t_s < ends_s else 1.0
        until_s = min(piece.until_s, ends_s if factor != 1.0 else FOREVER)
        first, growth = piece.first * factor, 0.0
        if piece.last != piece.first:
            growth = (piece.last - piece.first) * factor / (piece.until_s - t_s)
        lasts_s = until_s - t_s
        self._t.append(t_s)
        self._base.append(base_s)
        self._rate.append((first, growth))
        asked = first * lasts_s + (growth * lasts_s * lasts_s / 2.0 if growth else 0.0)
        self._end = (until_s, base_s + asked)
