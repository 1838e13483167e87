"""What the guards ask of AWS, of DNS and of the run's own baseline. No decision is made here.

Every question has the timeouts of `gameday.aws`; one that cannot be answered is an error, which
the chain takes as a refusal.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from gameday import aws, clock, discover, kill_switch
from gameday.aws import client, translated
from gameday.clock import Clock
from gameday.guard.alarms import firing
from gameday.guard.kill_switch import Switches
from gameday.guard.scope import NOBODY, Scope, resources
from gameday.guard.survivor_capacity import Concurrency
from gameday.journal import Event, read_events
from gameday.plan import stake
from gameday.probes import health_check, replication
from gameday.stop_when import Alarm, parse

LOOK_BACK_S = 3600.0
SETTLE_S = 300.0
"""AWS seconds that alarms of an earlier run are given to clear.

One with a period of a minute whose metric falls silent with the load keeps to its last point for as
long as its evaluation range holds it: three minutes, and one until it is judged.
"""


def accounts(scope: Scope) -> dict[str, str]:
    """The account behind each place that would be hit."""
    return {place: aws.account(place) for place in scope.places}


def switches(scope: Scope) -> Switches:
    """What the kill-switch parameter and the FIS safety lever say in every Region."""
    target = scope.target
    values = {region: kill_switch.read(target, region) for region in target.regions}
    levers = {r: _lever(r) for r in target.regions} if target.is_aws or target.is_lab else {}
    return Switches(kill_switch.name(target), values, levers)


def _lever(region: str) -> str:
    """The state of AWS FIS's safety lever, whose id is `default` (AWS FIS, "Safety levers")."""
    with translated(f"GetSafetyLever in {region}"):
        answer = client("fis", region, quick=True).get_safety_lever(id="default")
    return str(answer["safetyLever"]["state"]["status"])


def tags(scope: Scope) -> dict[str, dict[str, str]]:
    """The tags of everything whose settings would be changed, by ARN."""
    regions = {change.setting.region for change in scope.changes}
    owners = {region: aws.account(region) for region in regions}
    found: dict[str, dict[str, str]] = {}
    for change in scope.changes:
        region = change.setting.region
        arns = resources(change.setting)
        for arn in arns:
            whose = arn.replace(NOBODY, owners[region])
            found[whose] = _tags(whose, region)
        if not arns and scope.target.is_aws:  # nobody can have opted in
            found[str(change.setting)] = {}
    return found


def _tags(arn: str, region: str) -> dict[str, str]:
    service, identity = arn.split(":")[2], arn.rpartition("/")[2]
    with translated(f"the tags of {arn}"):
        if service == "lambda":
            return dict(client("lambda", region).list_tags(Resource=arn).get("Tags", {}))
        if service == "dynamodb":
            return _pairs(client("dynamodb", region).list_tags_of_resource(ResourceArn=arn)["Tags"])
        if service == "route53":
            answer = client("route53", aws.GLOBAL_REGION).list_tags_for_resource(
                ResourceType=arn.rpartition(":")[2].partition("/")[0], ResourceId=identity
            )
            return _pairs(answer["ResourceTagSet"]["Tags"])
        api = client("resourcegroupstaggingapi", region)
        listed = api.get_resources(ResourceARNList=[arn])["ResourceTagMappingList"]
        return _pairs(listed[0]["Tags"]) if listed else {}


def _pairs(listed: list[Mapping[str, str]]) -> dict[str, str]:
    return {one["Key"]: one["Value"] for one in listed}


def healthy(scope: Scope) -> dict[str, bool | None]:
    """Whether all health checks of each other Region are healthy; None where it has none."""
    found: dict[str, bool | None] = {}
    for region in scope.others:
        try:
            checks = discover.checks_of(region, scope.target.endpoint or "")
        except discover.NoCheck:
            found[region] = None
        else:
            found[region] = all(health_check.read(check).healthy for check in checks)
    return found


