"""What a load was asked to be: how requests arrive, and how its rate goes over time.

Seconds are AWS seconds from the start of the load, of a surge from the start of the fault. Rates
are multiples of the base rate.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from gameday.errors import UsageError
from gameday.workload.trace import Piece, Trace, read_trace

FOREVER = float("inf")
FACTOR_MAX = 1000.0


class Arrivals(StrEnum):
    """When a client sends its next request."""

    CONSTANT = "constant"  # open: at even intervals
    POISSON = "poisson"  # open: at independent instants
    CLOSED = "closed"  # one interval after the answer to the one before


@dataclass(frozen=True, slots=True)
class Workload:
    """The course of a load.

    - steady: nothing more said.
    - `ramp_s`: it grows evenly from nothing to the base rate first.
    - `steps`: (second, factor) pairs; before the first the base rate.
    - `trace`: a recorded course.
    - `surge`: from the start of the fault it is so many times as much, for `surge_s`. When DNS has
      moved all of it is the survivor's.
    """

    arrivals: Arrivals = Arrivals.CONSTANT
    ramp_s: float = 0.0
    surge: float = 1.0
    surge_s: float = FOREVER
    steps: tuple[tuple[float, float], ...] = ()
    trace: Trace | None = None

    @property
    def is_open(self) -> bool:
        """Whether requests start when they are meant to, whatever became of those before."""
        return self.arrivals is not Arrivals.CLOSED

    @property
    def is_even(self) -> bool:
        """Whether every client asks at much the same intervals once the ramp is over."""
        even = self.arrivals is not Arrivals.POISSON and self.surge == 1.0
        return even and not self.steps and self.trace is None

    def piece(self, t_s: float) -> Piece:
        """The rate from `t_s` on, without a surge."""
        if t_s < self.ramp_s:
            return Piece(self.ramp_s, t_s / self.ramp_s, 1.0)
        if self.trace is not None:
            return self.trace.piece(t_s)
        factor, until_s = 1.0, FOREVER
        for at_s, step in reversed(self.steps):
            if at_s <= t_s:
                factor = step
                break
            until_s = at_s
        return Piece(until_s, factor, factor)


KEYS = ("arrivals", "ramp_s", "surge", "surge_s", "steps", "trace", "trace_s")


def parse(text: str) -> Workload:
    """The workload that `poisson,ramp_s=60,surge=1.5,surge_s=120` describes; "" is a steady one.

    Steps are `steps=0:1/300:2`; a trace is a CSV file, `trace=day.csv,trace_s=600`.

    :raises UsageError: names the part that is wrong.
    """
    given: dict[str, str] = {}
    for part in filter(None, (p.strip() for p in text.split(","))):
        key, equals, value = part.partition("=")
        if not equals:
            key, value = "arrivals", part
        if key not in KEYS:
            raise UsageError(f"load: there is no {key!r}; choose among {', '.join(KEYS)}")
        if key in given:
            raise UsageError(f"load: {key} is given twice")
        given[key] = value
    if {"steps", "trace"} <= set(given) or {"ramp_s", "trace"} <= set(given):
        raise UsageError("load: a trace has its own course: give it without steps and ramp_s")
    for key, needs in (("trace_s", "trace"), ("surge_s", "surge")):
        if key in given and needs not in given:
            raise UsageError(f"load: {key} says nothing without {needs}")
    return Workload(
        arrivals=_arrivals(given.get("arrivals", "constant")),
        ramp_s=_number("ramp_s", given.get("ramp_s", "0")),
        surge=_number("surge", given.get("surge", "1"), least=0.01, most=FACTOR_MAX),
        surge_s=_number("surge_s", given["surge_s"], 0.1) if "surge_s" in given else FOREVER,
        steps=_steps(given["steps"]) if "steps" in given else (),
        trace=_trace(given["trace"], given.get("trace_s")) if "trace" in given else None,
    )


def text_of(given: Mapping[str, object]) -> str:
    """What `parse` reads, from the keys of an experiment's `load`; others are let pass."""
    said = {key: given[key] for key in KEYS if key in given}
    steps = said.get("steps")
    if isinstance(steps, Sequence):
        said["steps"] = "/".join(f"{at}:{factor}" for at, factor in steps)
    return ",".join(f"{key}={value}" for key, value in said.items())


def _arrivals(text: str) -> Arrivals:
    try:
        return Arrivals(text)
    except ValueError:
        raise UsageError(f"load: arrivals {text!r}: choose among {', '.join(Arrivals)}") from None


def _number(key: str, text: str, least: float = 0.0, most: float = 1e7) -> float:
    try:
        value = float(text)
    except ValueError:
        raise UsageError(f"load: {key}={text} is not a number") from None
    if not least <= value <= most:
        raise UsageError(f"load: {key}={text}: {least:g} to {most:g}")
    return value


def _steps(text: str) -> tuple[tuple[float, float], ...]:
    steps = []
    for pair in text.split("/"):
        at, colon, factor = pair.partition(":")
        if not colon:
            raise UsageError(f"load: steps={text}: write SECOND:FACTOR/SECOND:FACTOR")
        steps.append((_number("steps", at), _number("steps", factor, most=FACTOR_MAX)))
    if sorted({at for at, _ in steps}) != [at for at, _ in steps]:
        raise UsageError(f"load: steps={text}: the seconds must rise")
    if steps[-1][1] == 0:
        raise UsageError(f"load: steps={text}: the last step asks nothing for ever")
    return tuple(steps)


def _trace(file: str, lasts: str | None) -> Trace:
    try:
        found = read_trace(Path(file).read_text(encoding="utf-8-sig"), file)
    except (OSError, UnicodeDecodeError) as e:
        reason = e.strerror if isinstance(e, OSError) else "not text"
        raise UsageError(f"load: trace={file}: cannot be read: {reason}") from e
    return found.lasting(_number("trace_s", lasts, least=1.0)) if lasts else found
