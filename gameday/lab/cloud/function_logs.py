"""What functions print, put into moto's CloudWatch Logs, where every client reads it.

moto keeps events for ever; of each stream the last `KEPT` stay.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from gameday.lab.cloud.moto_app import Moto

KEPT = 10_000


class FunctionLogs:
    """Takes the `logs` messages of Regions."""

    def __init__(self, moto: Moto) -> None:
        self._moto = moto

    def received(self, region: str, at_ms: int, rows: Iterable[Mapping[str, Any]]) -> None:
        """Lines of a Region's functions: `{group, stream, lines}` a function, all of one time."""
        self._moto.use("logs")
        backend = self._moto.backend("logs", region)
        for row in rows:
            name, stream = row["group"], row["stream"]
            backend.ensure_log_group(name)
            group = backend.groups[name]
            if stream not in group.streams:
                backend.create_log_stream(name, stream)
            events = [{"timestamp": at_ms, "message": line} for line in row["lines"]]
            backend.put_log_events(name, stream, events)
            del group.streams[stream].events[:-KEPT]
