"""A recorded course of traffic: when more is asked and when less, repeated for ever.

How much is asked in all is the load's own rate; a trace is scaled so that its mean is 1.
"""

from __future__ import annotations

from bisect import bisect_right
from collections import Counter
from dataclasses import dataclass
from functools import cached_property
from itertools import accumulate, pairwise

from gameday.errors import UsageError

Row = tuple[float, ...]

INSTANT_S = 1e-6
"""Sums of floating point numbers are not more exact."""


@dataclass(frozen=True, slots=True)
class Piece:
    """A stretch over which the rate changes evenly, in multiples of the base rate."""

    until_s: float
    first: float
    last: float  # at `until_s`


@dataclass(frozen=True)
class Trace:
    """Pieces one after another from 0 s on; after the last one it begins anew."""

    pieces: tuple[Piece, ...]

    @cached_property
    def _ends(self) -> list[float]:
        return [p.until_s for p in self.pieces]

    @property
    def lasts_s(self) -> float:
        """AWS seconds of one round."""
        return self.pieces[-1].until_s

    def piece(self, t_s: float) -> Piece:
        """What is left at `t_s` of the piece there; within a microsecond of its end, the next."""
        rounds, at_s = divmod(t_s + INSTANT_S, self.lasts_s)
        ends = self._ends
        index = bisect_right(ends, at_s)
        found, began_s = self.pieces[index], ends[index - 1] if index else 0.0
        share = (at_s - began_s) / (found.until_s - began_s)
        now = found.first + share * (found.last - found.first)
        return Piece(rounds * self.lasts_s + found.until_s, now, found.last)

    def lasting(self, lasts_s: float) -> Trace:
        """The same course, stretched or pressed to `lasts_s`."""
        scale = lasts_s / self.lasts_s
        return Trace(tuple(Piece(p.until_s * scale, p.first, p.last) for p in self.pieces))


def read_trace(text: str, place: str) -> Trace:
    """The trace in CSV `text`: `seconds,rate` with the rate between two lines changing evenly, or
    `seconds` alone, one line for each request of an access log.

    A first line without any number names the columns; what follows a # is left out.

    :raises UsageError: names `place` and the line.
    """
    rows = _rows(text, place)
    widths = {len(row) for row in rows}
    if len(widths) > 1 or not widths <= {1, 2}:
        raise UsageError(f"{place}: every line is seconds,rate, or every line is seconds")
    if any(b[0] < a[0] for a, b in pairwise(rows)):
        raise UsageError(f"{place}: the seconds must not go back")
    pieces = _of_requests([row[0] for row in rows]) if widths == {1} else _of_rates(rows)
    began = [0.0, *(p.until_s for p in pieces)]
    asked = sum(
        (p.until_s - b) * (p.first + p.last) / 2.0 for p, b in zip(pieces, began, strict=False)
    )
    if not pieces or not 0 < asked < float("inf"):
        raise UsageError(f"{place}: a trace needs two instants at least, and a rate above 0")
    mean = asked / pieces[-1].until_s
    return Trace(tuple(Piece(p.until_s, p.first / mean, p.last / mean) for p in pieces))


def _rows(text: str, place: str) -> list[Row]:
    rows: list[Row] = []
    lines = enumerate(text.splitlines(), 1)
    told = [(n, cells) for n, line in lines if (cells := _cells(line))]
    if told and not any(_is_number(cell) for cell in told[0][1]):
        del told[0]  # the columns' names
    for number, cells in told:
        line = ",".join(cells)
        if not all(map(_is_number, cells)):
            raise UsageError(f"{place}:{number}: {line!r} is not seconds,rate")
        row = tuple(map(float, cells))
        if not all(0 <= value < float("inf") for value in row):
            raise UsageError(f"{place}:{number}: {line!r}: 0 or more, and finite")
        rows.append(row)
    return rows


def _cells(line: str) -> list[str]:
    told = line.partition("#")[0].replace(";", ",").strip().strip(",")
    return [cell.strip() for cell in told.split(",")] if told else []


def _is_number(cell: str) -> bool:
    try:
        float(cell)
    except ValueError:
        return False
    return True


def _of_rates(rows: list[Row]) -> list[Piece]:
    start = rows[0][0] if rows else 0.0
    return [Piece(b[0] - start, a[1], b[1]) for a, b in pairwise(rows) if b[0] > a[0]]


def _of_requests(times: list[float]) -> list[Piece]:
    """Between two instants of the log, as many requests as the first one has, evenly."""
    asked = sorted(Counter(times).items())
    if len(asked) < 2:
        return []
    gaps = [b[0] - a[0] for a, b in pairwise(asked)]
    gaps.append(sum(gaps) / len(gaps))
    ends = accumulate(gaps)
    return [
        Piece(end, count / gap, count / gap)
        for end, gap, (_, count) in zip(ends, gaps, asked, strict=True)
    ]
