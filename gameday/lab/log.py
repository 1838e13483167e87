"""The lab's log: one logger, one line an entry, on standard error (a file per process)."""

from __future__ import annotations

import logging

log = logging.getLogger("gameday.lab")


def to_stderr(name: str) -> None:
    """Send this process's entries to standard error, each with its time and process `name`."""
    handler = logging.StreamHandler()
    handler.setFormatter(logging.Formatter(f"%(asctime)s {name} %(levelname)s %(message)s"))
    log.addHandler(handler)
    log.setLevel(logging.INFO)
    log.propagate = False
