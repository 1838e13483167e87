"""Makes `--fail-fast` fast: Chaos Toolkit lets the activity under way run to its end first.

It then skips the rollbacks, too, because the status is `failed`; a run that is stopped is put back.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from chaoslib.run import RunEventHandler

Json = dict[str, Any]
CAUSE = "the hypothesis was not met (--fail-fast)"


class FailFast(RunEventHandler):  # type: ignore[misc]
    """Told when a continuous hypothesis has ended; `trip` is called from its thread."""

    def __init__(self, trip: Callable[[str], None]) -> None:
        self._trip = trip

    def continuous_hypothesis_completed(
        self, experiment: Json, journal: Json, exception: Exception | None = None
    ) -> None:
        if journal.get("status") == "failed":  # only --fail-fast sets it by then
            self._trip(CAUSE)
