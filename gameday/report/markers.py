"""Where the labels of vertical markers go, so that no label covers another or is crossed by a line.

Pure geometry in pixels: rows are counted from the top, and a marker's line runs from its label's
row down to the foot of the picture.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

ROWS_MAX = 7
GAP = 5.0


@dataclass(frozen=True, slots=True)
class Label:
    """A label beside its line: `left`..`right` in row `row`; `x` is the line."""

    name: str
    text: str
    x: float
    left: float
    right: float
    row: int

    @property
    def leftward(self) -> bool:
        """Whether the text stands left of the line."""
        return self.left < self.x


def place(
    markers: Iterable[tuple[str, str, float]], right_edge: float, char_width: float
) -> list[Label]:
    """A label for each (name, text, x), in the given order, in the highest row that is free."""
    placed: list[Label] = []
    for name, text, x in markers:
        placed.append(_best(placed, name, text, x, right_edge, char_width))
    return placed


def _best(
    placed: list[Label], name: str, text: str, x: float, right_edge: float, char_width: float
) -> Label:
    width = len(text) * char_width + GAP
    rightward = (x + GAP, x + GAP + width)
    leftward = (x - GAP - width, x - GAP)
    sides = [rightward] if rightward[1] <= right_edge else []
    for row in range(ROWS_MAX):
        for left, right in [*sides, leftward]:
            label = Label(name, text, x, left, right, row)
            if left >= 0 and not any(_clash(label, other) for other in placed):
                return label
    left, right = sides[0] if sides else leftward
    return Label(name, text, x, left, right, ROWS_MAX)


def _clash(a: Label, b: Label) -> bool:
    if a.row == b.row:
        return a.left - GAP < b.right and b.left - GAP < a.right
    upper, lower = (a, b) if a.row < b.row else (b, a)
    return lower.left - 2 < upper.x < lower.right + 2
