"""A write or a delete on its way, and what its answer says of it."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from gameday.model import DELETE, PUT

GATEWAY_NOT_INVOKED = "InternalServerErrorException"
"""`x-amzn-ErrorType` of API Gateway's own 500: the function could not be invoked."""


@dataclass(slots=True)
class Write:
    """One change of one item; `key` is its idempotency key."""

    key: str
    op: str = PUT
    item_id: str | None = None
    version: float = 0.0  # of the item, when the application tells
    not_invoked: bool = False

    def answer(self, response: Any) -> None:
        """Note the id and version of the item, or that the function was not invoked."""
        if self.op != DELETE:
            body = json_of(response) or {}
            self.item_id, self.version = body.get("id", self.item_id), version_of(body)
        headers = response.headers or {}
        self.not_invoked = headers.get("x-amzn-errortype") == GATEWAY_NOT_INVOKED


def json_of(response: Any) -> dict[str, Any] | None:
    """The JSON object in an answer's body, None when there is none."""
    try:
        found = json.loads(response.content)  # in UTF-8, whatever its headers say (RFC 8259, 8.1)
    except (ValueError, TypeError):
        return None
    return found if isinstance(found, dict) else None


def version_of(item: dict[str, Any]) -> float:
    """The item's `written_at`, by which the last writer wins; 0 of an item that has none."""
    found = item.get("written_at")
    return float(found) if isinstance(found, int | float) else 0.0
