"""Refuses when next to nobody uses the Region under test: its loss would show nothing."""

from __future__ import annotations

from gameday.guard.answer import Answer, passed, refused


def judge(region: str | None, share_pct: float | None, source: str, min_pct: float) -> Answer:
    """Passed when at least `min_pct` of the load reaches `region`; None: nobody can tell."""
    if share_pct is None:
        return refused(f"nobody can tell how much of the load reaches {region}: {source}")
    if share_pct < min_pct:
        return refused(
            f"{share_pct:.1f} % of the load reaches {region} ({source}); "
            f"at least {min_pct:g} % must, or its loss shows nothing"
        )
    return passed(f"{share_pct:.0f} % of the load reaches {region} ({source})")
