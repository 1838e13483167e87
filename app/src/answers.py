"""What every answer of the backend has in common: JSON, and the Region that served it."""

from __future__ import annotations

import json
import os
from decimal import Decimal
from typing import Any

Answer = dict[str, Any]


def region() -> str:
    """The Region this function runs in."""
    return os.environ["AWS_REGION"]


def answer(status: int, body: dict[str, Any], headers: dict[str, str] | None = None) -> Answer:
    """An answer of a Lambda proxy integration (payload 1.0)."""
    return {
        "statusCode": status,
        "headers": {
            "Content-Type": "application/json",
            "X-Region": region(),
            **(headers or {}),
        },
        "body": json.dumps(body, default=_plain),
    }


def _plain(value: Any) -> Any:
    if isinstance(value, Decimal):
        return int(value) if value == value.to_integral_value() else float(value)
    raise TypeError(f"{type(value).__name__} has no JSON form")
