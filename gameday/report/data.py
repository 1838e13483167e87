"""What became of the data, in sentences: at the fault, before it, to sessions, afterwards."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from gameday.report import words

Json = Mapping[str, Any]


def rows(findings: Json) -> list[tuple[str, str]]:
    """(what was read, what it showed), nothing of what was not read."""
    data = findings["data_behind"]
    return [*_behind(data), *_sessions(data["reads"]), *_afterwards(data["after_fail_back"])]


def _behind(data: Json) -> Iterator[tuple[str, str]]:
    found, before = data["at_fault"], data["baseline"]
    if found:
        checked = words.count(found["checked"], "write")
        yield (
            "at the fault",
            (
                f"{found['missing']} of {checked} not yet in {found['survivor']}; the oldest was "
                f"{words.seconds(found['oldest_age_s'])} old"
            ),
        )
    if before:
        yield (
            "over the baseline",
            (
                f"p50 {words.seconds(before['p50_s'])}, p99 {words.seconds(before['p99_s'])}, "
                f"max {words.seconds(before['max_s'])} in "
                f"{words.count(before['readings'], 'reading')}"
            ),
        )


def _sessions(reads: Json | None) -> Iterator[tuple[str, str]]:
    for name, when in (("baseline", "before the fault"), ("fault", "from the fault on")):
        found = (reads or {}).get(name)
        if found and found["checked"]:
            stale = f"{found['stale']} stale"
            if found["stale"]:
                stale += (
                    f" (p50 {words.seconds(found['stale_p50_s'])}, "
                    f"max {words.seconds(found['stale_max_s'])})"
                )
            yield (
                f"what sessions saw {when}",
                (
                    f"of {words.count(found['checked'], 'read')}: {stale}, {found['own_writes']} "
                    f"without the session's own write, {found['monotonic']} older than it had seen"
                ),
            )


def _afterwards(back: Json | None) -> Iterator[tuple[str, str]]:
    if not back:
        return
    acknowledged = words.count(back["acknowledged"], "acknowledged write")
    yield (
        "after fail-back",
        (
            f"of {acknowledged}: {back['lost']} lost for good, {back['diverged']} not the same "
            f"everywhere, {back['duplicated']} twice, {back['conflicts']} overwritten by another "
            "Region"
        ),
    )
    if back["deleted"]:
        acknowledged = words.count(back["deleted"], "acknowledged delete")
        yield "deletes", f"of {acknowledged}: {back['resurrected']} are back"
    yield (
        "answer never came",
        (f"{back['unknown']}: {back['unknown_found']} are there, {back['unknown_absent']} are not"),
    )
