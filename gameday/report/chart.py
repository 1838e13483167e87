"""Requests per second over time: good ones stacked by Region, failures on top, offered as a line.

It stands on the same time axis as the lanes above it; heights are to scale from zero.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from gameday.report import words
from gameday.report.axis import Frame

Json = Mapping[str, Any]


def chart(findings: Json, frame: Frame, top: float, height: float, narrow: bool) -> str:
    """Requests per second: good ones stacked by Region, failures on top, the offered as a line."""
    traffic = findings["traffic"]
    regions = [*(findings["run"]["regions"] or []), *traffic["ok"]]
    layers = [(f"r{i}", traffic["ok"].get(r, [])) for i, r in enumerate(dict.fromkeys(regions))]
    layers.append(("failed", traffic["failed"]))
    peak = max([1e-9, *traffic["offered"], *map(sum, zip(*(v for _, v in layers), strict=False))])
    scale = height / (peak * 1.08)
    base = [0.0] * len(traffic["offered"])
    parts = []
    for kind, values in layers:
        if values:
            upper = [b + v for b, v in zip(base, values, strict=True)]
            parts.append(_area(f"area {kind}", traffic, frame, base, upper, top + height, scale))
            base = upper
    parts.append(_line(traffic, frame, top + height, scale))
    for tick in _ticks(peak):
        y = top + height - tick * scale
        x, anchor = (frame.left + 3, "start") if narrow else (frame.left - 8, "end")
        parts.append(f'<line class="grid" x1="{frame.left}" x2="{frame.right}" y1="{y:.1f}" '
                     f'y2="{y:.1f}"/><text class="tick halo" x="{x}" y="{y + 4:.1f}" '
                     f'text-anchor="{anchor}">{words.number(tick)}/s</text>')  # fmt: skip
    return "".join(parts)


def _ticks(peak: float) -> list[float]:
    """Round values up to the peak, two or three of them."""
    step = next(
        (m * 10.0**e for e in range(-2, 7) for m in (1, 2, 5) if peak / (m * 10.0**e) <= 3), peak
    )
    return [step * i for i in range(1, int(peak / step) + 1)]


def _steps(traffic: Json, frame: Frame, values: Sequence[float]) -> list[tuple[float, float]]:
    """The corners of a step line, x in pixels, y as it is."""
    corners = []
    for i, value in enumerate(values):
        t = traffic["start_s"] + i * traffic["step_s"]
        corners += [(frame.x(t), value), (frame.x(t + traffic["step_s"]), value)]
    return corners


def _area(
    kind: str, traffic: Json, frame: Frame, lower: Sequence[float], upper: Sequence[float],
    foot: float, scale: float,
) -> str:  # fmt: skip
    there = [f"{x},{foot - v * scale:.1f}" for x, v in _steps(traffic, frame, upper)]
    back = [f"{x},{foot - v * scale:.1f}" for x, v in reversed(_steps(traffic, frame, lower))]
    return f'<path class="{kind}" d="M{"L".join(there + back)}Z"/>'


def _line(traffic: Json, frame: Frame, foot: float, scale: float) -> str:
    points = [f"{x},{foot - v * scale:.1f}" for x, v in _steps(traffic, frame, traffic["offered"])]
    return f'<path class="offered" d="M{"L".join(points)}"/>'
