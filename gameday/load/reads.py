"""What one session has a right to see: its own writes, and nothing older than what it saw before.

Read your writes, and monotonic reads (Terry et al., "Session Guarantees for Weakly Consistent
Replicated Data", 1994; Jepsen, "Consistency Models"). Global tables promise neither to a session
that changes its Region.
"""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass
from enum import StrEnum

KEPT_MAX = 200
"""So many items a session remembers, those it touched last."""

ABSENT = float("-inf")
"""The version of an item that is not there."""


class Broken(StrEnum):
    """The promise that a read broke."""

    OWN_WRITES = "own_writes"
    MONOTONIC = "monotonic"


@dataclass(slots=True)
class Seen:
    """The newest version of an item that the session knows, and whether it wrote it itself."""

    version: float
    own: bool


class Session:
    """What one client wrote and read, by item. Versions grow; any number will do."""

    def __init__(self) -> None:
        self._seen: OrderedDict[str, Seen] = OrderedDict()

    def wrote(self, item_id: str, version: float) -> None:
        """A write of the session was acknowledged."""
        self._keep(item_id, Seen(version, own=True))

    def deleted(self, item_id: str) -> None:
        """The session deleted the item, or tried to: it may see either."""
        self._seen.pop(item_id, None)

    def read(self, item_id: str, version: float) -> Broken | None:
        """Which promise an answer broke that showed this version, `ABSENT` for none."""
        seen = self._seen.get(item_id)
        if seen is not None and version < seen.version:
            return Broken.OWN_WRITES if seen.own else Broken.MONOTONIC
        if version != ABSENT:
            own = seen is not None and seen.own and seen.version == version
            self._keep(item_id, Seen(version, own))
        return None

    def _keep(self, item_id: str, seen: Seen) -> None:
        self._seen[item_id] = seen
        self._seen.move_to_end(item_id)
        if len(self._seen) > KEPT_MAX:
            self._seen.popitem(last=False)
