"""Which process is killed, how, and when: decided by a seed, and by nothing else.

Never the runner and its watchdog at once: then nobody is left to put anything back until somebody
types `gameday rollback`. A power cut, which ends both, is played as a watchdog that comes back to
a torn file.
"""

from __future__ import annotations

import itertools
import random
from collections.abc import Iterator
from dataclasses import dataclass

VICTIMS = ("runner", "chaos", "locust", "watchdog")
SIGNALS = ("SIGKILL", "SIGTERM", "SIGHUP", "SIGINT", "SIGSTOP")
FULL_DISK, POWER_CUT, LAB = "full disk", "power cut", "lab"
FAULTS = ("outage", "inverted", "deep", "cut")

ANCHORS = {  # after which event of the run, how many seconds at most, how often
    "": (3.0, 1),  # from the command's start
    "run.started": (2.0, 2),
    "fault.started": (0.4, 4),
    "fault.applied": (2.0, 3),
    "rollback.started": (0.6, 3),
    "put.back": (1.5, 1),
}


@dataclass(frozen=True, slots=True)
class Kill:
    """One kill: who gets what, in which experiment, how long after which event."""

    number: int
    seed: str
    fault: str
    victim: str  # one of VICTIMS, or "" where it is not one process
    how: str  # one of SIGNALS, FULL_DISK, POWER_CUT or LAB
    load: bool
    anchor: str
    delay_s: float

    def __str__(self) -> str:
        whom = f" to {self.victim}" if self.victim else ""
        when = self.anchor or "the start"
        return f"{self.how}{whom}, {self.delay_s:.2f} s after {when}, {self.fault}" + (
            " under load" if self.load else ""
        )


def kinds() -> list[tuple[str, str]]:
    """Every (victim, how) there is."""
    signals = list(itertools.product(VICTIMS, SIGNALS))
    return [*signals, ("", FULL_DISK), ("", FULL_DISK), ("", POWER_CUT), ("", POWER_CUT), ("", LAB)]


def plan(seed: int) -> Iterator[Kill]:
    """Kills without end: every kind once in a random order, then again in another."""
    order = random.Random(f"{seed}/order")
    number = itertools.count(1)
    while True:
        for victim, how in order.sample(kinds(), len(kinds())):
            yield _kill(next(number), seed, victim, how)


def _kill(number: int, seed: int, victim: str, how: str) -> Kill:
    """Depends on nothing but its arguments."""
    rng = random.Random(f"{seed}/{number}")
    anchors = dict(ANCHORS)
    if victim:  # it must have been started
        del anchors[""]
    if how == POWER_CUT:  # there must be a journal
        del anchors["run.started"], anchors[""]
    weights = [often for _, often in anchors.values()]
    (anchor,) = rng.choices(list(anchors), weights)
    return Kill(
        number=number,
        seed=f"{seed}/{number}",
        fault=rng.choice(FAULTS),
        victim=victim,
        how=how,
        load=victim == "locust" or rng.random() < 0.2,
        anchor=anchor,
        delay_s=rng.uniform(0.0, anchors[anchor][0]),
    )
