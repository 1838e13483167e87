"""Refuses on AWS unless `--confirm ACCOUNT:REGION` names exactly what would be hit."""

from __future__ import annotations

from collections.abc import Mapping

from gameday.guard.answer import Answer, passed, refused


def judge(
    confirmed: tuple[str, ...], accounts: Mapping[str, str], unknown: tuple[str, ...]
) -> Answer:
    """Passed when what is confirmed and what would be hit are the same, place for place.

    `unknown` are activities of which nobody can tell what they hit: nothing can confirm those.
    """
    hit = {f"{account}:{region}" for region, account in accounts.items()}
    if unknown:
        return refused(f"nobody can tell what {', '.join(unknown)} would change")
    words = " ".join(f"--confirm {place}" for place in sorted(hit))
    if not confirmed:
        return refused(f"a dry run: nothing is changed without {words}")
    if extra := sorted(set(confirmed) - hit):
        return refused(f"--confirm {extra[0]} is not what would be hit; that is {words}")
    if missing := sorted(hit - set(confirmed)):
        return refused(f"{missing[0]} would be hit, too, and is not confirmed; write {words}")
    return passed(", ".join(sorted(hit)))
