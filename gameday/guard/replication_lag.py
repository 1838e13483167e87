"""Refuses when data is further behind than the bound before anything is broken."""

from __future__ import annotations

from gameday.guard.answer import Answer, passed, refused


def judge(lag_s: float, source: str, max_s: float) -> Answer:
    """Passed when the replicas are at most `max_s` AWS seconds behind; `source` says who saw it."""
    if lag_s > max_s:
        return refused(f"data is {lag_s:.1f} s behind ({source}); at most {max_s:g} s are allowed")
    return passed(f"data is {lag_s:.1f} s behind ({source})")
