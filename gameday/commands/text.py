"""How the command line speaks: aligned lines on a terminal, UTC-stamped plain lines elsewhere."""

from __future__ import annotations

import os
import shutil
import sys
import threading
from typing import TextIO

import click

from gameday import clock

MARGIN = "  "
"""Of a terminal; where lines are stamped, what is indented further stays so."""

CLEAR_LINE = "\r\x1b[2K"


class Narrator:
    """Prints lines and, on a terminal, keeps one live footer beneath them."""

    def __init__(self, *, err: bool = False, quiet: bool = False) -> None:
        self.stream: TextIO = sys.stderr if err else sys.stdout
        self.live = self.stream.isatty() and not quiet
        self._quiet, self._footer = quiet, ""
        self._lock = threading.Lock()

    def say(self, label: str, text: str) -> None:
        """One line: a short label and what there is to say."""
        self.line(f"{MARGIN}{label:<9} {text}")

    def line(self, text: str) -> None:
        """One line as it is, above the footer; plain and stamped where nobody watches."""
        if self._quiet:
            return
        with self._lock:
            if self.live:
                self._write(f"{CLEAR_LINE}{text}\n{self._footer}")
            else:
                plain = click.unstyle(text).rstrip().removeprefix(MARGIN)
                self._write(f"{clock.utc(clock.now())} {plain}\n" if plain else "\n")

    def _write(self, text: str) -> None:
        """Write; when nobody reads any more (`| head`), go on in silence."""
        try:
            self.stream.write(text)
            self.stream.flush()
        except BrokenPipeError:
            self._quiet, self.live = True, False
            os.dup2(os.open(os.devnull, os.O_WRONLY), self.stream.fileno())

    def footer(self, text: str) -> None:
        """Replace the live line (terminals only)."""
        if not self.live:
            return
        with self._lock:
            width = shutil.get_terminal_size((100, 24)).columns
            self._footer = text[: max(20, width - 1)]
            self._write(f"{CLEAR_LINE}{self._footer}")

    def end(self) -> None:
        """Remove the footer."""
        if self.live and self._footer:
            with self._lock:
                self._footer = ""
                self._write(CLEAR_LINE)
