"""What Route 53's health checkers say about a Region, as their public API shows it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from gameday import settings
from gameday.aws import GLOBAL_REGION, activity, client, translated
from gameday.clock import Clock, now
from gameday.discover import checks_of
from gameday.errors import UsageError

__all__ = ["becomes", "status"]

HEALTHY_ABOVE_PCT = 18.0
"""A check is healthy when more than this share of its checkers report so ("How Route 53
determines whether a health check is healthy")."""


@dataclass(frozen=True, slots=True)
class Status:
    """One health check's result: what its checkers see, and what follows."""

    check: str
    healthy: bool
    votes: int  # checkers that report success
    of: int


def verdict(config: dict[str, Any], reports: list[bool]) -> tuple[bool, int]:
    """Whether a check is healthy, and how many of its checkers report success.

    More than 18 % of the checkers must; without any observation it counts as healthy. Disabled
    makes it healthy; Inverted turns the result round (Route 53, "HealthCheckConfig").
    """
    votes = sum(reports)
    healthy = not reports or 100.0 * votes > HEALTHY_ABOVE_PCT * len(reports)
    if config.get("Disabled"):
        healthy = True
    return healthy != bool(config.get("Inverted")), votes


class Tally:
    """Counts each checker's results to the check's thresholds, as Route 53 does.

    An observation is the result of one checker's last probe; its vote turns when it has gone on
    for FailureThreshold probes (Route 53, "FailureThreshold"). Probes that nobody looked at in
    between are counted by the time that passed.
    """

    def __init__(self, speed: float) -> None:
        self._clock = Clock(speed)
        self._since: dict[tuple[str, str], tuple[bool, float]] = {}
        self._votes: dict[tuple[str, str], bool] = {}

    def reports(self, config: dict[str, Any], observations: list[dict[str, Any]]) -> list[bool]:
        """Whether each checker now votes healthy."""
        probes = int(config.get("FailureThreshold", 3)) - 1
        lasting = self._clock.wall(probes * float(config.get("RequestInterval", 30))) * 0.9
        for one in observations:
            key, report = (one.get("Region", ""), one.get("IPAddress", "")), one["StatusReport"]
            ok = report["Status"].startswith("Success")
            checked = report.get("CheckedTime")
            at = checked.timestamp() if checked else now()
            if key not in self._since or self._since[key][0] != ok:
                self._since[key] = (ok, at)
            if key not in self._votes or at - self._since[key][1] >= lasting:
                self._votes[key] = ok
        return [self._votes[o.get("Region", ""), o.get("IPAddress", "")] for o in observations]


def read(check: str) -> Status:
    """The status of one health check by each checker's last probe, before any threshold.

    :raises AwsError: no such check, or the API does not answer.
    """
    api = client("route53", GLOBAL_REGION)
    with translated(f"GetHealthCheckStatus of {check}"):
        config = api.get_health_check(HealthCheckId=check)["HealthCheck"]["HealthCheckConfig"]
        seen = api.get_health_check_status(HealthCheckId=check)["HealthCheckObservations"]
    reports = [o["StatusReport"]["Status"].startswith("Success") for o in seen]
    healthy, votes = verdict(config, reports)
    return Status(check, healthy, votes, len(seen))


@activity
def status(region: str, stack: str) -> str:
    """Whether the health checks that stand for a Region are healthy.

    :param region: the Region
    :param stack: the application's name
    :return: "healthy" when all of them are, else "unhealthy"
    """
    return "healthy" if all(read(c).healthy for c in _checks(region)) else "unhealthy"


@activity
def becomes(region: str, stack: str, expected: str = "unhealthy", within_s: float = 60.0) -> bool:
    """Whether a Region's health checks become healthy or unhealthy in time.

    :param region: the Region
    :param stack: the application's name
    :param expected: "healthy" or "unhealthy"
    :param within_s: AWS seconds from now
    """
    if expected not in ("healthy", "unhealthy"):
        raise UsageError(f"expected: healthy or unhealthy, not {expected!r}")
    checks = _checks(region)
    want = expected == "healthy"
    return Clock(settings.current().speed).wait_for(
        lambda: all(read(c).healthy is want for c in checks), float(within_s), every_s=2.0
    )


def _checks(region: str) -> tuple[str, ...]:
    endpoint = settings.current().endpoint
    if not endpoint:
        raise UsageError("GAMEDAY_ENDPOINT is not set; it names what clients resolve")
    return checks_of(region, endpoint)
