"""Puts back as soon as a run is stopped; Chaos Toolkit waits for background activities first.

What an action that is still under way changes after this is found at the end of the run, when
everything is read and put back once more.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable

from gameday.errors import GamedayError

logger = logging.getLogger("chaostoolkit")


class Haste:
    """A thread that waits for `begin`, which a signal handler may call."""

    def __init__(self, put_back: Callable[[], object]) -> None:
        self._put_back = put_back
        self._asked, self._over = threading.Event(), False
        self._thread = threading.Thread(target=self._run, name="haste", daemon=True)
        self._thread.start()

    def begin(self) -> None:
        """Put back now; returns at once."""
        self._asked.set()

    def finish(self) -> None:
        """Return when what was begun is done; nothing is begun any more."""
        self._over = not self._asked.is_set()
        self._asked.set()
        self._thread.join()

    def _run(self) -> None:
        self._asked.wait()
        if self._over:
            return
        try:
            self._put_back()
        except GamedayError as e:
            logger.warning("gameday: %s", e)
