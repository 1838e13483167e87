"""A table of a page. Where the window is narrow the rows of a wide one are stacked, each cell with
the name of its column, because what is scrolled out of sight is not looked for.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from html import escape

STACKED_FROM = 5
"""Columns; fewer fit a telephone."""

Column = tuple[str, str]
"""The class and the name of a column; "n": numbers, "wrap": sentences."""

Cell = str | tuple[str, str]
"""A text, or a class of its own and a text."""


def table(columns: Sequence[Column], rows: Iterable[Iterable[Cell]]) -> str:
    """The table, all text escaped."""
    head = "".join(f'<th class="{kind}">{escape(name)}</th>' for kind, name in columns)
    body = "".join(
        f"<tr>{''.join(_cell(*pair) for pair in zip(columns, row, strict=True))}</tr>"
        for row in rows
    )
    kind = ' class="stack"' if len(columns) >= STACKED_FROM else ""
    return (
        f'<div class="scroll"><table{kind}><thead><tr>{head}</tr></thead>'
        f"<tbody>{body}</tbody></table></div>"
    )


def _cell(column: Column, cell: Cell) -> str:
    kind, text = (column[0], cell) if isinstance(cell, str) else cell
    return f'<td class="{kind}" data-label="{escape(column[1])}">{escape(text)}</td>'
