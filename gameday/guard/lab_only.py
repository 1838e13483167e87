"""Refuses, outside a lab, what only a lab can do."""

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
