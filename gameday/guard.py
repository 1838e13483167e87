"""What keeps a fault away from where it must not happen: early returns that say `not running: ...`.

For now the only place that may be changed is a lab on loopback: `aws.client` refuses every other
endpoint, and what only a lab can do is refused here by its name.
"""

from __future__ import annotations

from gameday.aws import START_A_LAB, is_loopback
from gameday.errors import Refused
from gameday.settings import Target


def refuse_without_lab(target: Target, what: str) -> None:
    """Return if the lab's management door is there and on loopback.

    :raises Refused: the target is AWS, which has nothing that does `what`.
    """
    if target.admin is None:
        raise Refused(f"{what} works in the lab only and GAMEDAY_ADMIN is not set; {START_A_LAB}")
    if not is_loopback(target.admin):
        raise Refused(f"GAMEDAY_ADMIN is not on loopback: {target.admin}")
