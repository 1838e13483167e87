"""What do the exports of the `aws` CLI say, and which of them are refused?"""

from __future__ import annotations

import pytest

from gameday.errors import UsageError
from gameday.predict.zone import predict_zone, settings_for


def zone(*, alias: bool = True, ttl: int = 30, check: str | None = "hc") -> dict:
    records = []
    for region in ("us-east-1", "eu-west-1"):
        record = {"Name": "api.example.test.", "Type": "A", "SetIdentifier": region,
                  "Region": region}  # fmt: skip
        record |= {"AliasTarget": {"DNSName": "d-1."}} if alias else {"TTL": ttl}
        records.append(record | ({"HealthCheckId": f"{check}-{region}"} if check else {}))
    return {"ResourceRecordSets": records}


def checks(interval: int = 10, threshold: int = 3) -> dict:
    config = {"RequestInterval": interval, "FailureThreshold": threshold}
    return {"HealthChecks": [{"Id": f"hc-{r}", "HealthCheckConfig": config}
                             for r in ("us-east-1", "eu-west-1")]}  # fmt: skip


def test_what_is_the_ttl_of_an_alias() -> None:
    assert settings_for(zone(), checks(), "api.example.test", "us-east-1").ttl_s == 60


def test_are_interval_threshold_and_ttl_the_records_own() -> None:
    found = settings_for(zone(alias=False), checks(30, 2), "API.example.test.", "eu-west-1")
    assert (found.interval_s, found.threshold, found.ttl_s) == (30, 2, 30)


def test_is_there_a_prediction_without_health_checks() -> None:
    assert settings_for(zone(check=None), checks(), "api.example.test", "us-east-1") is None
    assert predict_zone(zone(check=None), checks()) == {}


def test_what_would_my_zone_do() -> None:
    found = predict_zone(zone(), checks())["api.example.test"]
    assert found.detection.mean_s == pytest.approx(28.2, abs=0.5)
    assert found.clients["per-request"].mean.mean_s == pytest.approx(58.2, abs=2)
    assert found.clients["pooled"].mean.mean_s is None


@pytest.mark.parametrize(
    ("bad_zone", "bad_checks", "says"),
    [
        ({}, checks(), "no ResourceRecordSets"),
        (zone() | {"IsTruncated": True}, checks(), "cut short"),
        (zone(), {"HealthChecks": []}, "health check hc-us-east-1"),
        (zone(), {}, "no HealthChecks"),
    ],
)
def test_is_a_wrong_export_refused(bad_zone, bad_checks, says) -> None:
    with pytest.raises(UsageError, match=says):
        predict_zone(bad_zone, bad_checks)
