"""Follows a run in a process of its own and announces it: `python -m gameday.announce RUN_DIR`.

It ends when it has told how the run ended. `announce.log` in the run directory says what was sent.
"""

from __future__ import annotations

import json
import logging
import queue
import signal
import subprocess
import sys
import threading
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from gameday import clock, kill_switch, settings
from gameday.announce import message
from gameday.announce.channels import Channel, channels_of
from gameday.announce.message import Message
from gameday.errors import GamedayError
from gameday.journal import Event, Tail
from gameday.settings import Target

POLL_WALL_S = 0.2
FINDINGS_WITHIN_WALL_S = 120.0
"""How long after its end a run is given to have its report written."""

MAX_WALL_S = 6 * 3600.0
SENT_WITHIN_WALL_S = 15.0
LOG = "announce.log"

logger = logging.getLogger("chaostoolkit")


def begin(run_dir: Path, target: Target) -> None:
    """Announce the run in `run_dir`, whose `run.json` is written, from now to its end.

    :raises TargetError: a channel is of no known form; nothing was sent.
    """
    wanted = channels_of(target)
    facts = json.loads((run_dir / "run.json").read_text(encoding="utf-8"))
    for line in message.started(facts, clock.now(), _stop_line(target, facts)).text.splitlines():
        logger.info("gameday: %s", line)
    if wanted:
        command = [sys.executable, "-m", "gameday.announce", str(run_dir)]
        with (run_dir / LOG).open("wb") as log:
            subprocess.Popen(
                command, stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True
            )


class Announcer:
    """Sends messages over every channel, in order; each channel has a thread of its own."""

    def __init__(self, to: Sequence[Channel]) -> None:
        self._queues: list[queue.Queue[Message | None]] = []
        self._threads: list[threading.Thread] = []
        for channel in to:
            self._queues.append(queue.Queue())
            line = (channel, self._queues[-1])
            self._threads.append(threading.Thread(target=self._work, args=line, daemon=True))
            self._threads[-1].start()

    def announce(self, what: Message) -> None:
        """Return at once."""
        for line in self._queues:
            line.put(what)

    def finish(self, within_s: float = SENT_WITHIN_WALL_S) -> None:
        """Send what is left; what takes longer is given up."""
        deadline = clock.monotonic() + within_s
        for line in self._queues:
            line.put(None)
        for thread in self._threads:
            thread.join(max(0.0, deadline - clock.monotonic()))

    def _work(self, channel: Channel, line: queue.Queue[Message | None]) -> None:
        while (what := line.get()) is not None:
            try:
                channel.send(what)
                said = "sent"
            except GamedayError as e:
                said = f"not sent: {e}"
            print(f"{clock.utc(clock.now())} {what.kind} to {channel.kind}: {said}", flush=True)


class Follower:
    """What has been announced of one run; `step` looks once and says whether that was all."""

    def __init__(self, run_dir: Path, target: Target, announcer: Announcer) -> None:
        self._dir, self._target, self._announcer = run_dir, target, announcer
        self._tail = Tail(run_dir)
        self._stopped = False
        self._over_at: float | None = None
        self._put_back: Event | None = None

    def step(self) -> bool:
        """Announce what is new; whether the end has been announced."""
        run = _json(self._dir / "run.json") or {}
        for event in self._tail.new():
            if event["kind"] == "run.started":
                line = _stop_line(self._target, run)
                self._announcer.announce(message.started(run, event["at"], line))
            elif event["kind"] == "stop" and not self._stopped:
                self._stopped = True
                self._announcer.announce(message.stopped(run, event["at"], event["reason"]))
            elif event["kind"] == "put.back":
                self._put_back = event
            if event["kind"] in ("run.ended", "put.back"):
                self._over_at = clock.monotonic()
        late = self._over_at is not None and (
            clock.monotonic() - self._over_at > FINDINGS_WITHIN_WALL_S
        )
        if (self._dir / "manifest.sha256").exists() or late:
            findings = _json(self._dir / "findings.json")
            what = message.ended(run, clock.now(), findings, self._put_back)
            self._announcer.announce(what)
            return True
        return False


def _stop_line(target: Target, run: dict[str, Any]) -> str | None:
    others = [r for r in target.regions if r != run.get("region")]
    return kill_switch.command(target, others[0]) if others and target.is_aws else None


def _json(path: Path) -> dict[str, Any] | None:
    try:
        found: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    return found


def main(arguments: Sequence[str]) -> int:
    """Follow until the end, or for six hours."""
    for number in (signal.SIGINT, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
    target = settings.current()
    announcer = Announcer(channels_of(target))
    follower = Follower(Path(arguments[0]), target, announcer)
    deadline = clock.monotonic() + MAX_WALL_S
    while not follower.step() and clock.monotonic() < deadline:
        clock.sleep_wall(POLL_WALL_S)
    announcer.finish()
    return 0
