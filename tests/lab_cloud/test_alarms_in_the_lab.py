"""Metrics come in, alarms follow once per AWS minute, clients and checkers see it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from cloud_process import Cloud, running

from gameday import clock

MINUTE_WALL_S = 0.6


@pytest.fixture(scope="module")
def fast(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cloud]:
    """A lab at a speed at which an AWS minute is 0.6 s."""
    with running(tmp_path_factory.mktemp("fast"), speed=100.0) as process:
        yield process


def put_alarm(cloud: Cloud, name: str, region: str = "us-east-1", **more: Any) -> Any:
    client = cloud.client("cloudwatch", region)
    client.put_metric_alarm(
        **{
            "AlarmName": name,
            "Namespace": "AWS/ApiGateway",
            "MetricName": "5XXError",
            "Dimensions": [{"Name": "ApiName", "Value": name}],
            "Statistic": "Sum",
            "Period": 60,
            "EvaluationPeriods": 1,
            "Threshold": 5,
            "ComparisonOperator": "GreaterThanOrEqualToThreshold",
            "TreatMissingData": "notBreaching",
        }
        | more
    )
    return client


def described(client: Any, name: str) -> Any:
    return client.describe_alarms(AlarmNames=[name])["MetricAlarms"][0]


def wait_value(client: Any, name: str, value: str, feed: Any = lambda: None) -> Any:
    def reached() -> bool:
        feed()
        return bool(described(client, name)["StateValue"] == value)

    assert clock.Clock().wait_for(reached, 15, MINUTE_WALL_S / 2), described(client, name)
    return described(client, name)


def send_errors(cloud: Cloud, name: str, count: int, region: str = "us-east-1") -> None:
    row = {"namespace": "AWS/ApiGateway", "name": "5XXError", "unit": "Count",
           "dimensions": {"ApiName": name}, "values": {"1": count, "0": 10}}  # fmt: skip
    cloud.send("metrics", region=region, rows=[row])


def test_a_new_alarm_has_insufficient_data(fast: Cloud) -> None:
    client = put_alarm(fast, "new", TreatMissingData="missing")
    assert described(client, "new")["StateValue"] == "INSUFFICIENT_DATA"


def test_errors_raise_it_and_their_end_clears_it(fast: Cloud) -> None:
    client = put_alarm(fast, "api")
    wait_value(client, "api", "OK")
    raised = wait_value(client, "api", "ALARM", lambda: send_errors(fast, "api", 9))
    assert "Threshold Crossed" in raised["StateReason"]
    assert raised["StateUpdatedTimestamp"].timestamp() == pytest.approx(clock.now(), abs=10)
    wait_value(client, "api", "OK", lambda: send_errors(fast, "api", 0))


def test_the_checkers_are_told_of_changes(fast: Cloud) -> None:
    client = put_alarm(fast, "told", "eu-west-1")
    wait_value(client, "told", "ALARM", lambda: send_errors(fast, "told", 9, "eu-west-1"))
    states: dict[str, str] = {}
    while states.get("eu-west-1/told") != "ALARM":
        message = fast.message("alarms")
        assert message["to"] == "checkers"
        states |= message["states"]


def test_another_region_keeps_its_own(fast: Cloud) -> None:
    here, there = put_alarm(fast, "apart"), put_alarm(fast, "apart", "eu-west-1")
    wait_value(here, "apart", "ALARM", lambda: send_errors(fast, "apart", 9))
    assert described(there, "apart")["StateValue"] != "ALARM"


def test_what_a_client_puts_is_judged_too(fast: Cloud) -> None:
    client = fast.client("cloudwatch")
    client.put_metric_alarm(
        AlarmName="own",
        Namespace="Mine",
        MetricName="m",
        ExtendedStatistic="p90",
        Period=60,
        EvaluationPeriods=1,
        Threshold=50,
        ComparisonOperator="GreaterThanThreshold",
    )

    def put() -> None:
        client.put_metric_data(
            Namespace="Mine",
            MetricData=[{"MetricName": "m", "Values": [1.0, 99.0], "Counts": [5.0, 5.0]}],
        )

    wait_value(client, "own", "ALARM", put)


def test_set_alarm_state_stays_until_the_next_evaluation(fast: Cloud) -> None:
    client = put_alarm(fast, "forced")
    wait_value(client, "forced", "OK")
    before = described(client, "forced")["StateUpdatedTimestamp"]
    client.set_alarm_state(AlarmName="forced", StateValue="ALARM", StateReason="by hand")
    history = wait_value(client, "forced", "OK")
    assert history["StateUpdatedTimestamp"] > before
    assert history["StateReason"] != "by hand"


def test_replacing_an_alarm_keeps_its_state(fast: Cloud) -> None:
    client = put_alarm(fast, "kept", TreatMissingData="breaching")
    wait_value(client, "kept", "ALARM")
    put_alarm(fast, "kept", TreatMissingData="ignore", Threshold=7)
    found = described(client, "kept")
    assert (found["StateValue"], found["Threshold"]) == ("ALARM", 7)


def test_metrics_are_readable_statistics(fast: Cloud) -> None:
    send_errors(fast, "read", 4)
    client = fast.client("cloudwatch")

    def listed() -> bool:
        found = client.get_metric_statistics(
            Namespace="AWS/ApiGateway",
            MetricName="5XXError",
            Dimensions=[{"Name": "ApiName", "Value": "read"}],
            StartTime=clock.now() - 600,
            EndTime=clock.now() + 60,
            Period=60,
            Statistics=["Sum", "SampleCount"],
        )["Datapoints"]
        return [(p["Sum"], p["SampleCount"]) for p in found] == [(4.0, 14.0)]

    assert clock.Clock().wait_for(listed, 10, 0.1)


def test_an_alarm_that_cannot_be_judged_does_not_hold_up_the_others(fast: Cloud) -> None:
    put_alarm(fast, "odd", ComparisonOperator="LessThanLowerOrGreaterThanUpperThreshold")
    client = put_alarm(fast, "even")
    wait_value(client, "even", "ALARM", lambda: send_errors(fast, "even", 9))
    assert described(client, "odd")["StateValue"] == "INSUFFICIENT_DATA"
