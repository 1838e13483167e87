"""Numbers on the command line: click's own kinds take `nan` and `inf`, which nothing can be."""

from __future__ import annotations

import math
from typing import Any

import click


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


POSITIVE = Finite(min=0, min_open=True)
NOT_NEGATIVE = Finite(min=0)
SEED = click.IntRange(min=0)
