"""How far the survivor's table would be behind at the instant a Region is lost.

A global table replicates asynchronously (DynamoDB Developer Guide, "Global tables: how it works":
typically within a second), so what is missing is what was acknowledged less than one lag ago.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True, slots=True)
class DataBehind:
    """The age of the oldest write that the survivor lacks, and how many it lacks (5 to 95 %)."""

    oldest_mean_s: float
    oldest_p5_s: float
    oldest_p95_s: float
    oldest_max_s: float
    writes_mean: float
    writes_p95: float


def data_behind(
    rng: np.random.Generator, runs: int, lag_s: tuple[float, float] | None, rate_per_s: float
) -> DataBehind | None:
    """The prediction for writes at `rate_per_s` and a lag uniform in `lag_s`; None if unknown."""
    if lag_s is None or rate_per_s <= 0:
        return None
    low, high = lag_s
    writes = math.ceil(high * rate_per_s) + 1
    age = (rng.random((runs, 1)) + np.arange(writes)) / rate_per_s
    missing = rng.uniform(low, high, age.shape) > age
    oldest = np.where(missing, age, 0.0).max(axis=1)
    count = missing.sum(axis=1)
    return DataBehind(
        oldest_mean_s=round(float(oldest.mean()), 3),
        oldest_p5_s=round(float(np.quantile(oldest, 0.05)), 3),
        oldest_p95_s=round(float(np.quantile(oldest, 0.95)), 3),
        oldest_max_s=high,
        writes_mean=round(float(count.mean()), 2),
        writes_p95=float(np.quantile(count, 0.95)),
    )
