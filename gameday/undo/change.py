"""Changes settings, having written down first how to put them back.

The order is: read, write down and flush, change what clients do not see, say that the fault
starts, change the rest at the same moment, wait until the effect is there.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from gameday import clock, settings
from gameday.clock import Clock
from gameday.errors import AwsError, Refused
from gameday.undo.journal import UndoJournal
from gameday.undo.replay import replay
from gameday.undo.setting import Setting, Value

EFFECT_WITHIN_S = 60.0
_POLL_WALL_S = 0.02

_journals: dict[Path, UndoJournal] = {}


def current_journal() -> UndoJournal:
    """The undo journal of this process's run; outside a run, one is begun under `.gameday/undo`.

    :raises RunError: it cannot be written, or not be copied to where the target says.
    """
    run_dir = settings.current().run_dir
    if run_dir is None:
        stamp = clock.utc(clock.now()).replace(":", "-").replace(".", "-")
        run_dir = Path(".gameday", "undo", f"{stamp}-{os.getpid()}").absolute()
        run_dir.mkdir(parents=True)
        os.environ["GAMEDAY_RUN_DIR"] = str(run_dir)
    if run_dir not in _journals:
        journal = UndoJournal(run_dir)
        journal.begin(f"runner {os.getpid()}")
        _journals[run_dir] = journal
    return _journals[run_dir]


Changes = Sequence[tuple[Setting, Value]]


@dataclass(frozen=True, slots=True)
class Planned:
    """A change that would be made: from what it is now, to what."""

    setting: Setting
    before: Value
    after: Value


_plans: list[list[Planned]] = []


@contextmanager
def planning() -> Iterator[list[Planned]]:
    """In the block `change` changes nothing; what it would have changed is in the list."""
    planned: list[Planned] = []
    _plans.append(planned)
    try:
        yield planned
    finally:
        _plans.pop()


def is_planning() -> bool:
    """Whether `change` would only take notes."""
    return bool(_plans)


def change(
    changes: Changes,
    *,
    beforehand: Changes = (),
    starts: Callable[[], object] = lambda: None,
    within_s: float = EFFECT_WITHIN_S,
) -> bool:
    """Give each setting its value, all at once, and return True when every effect is there.

    While `planning` it takes notes instead, and returns False.

    `beforehand` are changes that clients do not see and that must be in effect when the others
    begin, such as a pause of replication. `starts` is called right after them, with the undo of
    everything on the disk. `within_s` AWS seconds (at least 5 s of wall time) are allowed for
    the effects of each of the two.

    :raises AwsError: a setting could not be read or written, or its effect did not show in time.
        What was changed by then stays in the journal.
    :raises Refused: the watchdog or `gameday rollback` has taken this run over, or a setting could
        not be put back: nothing was changed.
    """
    every = [*beforehand, *changes]
    if _plans:
        _plans[-1].extend(Planned(s, s.read(), value) for s, value in every)
        return False
    journal = current_journal()
    with ThreadPoolExecutor(max_workers=max(1, len(every))) as pool:
        befores = list(pool.map(lambda c: c[0].read(), every))
        _prove(pool, [(s, before) for (s, _), before in zip(every, befores, strict=True)])
        journal.open((s, before, v) for (s, v), before in zip(every, befores, strict=True))
        _apply(pool, beforehand, within_s)
        starts()
        _apply(pool, changes, within_s)
    if not journal.holds():
        replay(journal)
        raise Refused("this run was put back by somebody else while it changed settings")
    return True


def _prove(pool: ThreadPoolExecutor, presents: Changes) -> None:
    """Show, before anything is changed, that each setting can be given its present value."""
    deadline = _deadline(EFFECT_WITHIN_S)

    def prove(setting: Setting, present: Value) -> None:
        try:
            setting.prove_undo(present)
            _await(setting, present, deadline)
        except AwsError as e:
            raise Refused(f"cannot undo {setting}: {e}") from e

    list(pool.map(lambda p: prove(*p), presents))


def _apply(pool: ThreadPoolExecutor, changes: Changes, within_s: float) -> None:
    deadline = _deadline(within_s)
    list(pool.map(lambda c: c[0].write(c[1]), changes))
    list(pool.map(lambda c: _await(c[0], c[1], deadline), changes))


def _deadline(within_s: float) -> float:
    return clock.monotonic() + max(5.0, Clock(settings.current().speed).wall(within_s))


def _await(setting: Setting, value: Value, deadline: float) -> None:
    while not setting.settled(value):
        if clock.monotonic() > deadline:
            raise AwsError(f"{setting}: {value!r} was asked for and did not take effect in time")
        clock.sleep_wall(_POLL_WALL_S)
