"""Whether this Region should get traffic.

Shallow says that the function runs, deep that its own Region's table can be written and read. The
deep result is cached, because sixteen checkers ask, and its timeout is shorter than theirs.
"""

from __future__ import annotations

import math
import os
import time
from dataclasses import dataclass
from typing import Any

from answers import Answer, answer, region
from botocore.exceptions import BotoCoreError, ClientError
from table import table

CACHE_S = float(os.environ.get("HEALTH_CACHE_S", "5"))
NO_STORE = {"Cache-Control": "no-store"}

_table = table(float(os.environ.get("HEALTH_TIMEOUT_S", "0.5")), attempts=1)


@dataclass(frozen=True)
class Finding:
    """What the last deep check found, and until when it is good."""

    error: str | None
    until: float


_last = Finding("not checked yet", 0.0)


def shallow(event: dict[str, Any], context: object) -> Answer:
    """GET /health"""
    return _forced() or answer(200, {"status": "ok", "region": region()}, NO_STORE)


def deep(event: dict[str, Any], context: object) -> Answer:
    """GET /health/deep"""
    global _last
    forced = _forced()
    if forced:
        return forced
    now = time.monotonic()
    if now >= _last.until:
        error = _check()
        _last = Finding(error, time.monotonic() + CACHE_S)
    if _last.error is None:
        return answer(200, {"status": "ok", "region": region()}, NO_STORE)
    retry_after_s = max(1, math.ceil(_last.until - now))
    return answer(
        503,
        {"status": "unavailable", "region": region(), "error": _last.error},
        {**NO_STORE, "Retry-After": str(retry_after_s)},
    )


def _forced() -> Answer | None:
    """The lever: HEALTH_STATUS other than 200 is what both routes answer."""
    status = int(os.environ.get("HEALTH_STATUS", "200"))
    if status == 200:
        return None
    headers = {**NO_STORE, "Retry-After": "5"} if status == 503 else NO_STORE
    return answer(status, {"status": "forced", "region": region()}, headers)


def _check() -> str | None:
    """Write a marker to the Region's table and read it back; what failed, in one line."""
    key, mark = {"id": f"health#{region()}"}, str(time.time_ns())
    try:
        _table.put_item(Item={**key, "mark": mark})
        item = _table.get_item(Key=key, ConsistentRead=True).get("Item")
    except (BotoCoreError, ClientError) as e:
        return f"{type(e).__name__}: {e}"
    # Another environment of this Region may have written its own marker in between.
    return None if item else "the marker that was written cannot be read"
