"""How often measured numbers fell into the bands that were predicted for them, over many runs.

The band is that of 5 to 95 %, taken as it is, so that the expected share is 0.9. A run without a
verdict is counted apart, never as a hit.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from gameday.measure.agreement import RESOLUTION_S
from gameday.model import Verdict

EXPECTED = 0.9
HEADLINE = "recovery time"
RUNS = "runs"
RUNS_MAX = 500

Json = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Hits:
    """One number: how many measurements fell into their band, of how many that had one."""

    name: str
    hits: int
    of: int

    @property
    def share(self) -> float:
        return self.hits / self.of

    @property
    def interval(self) -> tuple[float, float]:
        """The 95 % confidence interval of the share (Wilson, 1927)."""
        z, n = 1.96, self.of
        centre = (self.share + z * z / (2 * n)) / (1 + z * z / n)
        half = z / (1 + z * z / n) * math.sqrt(self.share * (1 - self.share) / n + (z / 2 / n) ** 2)
        return max(0.0, centre - half), min(1.0, centre + half)

    def __str__(self) -> str:
        low, high = self.interval
        return (
            f"{self.name}: {self.hits} of {self.of} in the 5 to 95 % band, a share of "
            f"{self.share:.2f} ({low:.2f}..{high:.2f}); {EXPECTED:.2f} expected"
        )


@dataclass(frozen=True, slots=True)
class TrackRecord:
    """What the predictions of many runs were worth; the headline is the first of `numbers`."""

    numbers: tuple[Hits, ...]
    runs: int
    without: int  # a verdict, or a prediction

    @property
    def headline(self) -> Hits | None:
        """The record of the recovery time, once there are several runs to speak of."""
        first = next((n for n in self.numbers if n.name == HEADLINE), None)
        return first if first and first.of > 1 else None

    def lines(self) -> Iterator[str]:
        """A line for each number, and one for what could not be counted."""
        yield from map(str, self.numbers)
        yield f"{self.runs} runs, {self.without} of them without a verdict or a prediction"


def track_record(runs: Iterable[Json | None]) -> TrackRecord:
    """The record of those runs' findings; None stands for a run that left none."""
    seen: dict[str, list[bool]] = {HEADLINE: []}
    total = without = 0
    for found in runs:
        total += 1
        judged = list(_judged(found)) if found else []
        without += not judged
        for name, hit in judged:
            seen.setdefault(name, []).append(hit)
    numbers = tuple(Hits(name, sum(hits), len(hits)) for name, hits in seen.items() if hits)
    return TrackRecord(numbers, total, without)


def read(folder: Path) -> Iterator[Json]:
    """The findings under `folder`, the newest runs only where there are very many.

    A file that is damaged is passed over: it is no run's.
    """
    files = sorted(folder.rglob("findings.json"), key=lambda file: file.parent.name)
    for file in files[-RUNS_MAX:]:
        try:
            found = json.loads(file.read_text(encoding="utf-8"))
        except (OSError, ValueError):
            continue
        if isinstance(found, dict):
            yield found


def beside(run_dir: Path) -> TrackRecord | None:
    """The record of the runs that `run_dir` lies among; None where it lies in no `runs` folder."""
    folder = run_dir.resolve().parent.parent
    return track_record(read(folder)) if folder.name == RUNS else None


def _judged(found: Json) -> Iterator[tuple[str, bool]]:
    """`(number, whether in its band)` of a run: the recovery time and each link of the chain."""
    if found.get("verdict") not in (Verdict.PASSED, Verdict.FAILED):
        return
    recovery = found["recovery"]
    links = found["chain"]["links"]
    if recovery["recovery_s"] == 0.0 and not links:
        return  # nobody had to be moved
    yield from _hit(HEADLINE, recovery["recovery_s"], recovery["predicted"])
    for link in links:
        yield from _hit(link["name"], link["measured_s"], link["predicted"])


def _hit(name: str, measured_s: float | None, band: Json | None) -> Iterator[tuple[str, bool]]:
    if not band:
        return
    low_s, high_s = band["p5_s"], band["p95_s"]
    if low_s is None or high_s is None:  # never, in some runs at least
        yield name, measured_s is None or (low_s is not None and measured_s >= low_s)
    elif high_s - low_s >= RESOLUTION_S:  # a narrower one nobody could measure
        yield name, measured_s is not None and low_s <= measured_s <= high_s
