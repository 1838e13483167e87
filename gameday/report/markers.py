"""Where the labels of vertical markers go, so that no label covers another or is crossed by a line.

Pure geometry in pixels: rows are counted from the top, and a marker's line runs from its label's
row down to the foot of the picture.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

ROWS_MAX = 7
GAP = 5.0


BOLD = ("fault", "recovered")
BOLD_WIDER = 1.12


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
    """A label for each (name, text, x), in the highest row that is free.

    Those that can only stand left of their line come first, from the right: their labels reach
    back over the lines of others, which can still give way.
    """
    rightward: list[tuple[str, str, float]] = []
    leftward: list[tuple[str, str, float]] = []
    for marker in sorted(markers, key=lambda m: m[2]):
        fits = marker[2] + 2 * GAP + len(marker[1]) * char_width <= right_edge
        (rightward if fits else leftward).append(marker)
    placed: list[Label] = []
    for name, text, x in [*reversed(leftward), *rightward]:
        placed.append(_best(placed, name, text, x, right_edge, char_width))
    return placed


def _best(
    placed: list[Label], name: str, text: str, x: float, right_edge: float, char_width: float
) -> Label:
    width = len(text) * char_width * (BOLD_WIDER if name in BOLD else 1.0) + GAP
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
