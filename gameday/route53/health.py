"""What counts as healthy: one checker's counter, the 18 % rule over all, and checks upon checks.

Pure. Checkers do not know of each other (dns-failover-determining-health-of-endpoints); each holds
a `Counter`, and a check's status follows from what they report and from its configuration.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from gameday.route53.check import HealthCheck

HEALTHY_PCT = 18
"""More than this share of checkers must report healthy ("value might change")."""


@dataclass(frozen=True, slots=True)
class Counter:
    """One checker's opinion, and how many results in a row contradicted it."""

    healthy: bool = True  # a new check is healthy until there is enough data
    against: int = 0


#   opinion    result   against + 1 < threshold    against + 1 >= threshold
#   ---------  -------  -------------------------  ------------------------
#   healthy    passed   healthy, 0                 healthy, 0
#   healthy    failed   healthy, against + 1       unhealthy, 0
#   unhealthy  failed   unhealthy, 0               unhealthy, 0
#   unhealthy  passed   unhealthy, against + 1     healthy, 0
def count(counter: Counter, passed: bool, threshold: int) -> Counter:
    """The counter after one more result (API_HealthCheckConfig, FailureThreshold)."""
    if passed is counter.healthy:
        return Counter(counter.healthy)
    if counter.against + 1 < threshold:
        return Counter(counter.healthy, counter.against + 1)
    return Counter(passed)


def enough(votes: int, of: int) -> bool:
    """Whether `votes` healthy checkers of `of` make a check healthy; without any, it is."""
    return of == 0 or votes * 100 > HEALTHY_PCT * of


def verdict(check: HealthCheck, raw: bool | None) -> bool:
    """The status that Route 53 acts on: disabled or no data counts as healthy, then inverted."""
    healthy = True if check.disabled or raw is None else raw
    return healthy is not check.inverted


def calculated(check: HealthCheck, healthy: Mapping[str, bool]) -> bool:
    """Whether at least HealthThreshold children are healthy; an unknown child has no data.

    Threshold 0 is always healthy; one above the number of children never (API_HealthCheckConfig).
    """
    return sum(healthy.get(child, True) for child in check.children) >= check.health_threshold


def from_alarm(check: HealthCheck, state: str | None, last_known: bool | None) -> bool | None:
    """What an alarm's data say: healthy, unhealthy, or None for no data yet."""
    if state == "OK":
        return True
    if state == "ALARM":
        return False
    if state is None:
        return None
    match check.insufficient_data:
        case "Healthy":
            return True
        case "Unhealthy":
            return False
    return last_known


def from_routing_control(state: str | None) -> bool | None:
    """On is healthy, Off is unhealthy, None is no data."""
    return None if state is None else state == "On"


def statuses(
    checks: Mapping[str, HealthCheck],
    raw: Mapping[str, bool | None],
    forced: Mapping[str, bool] | None = None,
) -> dict[str, bool]:
    """The status of every check: leaves from `raw`, then the calculated ones upon them.

    A forced status (an operator's, lab only) stands in for whatever would follow. A calculated
    child of a calculated check, which Route 53 refuses, counts as having no data.
    """
    forced = forced or {}
    found = {
        check.id: forced.get(check.id, verdict(check, raw.get(check.id)))
        for check in checks.values()
        if check.type != "CALCULATED"
    }
    upon = {
        check.id: forced.get(check.id, verdict(check, calculated(check, found)))
        for check in checks.values()
        if check.type == "CALCULATED"
    }
    return found | upon
