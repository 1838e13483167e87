"""The predictor's settings, read from the exports that the `aws` CLI prints.

`aws route53 list-resource-record-sets` and `aws route53 list-health-checks`; nothing is asked of
AWS. An alias has no TTL of its own: one to API Gateway answers with 60 s.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from gameday.errors import UsageError
from gameday.predict.delay import detection_worst_s
from gameday.predict.model import Settings
from gameday.route53.check import HealthCheck, parse_check
from gameday.route53.exports import rows
from gameday.route53.zone import RecordSet
from gameday.route53.zone_json import parse_record_set

ALIAS_TTL_S = 60.0
"""Route 53 Developer Guide, "Choosing between alias and non-alias records": the target's TTL, which
is 60 s for API Gateway, load balancers and CloudFront."""

Json = Mapping[str, Any]


def settings_for(zone: Json, checks: Json, endpoint: str, region: str | None) -> Settings | None:
    """Interval, threshold and TTL of `endpoint`'s record for `region`; None without such a record.

    Of several records of the Region it is the one that clients stay with longest.

    :param region: the Region that is lost; None takes the first record with a health check.
    :raises UsageError: a malformed record or check, or one that the export does not hold.
    """
    records = [r for r in _records(zone, endpoint) if r.get("HealthCheckId")]
    mine = [r for r in records if region is not None and _belongs(r, region)] or records[:1]
    found = [_settings(parse_record_set(record), checks) for record in mine]
    return max(found, key=lambda s: detection_worst_s(s) + s.ttl_s, default=None)


def _settings(record: RecordSet, checks: Json) -> Settings:
    check = _check(checks, record)
    return Settings(
        interval_s=check.interval_s,
        threshold=check.failure_threshold,
        ttl_s=ALIAS_TTL_S if record.alias else float(record.ttl_s),
    )


def _records(zone: Json, endpoint: str) -> list[dict[str, Any]]:
    wanted = endpoint.rstrip(".").lower()
    return [
        r for r in rows(zone, "ResourceRecordSets", "zone export")
        if str(r.get("Name", "")).rstrip(".").lower() == wanted
    ]  # fmt: skip


def _belongs(record: Json, region: str) -> bool:
    return record.get("Region") == region or region in str(record.get("SetIdentifier", ""))


def _check(checks: Json, record: RecordSet) -> HealthCheck:
    for row in rows(checks, "HealthChecks", "health checks export"):
        if row.get("Id") == record.health_check:
            return parse_check(row)
    raise UsageError(
        f"{record.label} uses health check {record.health_check}, which the export does not hold"
    )
