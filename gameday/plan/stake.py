"""What is at stake: the share of users in the Region, and what they may cost of an error budget.

The share is the larger of what API Gateway counted and of whom DNS sends there; it says which.
API Gateway counts health checkers, too, so a handful of requests tells nothing.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from gameday import clock, discover
from gameday.aws import client, translated
from gameday.errors import GamedayError
from gameday.measure.availability import BUDGET_SHARE, MONTH_S
from gameday.probes.dns import Observer
from gameday.settings import Target

LOOK_BACK_S = 3600.0
REQUESTS_MIN = 1000.0


@dataclass(frozen=True, slots=True)
class Stake:
    """The Region's share of users, and the share of a 99.9 % month's failures, in percent."""

    share_pct: float | None
    how: str
    budget_pct_within_rto: float | None
    budget_pct_at_most: float | None


def stake(target: Target, region: str, rto_s: float | None, fault_s_max: float) -> Stake:
    """What losing `region` may cost, if clients recover within the RTO, and if they never do."""
    share, how = _share(target, region)
    if share is None:
        return Stake(None, how, None, None)
    within = None if rto_s is None else budget_pct(share, rto_s)
    return Stake(share, how, within, budget_pct(share, fault_s_max))


def budget_pct(share_pct: float, seconds: float) -> float:
    """What `share_pct` of requests failing for `seconds` takes of what a month may fail, in %."""
    return share_pct * seconds / (MONTH_S * BUDGET_SHARE)


def _share(target: Target, region: str) -> tuple[float | None, str]:
    known = [found for found in (_by_metric(target, region), _by_dns(target, region)) if found]
    if not known:
        return None, "neither API Gateway's metric nor DNS tells who uses it"
    return max(known)


def _by_dns(target: Target, region: str) -> tuple[float, str] | None:
    if target.endpoint is None:
        return None
    seen = Observer(target, target.endpoint).see()
    if not any(s.regions for s in seen):
        return None
    sent = sum(1.0 / len(s.regions) for s in seen if region in s.regions)
    return 100.0 * sent / len(seen), f"DNS sends {sent:g} of {len(seen)} client networks there"


def _by_metric(target: Target, region: str) -> tuple[float, str] | None:
    try:
        counts = {r: _requests(target, r) for r in target.regions}
    except GamedayError:  # whoever may not read metrics is told by DNS
        return None
    total = sum(counts.values())
    if total < REQUESTS_MIN:
        return None
    return 100.0 * counts[region] / total, f"of {total:.0f} requests in the last hour"


def _requests(target: Target, region: str) -> float:
    """How many requests the application's REST APIs had in `region` in the last hour."""
    until, total = datetime.fromtimestamp(clock.now(), UTC), 0.0
    for name in discover.rest_api_names(target.stack, region) if target.stack else ():
        with translated(f"GetMetricStatistics in {region}"):
            answer = client("cloudwatch", region).get_metric_statistics(
                Namespace="AWS/ApiGateway", MetricName="Count", Statistics=["Sum"],
                Dimensions=[{"Name": "ApiName", "Value": name}], Period=3600,
                StartTime=until - timedelta(seconds=LOOK_BACK_S), EndTime=until,
            )  # fmt: skip
        total += sum(point["Sum"] for point in answer["Datapoints"])
    return total
