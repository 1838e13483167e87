"""Given to Locust beside a locustfile to find out whether a load can be made of it; sends nothing.

It must come first: its listener ends Locust before any other's can ask for a target.
"""

from __future__ import annotations

import sys
from typing import Any

from locust import events

from gameday.load.refusals import idle


def _init(environment: Any, **_: Any) -> None:
    reason = idle(environment.user_classes)
    sys.exit(f"gameday: {reason}" if reason else 0)


events.init.add_listener(_init)
