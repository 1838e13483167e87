"""What a person sees of a run while it lasts, and the key that stops it."""

from __future__ import annotations

import contextlib
import json
import select
import sys
from collections.abc import Iterator
from pathlib import Path

from gameday import clock
from gameday.commands.live import Live, live_from
from gameday.commands.text import Narrator
from gameday.journal import Event


class Screen:
    """What a person sees of a run, and the key that stops it."""

    def __init__(self, say: Narrator) -> None:
        self.say, self.live, self.run_dir = say, None, Path()
        self._early: list[Event] = []
        self._cbreak = False

    live: Live | None

    def start(self, run_dir: Path) -> None:
        self.run_dir = run_dir
        place = run_dir.relative_to(Path.cwd())
        self.say.say("run", f"{place}   all times on the AWS clock   stop: q, or `gameday stop`")

    def event(self, event: Event) -> None:
        """Show what an event is worth, once it is known which run this is."""
        if self.live is None:
            facts = self.run_dir / "run.json"
            if not facts.exists():
                self._early.append(event)
                return
            self.live = live_from(json.loads(facts.read_text()))
            for early in self._early:
                self._show(early)
        self._show(event)

    def _show(self, event: Event) -> None:
        assert self.live is not None
        for line in self.live.feed(event):
            self.say.line(line)

    def tick(self) -> None:
        if self.live:
            self.say.footer(self.live.footer(clock.now()))

    def wish(self) -> str | None:
        """Why the run should stop, if somebody asked: the key q, or `gameday stop`."""
        if (self.run_dir / "stop").exists():
            return "gameday stop"
        if self._cbreak and select.select([sys.stdin], [], [], 0)[0]:
            return "key q" if sys.stdin.read(1).lower() == "q" else None
        return None

    @contextlib.contextmanager
    def keys(self) -> Iterator[None]:
        """Single keys are read without Enter while the block runs (terminals only)."""
        if not (self.say.live and sys.stdin.isatty()):
            yield
            return
        import termios
        import tty

        fd = sys.stdin.fileno()
        before = termios.tcgetattr(fd)
        tty.setcbreak(fd)
        self._cbreak = True
        try:
            yield
        finally:
            self._cbreak = False
            termios.tcsetattr(fd, termios.TCSADRAIN, before)
