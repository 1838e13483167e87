"""What keeps a fault away from where it must not happen: early returns that say `not running: ...`.

For now the only place that may be changed is a lab on loopback: `aws.client` refuses every other
endpoint, and what only a lab can do is refused here by its name.
"""

from __future__ import annotations

from pathlib import Path

from gameday.aws import START_A_LAB, is_loopback
from gameday.errors import Refused
from gameday.settings import Target

KILL_SWITCH = Path(".gameday", "kill-switch")
"""A file in the project: while it is there nothing is injected. What it says is the reason."""


def refuse_killed(project: Path) -> None:
    """Return if the project's kill switch is not set.

    :raises Refused: it is, or nobody can tell.
    """
    try:
        reason = (project / KILL_SWITCH).read_text(encoding="utf-8", errors="replace")
    except FileNotFoundError:
        return
    except OSError as e:
        raise Refused(f"the kill switch {KILL_SWITCH} cannot be read: {e.strerror}") from e
    said = " ".join(reason.split())
    raise Refused(f"the kill switch {KILL_SWITCH} is set{f' ({said})' if said else ''}; remove it")


def refuse_without_lab(target: Target, what: str) -> None:
    """Return if the lab's management door is there and on loopback.

    :raises Refused: the target is AWS, which has nothing that does `what`.
    """
    if target.admin is None:
        raise Refused(f"{what} works in the lab only and GAMEDAY_ADMIN is not set; {START_A_LAB}")
    if not is_loopback(target.admin):
        raise Refused(f"GAMEDAY_ADMIN is not on loopback: {target.admin}")
