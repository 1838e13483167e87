"""How many requests failed, how many users saw it, and what it cost of a month's error budget.

Counted from the start of the fault to the end of the load, so failures of the way back count too.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from gameday.measure.run import Run
from gameday.model import OK, UNATTRIBUTED, quantile_ms

MONTH_S = 30 * 86_400.0
BUDGET_SHARE = 0.001
"""What a month at 99.9 % may fail."""


@dataclass(frozen=True, slots=True)
class Share:
    """Requests of one kind, or of all."""

    requests: int
    failed: int
    unsent: int
    offered: int = 0  # of one kind nobody knows: a turn has no client before it begins

    @property
    def unanswered(self) -> int:
        """Sent, and still in flight when their client was stopped: nobody knows how they ended."""
        return max(0, self.offered - self.unsent - self.requests)

    @property
    def failed_pct(self) -> float | None:
        """What could not be sent was not served either."""
        total = self.requests + self.unsent
        return 100.0 * (self.failed + self.unsent) / total if total else None


def total(run: Run, since: float, until: float) -> Share:
    """All requests meant to start in [since, until)."""
    return _share(_within(run, since, until), None)


def by_kind(run: Run, since: float, until: float) -> dict[str, Share]:
    """The same for each kind of client; what was never sent belongs to no kind."""
    windows = list(_within(run, since, until))
    profiles = sorted({row["profile"] for w in windows for row in w["rows"]})
    return {profile: _share(windows, profile) for profile in profiles}


def outcomes(run: Run, since: float, until: float) -> dict[str, dict[str, int]]:
    """How many requests ended how, for each Region that they reached."""
    found: dict[str, Counter[str]] = {}
    for window in _within(run, since, until):
        for row in window["rows"]:
            found.setdefault(row["region"], Counter())[row["outcome"]] += row["count"]
    return {region: dict(found[region]) for region in sorted(found)}


def by_profile(run: Run, since: float, until: float) -> dict[str, dict[str, dict[str, int]]]:
    """The same for each kind of client: by profile, Region and outcome."""
    found: dict[str, dict[str, Counter[str]]] = {}
    for window in _within(run, since, until):
        for row in window["rows"]:
            regions = found.setdefault(row["profile"], {})
            regions.setdefault(row["region"], Counter())[row["outcome"]] += row["count"]
    return {p: {r: dict(found[p][r]) for r in sorted(found[p])} for p in sorted(found)}


def failing_kinds(run: Run, since: float, until: float) -> dict[tuple[str, str], int]:
    """Failed requests by (kind of client, Region), most first."""
    found: Counter[tuple[str, str]] = Counter()
    for window in _within(run, since, until):
        for row in window["rows"]:
            if row["outcome"] != OK:
                found[row["profile"], row["region"]] += row["count"]
    return dict(found.most_common())


def users_with_error_pct(run: Run) -> float | None:
    """The share of clients that saw at least one error from the fault on; None without clients."""
    start = run.fault_at or 0.0
    users = {s.client for s in run.segments}
    hit = {s.client for s in run.segments if not s.ok and s.last >= start}
    return 100.0 * len(hit) / len(users) if users else None


def budget_pct(share: Share, rate_per_s: float) -> float | None:
    """Which percentage of a 99.9 % month's failures (30 days at `rate_per_s`) this run spent."""
    if rate_per_s <= 0:
        return None
    return 100.0 * (share.failed + share.unsent) / (rate_per_s * MONTH_S * BUDGET_SHARE)


def latency_ms(run: Run, since: float, until: float) -> dict[str, dict[str, float | None]]:
    """p50 and p99 of successful requests by Region, counted from their intended start."""
    merged: dict[str, Counter[int]] = {}
    for window in _within(run, since, until):
        for row in window["rows"]:
            if row["outcome"] == OK and row["region"] != UNATTRIBUTED:
                into = merged.setdefault(row["region"], Counter())
                into.update({int(b): n for b, n in row.get("hist", {}).items()})
    return {
        region: {
            "p50": _rounded(quantile_ms(dict(hist), 0.5)),
            "p99": _rounded(quantile_ms(dict(hist), 0.99)),
        }
        for region, hist in sorted(merged.items())
    }


def _within(run: Run, since: float, until: float) -> Iterable[dict[str, Any]]:
    return (w for w in run.windows if since <= w["at"] < until)


def _share(windows: Iterable[dict[str, Any]], profile: str | None) -> Share:
    requests = failed = unsent = offered = 0
    for window in windows:
        unsent += window.get("unsent", 0) if profile is None else 0
        offered += window.get("offered", 0) if profile is None else 0
        for row in window["rows"]:
            if profile is None or row["profile"] == profile:
                requests += row["count"]
                failed += row["count"] if row["outcome"] != OK else 0
    return Share(requests, failed, unsent, offered)


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, 1)
