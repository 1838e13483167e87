"""Refuses what is not on the target's list of accounts and Regions (GAMEDAY_ALLOW)."""

from __future__ import annotations

from collections.abc import Mapping

from gameday.guard.answer import Answer, passed, refused


def judge(allow: tuple[str, ...], accounts: Mapping[str, str]) -> Answer:
    """Passed when every `ACCOUNT:REGION` that would be hit is on the list.

    `accounts` is, by Region (or `route53`), the account that calls there are made in.
    """
    if not allow:
        return refused("the target allows no account; list ACCOUNT:REGION in GAMEDAY_ALLOW")
    for region, account in accounts.items():
        if f"{account}:{region}" not in allow:
            return refused(f"{account}:{region} is not in GAMEDAY_ALLOW ({', '.join(allow)})")
    return passed(", ".join(f"{account}:{region}" for region, account in accounts.items()))
