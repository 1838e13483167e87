"""The profiles of a load as they are recorded, for whoever reads the run afterwards."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import asdict
from typing import Any

from gameday.load.profiles import ClientProfile

FOREVER = "forever"
"""An endless time; JSON has no infinity."""


def behaviours(profiles: Iterable[ClientProfile]) -> dict[str, Any]:
    """Each profile by its name, whole; times are AWS seconds."""
    return {profile.name: _plain(asdict(profile)) for profile in profiles}


def _plain(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _plain(one) for key, one in value.items()}
    if isinstance(value, float) and math.isinf(value):
        return FOREVER
    return value
