"""Puts back what a run changed, the last change first, Regions at once, any number of times.

A setting whose value is neither what it was nor what we made it belongs to somebody else by now:
it is left alone and reported. Failures do not stop the others and are tried again.
"""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass

from gameday import clock
from gameday.errors import AwsError, GamedayError
from gameday.journal import EventLog
from gameday.undo.journal import Record, UndoJournal
from gameday.undo.setting import Setting, Value

TRY_FOR_WALL_S = 30.0
_POLL_WALL_S = 0.2


@dataclass(frozen=True, slots=True)
class Result:
    """How many settings a run changed and how many read back equal to before, and the rest."""

    total: int
    equal: int
    foreign: tuple[str, ...] = ()  # left alone: somebody else has changed them
    failed: tuple[str, ...] = ()

    @property
    def complete(self) -> bool:
        """Whether everything is as it was."""
        return self.equal == self.total

    def __str__(self) -> str:
        lines = [f"{self.equal} of {self.total} settings equal to before"]
        return "; ".join([*lines, *self.foreign, *self.failed])


@dataclass(frozen=True, slots=True)
class _Debt:
    """All changes of one setting: the value it had at first, and the values that are ours."""

    setting: Setting
    before: Value
    ours: tuple[Value, ...]
    ids: tuple[str, ...]
    open: bool


def put_back(
    journal: UndoJournal,
    *,
    by: str,
    force: bool = False,
    try_for_wall_s: float = TRY_FOR_WALL_S,
) -> Result:
    """Replay the whole journal, and say so in the run: `put.back` in `events/<by>.jsonl`.

    On a full disk everything is put back all the same, and the run has no proof of it.
    """
    result = replay(journal, force=force, try_for_wall_s=try_for_wall_s)
    with suppress(OSError):
        log = EventLog(journal.path.parent / "events" / f"{by}.jsonl")
        log.append(
            "put.back",
            settings=result.total,
            equal=result.equal,
            by=by,
            foreign=list(result.foreign),
            failed=list(result.failed),
        )
        log.sync()
        log.close()
    return result


def replay(
    journal: UndoJournal,
    *,
    only: Callable[[Setting], bool] = lambda _: True,
    try_for_wall_s: float = TRY_FOR_WALL_S,
    force: bool = False,
) -> Result:
    """Put back every setting of the run (or those that `only` picks) and read each again.

    Whoever calls it holds the run: the runner while `refuse_fenced` says nothing, others after
    `take`.

    What somebody else has set meanwhile is left alone, unless `force` says to put that back too.

    Failures are tried again until `try_for_wall_s` seconds of wall time have passed. A Region
    that was cut is healed before anything else, because its other settings may need it.

    :raises RunError: the journal is damaged or not ours; nothing was touched.
    """
    debts = [d for d in _debts(journal.records()) if only(d.setting)]
    deadline = clock.monotonic() + try_for_wall_s
    outcomes: list[str] = []
    for cut in (True, False):
        regions: dict[str, list[_Debt]] = {}
        for debt in debts:
            if (debt.setting.kind == "cut") is cut:
                regions.setdefault(debt.setting.region, []).append(debt)
        if regions:
            with ThreadPoolExecutor(max_workers=len(regions)) as pool:
                done = pool.map(lambda ds: _settle(journal, ds, deadline, force), regions.values())
                outcomes += [outcome for region in done for outcome in region]
    return Result(
        total=len(debts),
        equal=outcomes.count(""),
        foreign=tuple(o for o in outcomes if o.startswith("left alone")),
        failed=tuple(o for o in outcomes if o.startswith("not put back")),
    )


def _debts(records: list[Record]) -> list[_Debt]:
    """One debt a setting, the last changed first."""
    by_setting: dict[Setting, list[Record]] = {}
    for record in records:
        by_setting.setdefault(record.setting, []).append(record)
    return [
        _Debt(
            setting,
            of[0].before,
            tuple(v for r in of for v in (r.before, r.after)),
            tuple(r.id for r in of),
            any(r.state == "open" for r in of),
        )
        for setting, of in reversed(by_setting.items())
    ]


def _settle(journal: UndoJournal, debts: list[_Debt], deadline: float, force: bool) -> list[str]:
    """For each setting of a Region: empty when it reads as before, else a line that says why not.

    In rounds, so that one that fails or takes its time holds up no other.
    """
    outcomes = {debt.setting: "" for debt in debts}
    left = debts
    while left:
        late = clock.monotonic() > deadline
        failed = []
        for debt in left:
            try:
                outcomes[debt.setting] = _put_back(journal, debt, force)
            except GamedayError as e:
                outcomes[debt.setting] = f"not put back: {debt.setting}: {e}"
                failed.append(debt)
        if late:
            break
        left = failed
        if left:
            clock.sleep_wall(_POLL_WALL_S)
    return list(outcomes.values())


def _put_back(journal: UndoJournal, debt: _Debt, force: bool) -> str:
    value = debt.setting.read()
    if value not in debt.ours and not force:
        if debt.open:
            journal.close(debt.ids, "foreign", value)
        return f"left alone: {debt.setting} is {value!r}, which this run did not set"
    if value != debt.before:
        debt.setting.write(debt.before)
    if not debt.setting.settled(debt.before):
        raise AwsError(f"it is not {debt.before!r} yet")
    if debt.open or value not in debt.ours:
        journal.close(debt.ids, "put back", debt.before)
    return ""
