"""Numbers on the command line: click's own kinds take `nan` and `inf`, which nothing can be."""

from __future__ import annotations

import math
from typing import Any

import click

from gameday.clock import SPEED_MAX


class Finite(click.FloatRange):
    """A range of numbers without `nan` and `inf`, which compare and add up to nonsense."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """The number.

        :raises click.BadParameter: it is none, outside the range, or not finite.
        """
        found = super().convert(value, param, ctx)
        if not math.isfinite(found):
            self.fail(f"{value} is not a finite number", param, ctx)
        return found


class FiniteOrNone(Finite):
    """A finite number, or `inf` for an objective that nobody has."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """The number, or infinity.

        :raises click.BadParameter: it is neither.
        """
        return math.inf if str(value) == "inf" else super().convert(value, param, ctx)


POSITIVE = Finite(min=0, min_open=True)
NOT_NEGATIVE = Finite(min=0)
OBJECTIVE = FiniteOrNone(min=0)
COUNT = click.IntRange(min=1)
SEED = click.IntRange(min=0)
PORT = click.IntRange(1, 65535)
SPEED = Finite(1, SPEED_MAX)
RATE = Finite(min=0, min_open=True, max=1e6)
"""Requests per AWS second; a hundred times what one machine sends."""
