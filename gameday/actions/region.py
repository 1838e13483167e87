"""Losing a Region, by what AWS can be asked for or by what only the lab can do.

`disable_region` is the loss that works on AWS too: nothing behind the API runs, and nothing
replicates. `cut_region` makes the Region's packets vanish, so that clients wait for timeouts.
"""

from __future__ import annotations

from typing import Any

from gameday import settings
from gameday.actions.fault import counted, inject, known, put_back
from gameday.actions.replication import pause_of
from gameday.aws import activity
from gameday.discover import Functions
from gameday.discover import functions as functions_of
from gameday.errors import UsageError
from gameday.guard import refuse_occupied, refuse_without_lab
from gameday.undo import Concurrency, Cut, Setting, is_planning
from gameday.undo.setting import Value

__all__ = ["cut_region", "disable_region", "enable_region", "heal_region"]


@activity
def disable_region(
    region: str,
    stack: str,
    functions: str | list[str] = "behind-the-api",
    replication: str = "paused",
    emptied_below_pct: float | None = None,
    within_s: float = 60.0,
) -> dict[str, Any]:
    """Stop a Region from serving and from replicating, at the same moment.

    Reserved concurrency becomes 0 on every function that an API or a function URL invokes (AWS
    Lambda then answers 429 and a REST API 500), and an AWS FIS experiment pauses the replication
    of the application's global tables. AWS FIS takes its time to begin, so the pause is in effect
    first; otherwise every write would still cross and no data could be behind. Functions with
    asynchronous or event-source invocations are left alone, because their events would be lost.
    Undone by `enable_region`.

    :param region: the Region to lose
    :param stack: the application's name; its stacks are called so or begin with it and a dash
    :param functions: "behind-the-api", or a list of names
    :param replication: "paused" (where there is any), or "untouched"
    :param emptied_below_pct: refuse unless less than this share of the load, in percent, reaches
        the Region by now: for one that is evacuated first
    :param within_s: AWS seconds allowed until every effect is there
    :return: `effects` and `left_alone`, lists of sentences
    """
    known(region)
    if emptied_below_pct is not None and not is_planning():
        refuse_occupied(settings.current(), region, float(emptied_below_pct))
    chosen = _chosen(functions, stack, region)
    changes: list[tuple[Setting, Value]] = [
        (Concurrency(region, name), 0) for name in chosen.behind_the_api
    ]
    effects = [f"{counted(len(changes), 'function')} at 0"]
    pauses: list[tuple[Setting, Value]] = []
    left_alone = chosen.left_alone
    if replication == "paused":
        pause = pause_of(region, stack)
        if pause is None:
            left_alone = (*left_alone, f"no table of {stack} replicates: nothing to pause")
        else:
            pauses.append((pause, True))
            effects.append("replication paused")
    elif replication != "untouched":
        raise UsageError(f"replication: paused or untouched, not {replication!r}")
    return inject(
        "disable_region",
        region,
        changes,
        beforehand=pauses,
        effects=effects,
        left_alone=left_alone,
        within_s=float(within_s),
    )


@activity
def enable_region(region: str, stack: str) -> dict[str, Any]:
    """Give back what `disable_region` took: each function's former concurrency, replication.

    It may be called twice; what somebody else has changed meanwhile is left alone and reported.

    :param region: the Region that was lost
    :param stack: the application's name
    :return: `settings` that this run had changed and how many are `equal` to before
    """
    return put_back(region, ("concurrency", "replication"))


@activity
def cut_region(region: str, within_s: float = 30.0) -> dict[str, Any]:
    """Make a Region's packets vanish (lab only): connections time out, replication stops.

    The Region itself goes on; what is inside keeps talking, and the AWS control plane answers.
    Undone by `heal_region`. Refused on AWS, which has no such call.

    :param region: the Region to cut off
    :param within_s: AWS seconds allowed until the lab says that it is cut
    :return: `effects` and `left_alone`, lists of sentences
    """
    refuse_without_lab(settings.current(), "cut_region")
    known(region)
    return inject(
        "cut_region",
        region,
        [(Cut(region), True)],
        effects=["packets vanish: connections time out", "replication cut both ways"],
        within_s=float(within_s),
    )


@activity
def heal_region(region: str) -> dict[str, Any]:
    """Connect a Region again that `cut_region` cut off.

    :param region: the Region that was cut off
    :return: `settings` that this run had changed and how many are `equal` to before
    """
    return put_back(region, ("cut",))


def _chosen(functions: str | list[str], stack: str, region: str) -> Functions:
    if functions == "behind-the-api":
        return functions_of(stack, region)
    if isinstance(functions, str) or not functions:
        raise UsageError(f"functions: behind-the-api or a list of names, not {functions!r}")
    return Functions(tuple(functions), ())
