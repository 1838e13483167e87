"""How a measured number stands to its prediction: by how much it differs, and whether it may.

A number agrees while it lies in its 5 to 95 % band, give or take what polling resolves: a link lies
between two instants, each seen up to a poll and an answer late.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from gameday.measure.propagation import Link
from gameday.predict.model import Band

RESOLUTION_S = 2.0
"""AWS seconds by which the distance of two polled instants may be off (docs/findings.md)."""


@dataclass(frozen=True, slots=True)
class Agreement:
    """AWS seconds, negative where it took less than predicted; None: one of the two never ends."""

    by_s: float | None  # measured, minus the predicted mean
    beyond_s: float | None  # how far outside the 5 to 95 % band; 0 within it
    agrees: bool


def agreement(measured_s: float | None, predicted: Band | None) -> Agreement | None:
    """How a number that took `measured_s` (None: it never ended) agrees; None without a band."""
    if predicted is None:
        return None
    low_s, high_s = predicted.p5_s, predicted.p95_s
    if measured_s is None:
        return Agreement(None, None, high_s is None)
    if low_s is None:
        return Agreement(None, None, False)
    over_s = 0.0 if high_s is None else max(0.0, measured_s - high_s)
    beyond_s = over_s or min(0.0, measured_s - low_s)
    by_s = None if predicted.mean_s is None else round(measured_s - predicted.mean_s, 2)
    return Agreement(by_s, round(beyond_s, 2), abs(beyond_s) <= RESOLUTION_S)


def compared(links: Sequence[Link]) -> str:
    """Which link differs from its prediction and by how much, in a sentence; empty without any."""
    found = [(link, said) for link in links if (said := agreement(link.measured_s, link.predicted))]
    if not found:
        return ""
    off = [one for one in found if not one[1].agrees]
    if off:
        off.sort(key=lambda one: -abs(one[1].beyond_s or 0.0))
        return "; ".join(_differs(link, said) for link, said in off) + "."
    measured = [(link, said.by_s) for link, said in found if said.by_s is not None]
    if not measured:
        return "Every link is as predicted."
    link, by_s = max(measured, key=lambda one: abs(one[1]))
    if abs(by_s) < 0.05:
        return "Every link took what was predicted."
    return (
        f"Every link is within what was predicted; the furthest from its mean is {link.name}, by "
        f"{abs(by_s):.1f} s {'more' if by_s > 0 else 'less'}."
    )


def _differs(link: Link, said: Agreement) -> str:
    band = link.predicted
    if band is None or band.p5_s is None:
        return f"{link.name} ended, and was predicted never to"
    span = f"{band.p5_s:.0f} s" if band.p95_s is None else f"{band.p5_s:.0f} to {band.p95_s:.0f} s"
    if link.measured_s is None or said.beyond_s is None:
        return f"{link.name} never ended, and was predicted to take {span}"
    more = "more" if said.beyond_s > 0 else "less"
    return (
        f"{link.name} took {link.measured_s:.1f} s, {abs(said.beyond_s):.1f} s {more} than the "
        f"{span} predicted"
    )
