"""How far a global table's replicas lag, from CloudWatch and from the load's sampler."""

from __future__ import annotations

from datetime import UTC, datetime

from gameday import clock, settings
from gameday.aws import activity, client, translated
from gameday.clock import Clock
from gameday.discover import global_tables
from gameday.errors import AwsError, RunError
from gameday.journal import Tail
from gameday.probes.load_log import run_dir
from gameday.settings import Target

__all__ = ["behind", "lag"]


@activity
def lag(region: str, stack: str, window_s: float = 300.0) -> float:
    """The longest ReplicationLatency from `region` to any replica, in AWS seconds.

    It is an error when no value was published in the window.

    :param region: the Region that sends
    :param stack: the application's name
    :param window_s: AWS seconds to look back, at least one minute
    :return: seconds
    """
    return latency_s(region, stack, settings.current(), float(window_s))


def latency_s(region: str, stack: str, target: Target, window_s: float) -> float:
    """The longest AWS/DynamoDB ReplicationLatency from `region` in the last `window_s` AWS seconds.

    The metric has the dimensions TableName and ReceivingRegion (Amazon DynamoDB, "Metrics and
    dimensions").

    :raises AwsError: no value was published.
    """
    now = clock.now()
    since = now - Clock(target.speed).wall(max(60.0, window_s))
    api, values = client("cloudwatch", region), list[float]()
    for table in global_tables(stack, target.regions):
        for receiver in (r for r in target.regions if r != region):
            with translated(f"GetMetricStatistics of {table} in {region}"):
                answer = api.get_metric_statistics(
                    Namespace="AWS/DynamoDB",
                    MetricName="ReplicationLatency",
                    Dimensions=[
                        {"Name": "TableName", "Value": table},
                        {"Name": "ReceivingRegion", "Value": receiver},
                    ],
                    StartTime=datetime.fromtimestamp(since, UTC),
                    EndTime=datetime.fromtimestamp(now + 1.0, UTC),
                    Period=60,
                    Statistics=["Maximum"],
                )
            values += [float(point["Maximum"]) for point in answer["Datapoints"]]
    if not values:
        raise AwsError(f"no ReplicationLatency from {region} in the last {window_s} s")
    return max(values) / 1000.0


@activity
def behind(window_s: float = 60.0) -> float:
    """The longest `behind_s` that the load's replication sampler saw lately, in AWS seconds.

    :param window_s: AWS seconds to look back
    :return: age of the oldest acknowledged write that another Region lacked; 0 when none did
    """
    since = clock.now() - Clock(settings.current().speed).wall(float(window_s))
    samples = [
        float(event["behind_s"])
        for event in Tail(run_dir()).new()
        if event["kind"] == "load.sample" and event["at"] >= since
    ]
    if not samples:
        raise RunError(f"no reading of the replication sampler in the last {window_s} s")
    return max(samples)