def alarms(scope: Scope) -> dict[str, list[dict[str, Any]]]:
    """Every alarm by Region; a run that waits gives those of an earlier one time to clear."""
    found: dict[str, list[dict[str, Any]]] = {}

    def quiet() -> bool:
        for region in scope.target.regions:
            found[region] = discover.alarms(region) + discover.composite_alarms(region)
        return not firing(found, scope.extension.guard.ignore_alarms)

    Clock(scope.target.speed).wait_for(quiet, SETTLE_S if scope.waits else 0.0, every_s=5.0)
    return found


def concurrency(scope: Scope) -> tuple[float, dict[str, Concurrency]]:
    """The lost Region's peak of concurrent executions, and each survivor's limit and peak."""
    survivors = {r: Concurrency(_limit(r), _peak(r)) for r in scope.others}
    return _peak(scope.region or ""), survivors


def _limit(region: str) -> int:
    with translated(f"GetAccountSettings in {region}"):
        answer = client("lambda", region).get_account_settings()
    return int(answer["AccountLimit"]["ConcurrentExecutions"])


def _peak(region: str) -> float:
    """The most concurrent executions of the account in the last hour; 0 when nothing ran."""
    until = datetime.fromtimestamp(clock.now(), UTC)
    with translated(f"GetMetricStatistics of ConcurrentExecutions in {region}"):
        answer = client("cloudwatch", region).get_metric_statistics(
            Namespace="AWS/Lambda", MetricName="ConcurrentExecutions", Statistics=["Maximum"],
            Period=60, StartTime=until - timedelta(seconds=LOOK_BACK_S), EndTime=until,
        )  # fmt: skip
    return max((float(point["Maximum"]) for point in answer["Datapoints"]), default=0.0)


def lag(scope: Scope) -> tuple[float, str]:
    """How far data is behind, AWS seconds: as the baseline's sampler read it, else CloudWatch.

    :raises AwsError: neither can tell.
    """
    behind = sorted(float(e["behind_s"]) for e in _baseline(scope, "load.sample"))
    if behind:
        return behind[int(0.99 * (len(behind) - 1))], "p99 of the baseline"
    target = scope.target
    found = replication.latency_s(scope.region or "", target.stack or "", target, LOOK_BACK_S)
    return found, "ReplicationLatency in the last hour"


def share(scope: Scope) -> tuple[float | None, str]:
    """The share of requests that reach the Region under test, and who says so."""
    rows = [row for e in _baseline(scope, "load.window") for row in e["rows"]]
    if total := sum(row["count"] for row in rows):
        here = sum(row["count"] for row in rows if row["region"] == scope.region)
        return 100.0 * here / total, f"of {total} requests of the baseline"
    if scope.region is None:
        return None, "no Region is named"
    found = stake(scope.target, scope.region, None, 0.0)
    return found.share_pct, found.how


def _baseline(scope: Scope, kind: str) -> list[Event]:
    """The events of `kind` since the load was steady; none before a run."""
    if scope.run_dir is None:
        return []
    events = list(read_events(scope.run_dir))
    ready = next((e["at"] for e in events if e["kind"] == "load.ready"), None)
    return [] if ready is None else [e for e in events if e["kind"] == kind and e["at"] >= ready]


def locations(scope: Scope) -> dict[str, tuple[str, ...]]:
    """Where what must survive is kept, by what it is."""
    found: dict[str, tuple[str, ...]] = {}
    if scope.target.undo_copy is not None:
        found["the undo copy"] = (scope.target.undo_copy.region,)
    if bucket := scope.target.limits.report_bucket:
        found[f"the report bucket {bucket}"] = (_bucket_region(bucket),)
    declared = [c for c in map(parse, scope.extension.stop_when) if isinstance(c, Alarm)]
    listed = {r: discover.alarms(r) for r in scope.target.regions} if declared else {}
    for condition in declared:
        found[f"the stop alarm {condition.name}"] = tuple(
            region
            for region, alarms in listed.items()
            if any(condition.means(a["AlarmName"]) for a in alarms)
        )
    return found


def _bucket_region(bucket: str) -> str:
    with translated(f"GetBucketLocation of {bucket}"):
        answer = client("s3", aws.GLOBAL_REGION).get_bucket_location(Bucket=bucket)
    where = answer.get("LocationConstraint") or "us-east-1"  # as the API reference has it
    return "eu-west-1" if where == "EU" else str(where)
