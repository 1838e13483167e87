"""The vocabulary that several parts share: outcomes, verdicts, latency buckets."""

from __future__ import annotations

import math
from enum import StrEnum

OK = "ok"
"""The outcome of a request that succeeded; docs/architecture.md lists the others."""

UNATTRIBUTED = "unattributed"
"""The Region of a request that neither a header nor a peer address could name."""


PUT, DELETE = "put", "delete"
"""What a row of the ledger did to its item."""


class WriteOutcome(StrEnum):
    """What a client knows of its write. Unknown: it may or may not have happened."""

    ACKNOWLEDGED = "acknowledged"
    FAILED = "failed"
    UNKNOWN = "unknown"


class Verdict(StrEnum):
    """AWS Resilience Hub's words for the result of a run."""

    PASSED = "PASSED"
    FAILED = "FAILED"
    STOPPED = "STOPPED"
    ERROR = "ERROR"


EXIT_CODES = {Verdict.PASSED: 0, Verdict.FAILED: 1, Verdict.ERROR: 3, Verdict.STOPPED: 4}
"""2 is click's own: wrong usage."""

BUCKET_BASE = 1.02
_LOG_BASE = math.log(BUCKET_BASE)


def bucket(latency_ms: float) -> int:
    """The log bucket of a latency: the least b >= 0 with `latency_ms <= 1.02 ** b`."""
    return 0 if latency_ms <= 1.0 else math.ceil(math.log(latency_ms) / _LOG_BASE - 1e-9)


def bucket_ms(index: int) -> float:
    """The upper edge of a bucket in milliseconds."""
    return float(BUCKET_BASE**index)


def quantile_ms(histogram: dict[int, int], q: float) -> float | None:
    """The latency that a share `q` (0..1) of the counted requests does not exceed, in ms."""
    total = sum(histogram.values())
    if total == 0:
        return None
    rank, seen = max(1, math.ceil(q * total)), 0
    for index in sorted(histogram):
        seen += histogram[index]
        if seen >= rank:
            return bucket_ms(index)
    return None
