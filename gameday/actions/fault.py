"""How every fault begins, is seen, and ends: shared by the actions of this package.

`fault.started` is written after the undo is on the disk and before the first change; recovery
time counts from it. `fault.applied` is written when the effects were read back.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any

from gameday import settings
from gameday.errors import AwsError, UsageError
from gameday.guard import refuse_unguarded
from gameday.journal import run_log
from gameday.undo import Setting, change, current_journal, is_planning, replay
from gameday.undo.setting import Value


def inject(
    action: str,
    region: str,
    changes: Sequence[tuple[Setting, Value]],
    *,
    effects: Sequence[str],
    beforehand: Sequence[tuple[Setting, Value]] = (),
    left_alone: Sequence[str] = (),
    within_s: float,
) -> dict[str, Any]:
    """Make all `changes` at once and return `effects` and `left_alone` when they are in effect.

    `beforehand` are those that clients do not see, in effect at the instant the fault starts.

    :raises AwsError: an effect did not show within `within_s` AWS seconds.
    :raises Refused: on AWS, the guards of this run did not let it pass.
    """
    if not is_planning():
        refuse_unguarded(settings.current())
    seen = {"effects": list(effects), "left_alone": list(left_alone)}
    changed = change(
        changes,
        beforehand=beforehand,
        starts=lambda: _tell("fault.started", action=action, region=region),
        within_s=within_s,
    )
    if changed:
        _tell("fault.applied", action=action, region=region, **seen)
    return seen


def put_back(region: str, kinds: Collection[str]) -> dict[str, Any]:
    """Put back what this run changed of these kinds in `region`; nothing changed is no error.

    :raises Refused: the watchdog or `gameday rollback` has put this run back already.
    :raises AwsError: a setting is not as it was.
    """
    if settings.current().run_dir is None:
        return {"settings": 0, "equal": 0}
    journal = current_journal()
    journal.refuse_fenced()
    result = replay(journal, only=lambda s: s.region == region and s.kind in kinds)
    if not result.complete:
        raise AwsError(str(result))
    return {"settings": result.total, "equal": result.equal}


def known(region: str) -> tuple[str, ...]:
    """The Regions of the target, of which `region` must be one.

    :raises UsageError: it is not.
    """
    regions = settings.current().regions
    if region not in regions:
        listed = ", ".join(regions) or "none; set GAMEDAY_REGIONS"
        raise UsageError(f"{region or 'an empty name'} is not a Region of this target: {listed}")
    return regions


def endpoint() -> str:
    """The shared name that clients resolve.

    :raises UsageError: GAMEDAY_ENDPOINT is not set.
    """
    name = settings.current().endpoint
    if not name:
        raise UsageError("GAMEDAY_ENDPOINT is not set; it names what clients resolve")
    return name


def counted(count: int, noun: str) -> str:
    """`1 function`, `4 functions`."""
    return f"{count} {noun}{'' if count == 1 else 's'}"


def _tell(kind: str, **members: Any) -> None:
    log = run_log("chaos")
    if log is not None:
        log.append(kind, **members)
        log.sync()
        log.close()
