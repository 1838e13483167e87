"""How the report says numbers: the same words in the page, on the terminal and in Markdown.

A number that is unknown is a dash, one that is a lower bound says so, and a unit is never left out.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

Json = Mapping[str, Any]

UNKNOWN = "–"


def seconds(value: float | None) -> str:
    """`106 s`; one decimal below 10 s, where it matters."""
    return UNKNOWN if value is None else f"{number(value)} s"


def number(value: float) -> str:
    """`106`, `1.1`, `0`."""
    whole = round(value)
    return f"{whole}" if abs(value) >= 10 or abs(value - whole) < 0.05 else f"{value:.1f}"


def pct(value: float | None) -> str:
    """`51 %`, `5.9 %`, `0 %`, `< 0.1 %`."""
    if value is None:
        return UNKNOWN
    return "< 0.1 %" if 0 < value < 0.05 else f"{number(value)} %"


def figure(value: Json | None) -> str:
    """A statistic over clients: `88 s`, or `> 400 s` when some had not recovered."""
    if value is None:
        return UNKNOWN
    return f"> {seconds(value['s'])}" if value["at_least"] else seconds(value["s"])


def band(value: Json | None, *, mean: bool = True) -> str:
    """`106 s (104..108)`: mean and the 5 to 95 % band; `never` where it does not end."""
    if value is None:
        return UNKNOWN
    if value["p5_s"] is None:
        return "never"
    if value["mean_s"] is None or value["p95_s"] is None:
        return f"from {seconds(value['p5_s'])}, perhaps never"
    low, high = number(value["p5_s"]), number(value["p95_s"])
    if low == high:
        return seconds(value["mean_s"])
    return f"{seconds(value['mean_s'])} ({low}..{high})" if mean else f"{low}..{high} s"


def difference(value: Json | None) -> str:
    """`-1.1 s` from the predicted mean, `12 s longer than predicted` outside its band, or ""."""
    if value is None:
        return ""
    if value["beyond_s"] is None:
        return "" if value["agrees"] else "not as predicted"
    if not value["agrees"]:
        word = "longer" if value["beyond_s"] > 0 else "shorter"
        return f"{number(abs(value['beyond_s']))} s {word} than predicted"
    by_s = value["by_s"]
    if by_s is None or abs(by_s) < 0.05:
        return ""
    return f"{'+' if by_s > 0 else '-'}{number(abs(by_s))} s"


def count(amount: int, noun: str) -> str:
    """`1 write`, `2,000 writes`."""
    return f"{amount:,} {noun}{'' if amount == 1 else 's'}"


def clock(t_s: float) -> str:
    """`01:28` for 88 seconds."""
    whole = max(0, round(t_s))
    return f"{whole // 60:02d}:{whole % 60:02d}"


def after(t_s: float) -> str:
    """`T+28 s`: seconds from the fault."""
    return f"T{'-' if round(t_s) < 0 else '+'}{abs(round(t_s))} s"


def mix(clients: Json | None) -> str:
    """`per-request=50,pooled-max-age-30=50`, as `--clients` takes it."""
    return ",".join(f"{kind}={_plain(share)}" for kind, share in (clients or {}).items())


def _plain(share: Any) -> str:
    return f"{share:g}" if isinstance(share, (int, float)) else str(share)


def course(load: Mapping[str, Any]) -> str:
    """How the rate of a load went, in the words in which it was asked for."""
    return str(load.get("course") or "steady")
