"""Runs of like answers, client by client: where each client was, and from when to when.

A segment is written when it breaks, and while it lasts every few seconds anew with the same
client and `first`; the last row of such a pair stands, so an unfinished file tells all it can.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from gameday.model import OK


@dataclass(slots=True)
class Segment:
    """A run of answers from one Region with one outcome; times are when the requests started."""

    client: str
    profile: str
    network: str
    region: str
    outcome: str
    first: float
    last: float
    count: int = 1
    written: int = 0  # the count when it was last taken

    def members(self) -> dict[str, Any]:
        """The members of a `client.segment` event."""
        return {
            "client": self.client,
            "profile": self.profile,
            "network": self.network,
            "region": self.region,
            "ok": self.outcome == OK,
            "outcome": self.outcome,
            "first": self.first,
            "last": self.last,
            "count": self.count,
        }


class Segments:
    """The open segment of every client."""

    def __init__(self) -> None:
        self._open: dict[str, Segment] = {}

    def add(
        self, client: str, profile: str, network: str, region: str, outcome: str, started: float
    ) -> Segment | None:
        """Add one answer; returns the segment that it broke, if it did."""
        held = self._open.get(client)
        if held is not None and held.region == region and held.outcome == outcome:
            held.last = started
            held.count += 1
            return None
        self._open[client] = Segment(client, profile, network, region, outcome, started, started)
        return held

    def grown(self) -> list[Segment]:
        """The open segments that have grown since they were last returned."""
        found = [s for s in self._open.values() if s.count != s.written]
        for segment in found:
            segment.written = segment.count
        return found
