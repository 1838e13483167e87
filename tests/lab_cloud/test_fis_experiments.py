"""FIS by boto3: replication is really paused, for as long as the AWS clock says."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError
from cloud_process import ACCOUNT, Cloud, running
from region_double import RegionDouble
from test_regions_behind_the_endpoint import global_table

from gameday import clock

ARN = f"arn:aws:dynamodb:us-east-1:{ACCOUNT}:table/"


@pytest.fixture(scope="module")
def fast(
    tmp_path_factory: pytest.TempPathFactory, doubles: dict[str, RegionDouble]
) -> Iterator[Cloud]:
    """A lab at a speed at which an AWS minute is 0.6 s."""
    ports = {n.replace("-", "_"): d.ports for n, d in doubles.items()}
    directory: Path = tmp_path_factory.mktemp("fast")
    with running(directory, speed=100.0, **ports) as process:
        yield process


def template(cloud: Cloud, targets: dict[str, Any] | None, **more: Any) -> Any:
    actions: dict[str, Any] = {
        "pause": {
            "actionId": "aws:dynamodb:global-table-pause-replication",
            "parameters": {"duration": "PT2M"},
            "targets": {"Tables": "tables"},
        }
    }
    chosen = {"tables": {"resourceType": "aws:dynamodb:global-table", "selectionMode": "ALL"}
              | (targets or {})}  # fmt: skip
    made = cloud.client("fis").create_experiment_template(
        **{
            "clientToken": uuid.uuid4().hex,
            "description": "pause",
            "roleArn": f"arn:aws:iam::{ACCOUNT}:role/fis",
            "stopConditions": [{"source": "none"}],
            "actions": actions,
            "targets": chosen,
        }
        | more
    )
    return made["experimentTemplate"]


def start(cloud: Cloud, made: Any, **more: Any) -> str:
    started = cloud.client("fis").start_experiment(experimentTemplateId=made["id"], **more)
    assert started["experiment"]["state"]["status"] in ("initiating", "pending")
    return str(started["experiment"]["id"])


def state(cloud: Cloud, identity: str) -> Any:
    return cloud.client("fis").get_experiment(id=identity)["experiment"]


def wait_state(cloud: Cloud, identity: str, *statuses: str) -> Any:
    reached: Callable[[], bool] = lambda: state(cloud, identity)["state"]["status"] in statuses  # noqa: E731
    assert clock.Clock().wait_for(reached, 15, 0.05), state(cloud, identity)["state"]
    return state(cloud, identity)


def paused(cloud: Cloud, region: str, table: str) -> bool:
    return bool(cloud.bodies[f"region/{region}"]["global_tables"][table]["paused"])


def test_g9_g12_replication_is_paused_here_for_the_duration_and_then_resumes(fast: Cloud) -> None:
    global_table(fast, "orders")
    identity = start(fast, template(fast, {"resourceArns": [ARN + "orders"]}))
    started = clock.monotonic()
    fast.wait_body("region/us-east-1", lambda b: b["global_tables"]["orders"]["paused"])
    assert not paused(fast, "eu-west-1", "orders")
    assert state(fast, identity)["actions"]["pause"]["state"]["status"] == "running"
    ended = wait_state(fast, identity, "completed", "failed")
    assert 1.2 <= clock.monotonic() - started < 5
    assert ended["state"]["status"] == "completed"
    assert ended["actions"]["pause"]["state"]["status"] == "completed"
    assert ended["endTime"] > ended["startTime"]
    assert not paused(fast, "us-east-1", "orders")


def test_g14_stopping_resumes_replication_before_it_is_stopped(fast: Cloud) -> None:
    global_table(fast, "carts")
    made = template(fast, {"resourceArns": [ARN + "carts"]})
    client = fast.client("fis")
    client.update_experiment_template(
        id=made["id"],
        actions={
            "pause": {
                "actionId": "aws:dynamodb:global-table-pause-replication",
                "parameters": {"duration": "PT12H"},
                "targets": {"Tables": "tables"},
            },
            "later": {
                "actionId": "aws:fis:wait",
                "parameters": {"duration": "PT1M"},
                "startAfter": ["pause"],
            },
        },
    )
    identity = start(fast, made)
    fast.wait_body("region/us-east-1", lambda b: b["global_tables"]["carts"]["paused"])
    client.stop_experiment(id=identity)
    stopped = wait_state(fast, identity, "stopped")
    statuses = {n: a["state"]["status"] for n, a in stopped["actions"].items()}
    assert statuses == {"pause": "stopped", "later": "cancelled"}
    assert not paused(fast, "us-east-1", "carts")
    with pytest.raises(ClientError, match="ValidationException"):
        client.stop_experiment(id=identity)


def test_g2_a_boolean_tag_is_lower_case_text(fast: Cloud) -> None:
    global_table(fast, "tagged")
    fast.client("dynamodb").tag_resource(
        ResourceArn=ARN + "tagged", Tags=[{"Key": "DisruptDynamoDb", "Value": "true"}]
    )
    identity = start(fast, template(fast, {"resourceTags": {"DisruptDynamoDb": "true"}}))
    fast.wait_body("region/us-east-1", lambda b: b["global_tables"]["tagged"]["paused"])
    listed = fast.client("fis").list_experiment_resolved_targets(experimentId=identity)
    found = [t["targetInformation"]["arn"] for t in listed["resolvedTargets"]]
    assert found == [ARN + "tagged"]
    fast.client("fis").stop_experiment(id=identity)
    wait_state(fast, identity, "stopped")


def test_g11_no_target_fails_and_says_so(fast: Cloud) -> None:
    identity = start(fast, template(fast, {"resourceTags": {"nobody": "has-this"}}))
    failed = wait_state(fast, identity, "failed", "completed")["state"]
    assert failed["status"] == "failed"
    assert "tables" in failed["reason"]


def test_g11_no_target_is_skipped_when_asked(fast: Cloud) -> None:
    made = template(
        fast,
        {"resourceTags": {"nobody": "has-this"}},
        experimentOptions={"emptyTargetResolutionMode": "skip"},
    )
    ended = wait_state(fast, start(fast, made), "failed", "completed")
    assert ended["state"]["status"] == "completed"
    assert ended["actions"]["pause"]["state"]["status"] == "skipped"


def test_g5_skip_all_previews_targets(fast: Cloud) -> None:
    global_table(fast, "previewed")
    made = template(fast, {"resourceArns": [ARN + "previewed"]})
    identity = start(fast, made, experimentOptions={"actionsMode": "skip-all"})
    ended = wait_state(fast, identity, "completed", "failed")
    assert ended["actions"]["pause"]["state"]["status"] == "skipped"
    assert not paused(fast, "us-east-1", "previewed")


def test_g4_an_alarm_that_fires_stops_it(fast: Cloud) -> None:
    global_table(fast, "guarded")
    watch = fast.client("cloudwatch")
    watch.put_metric_alarm(
        AlarmName="stop",
        Namespace="n",
        MetricName="m",
        Statistic="Sum",
        Period=86400,
        EvaluationPeriods=1,
        Threshold=1,
        ComparisonOperator="GreaterThanThreshold",
        TreatMissingData="ignore",
    )
    arn = watch.describe_alarms(AlarmNames=["stop"])["MetricAlarms"][0]["AlarmArn"]
    made = template(
        fast,
        {"resourceArns": [ARN + "guarded"]},
        stopConditions=[{"source": "aws:cloudwatch:alarm", "value": arn}],
    )
    identity = start(fast, made)
    fast.wait_body("region/us-east-1", lambda b: b["global_tables"]["guarded"]["paused"])
    watch.set_alarm_state(AlarmName="stop", StateValue="ALARM", StateReason="test")
    stopped = wait_state(fast, identity, "stopped", "completed", "failed")
    assert stopped["state"]["status"] == "stopped"
    assert arn in stopped["state"]["reason"]


def test_an_unknown_action_is_a_validation_exception(fast: Cloud) -> None:
    with pytest.raises(ClientError, match=r"ValidationException.*aws:nonsense:action") as refused:
        template(
            fast,
            {"resourceArns": [ARN + "x"]},
            actions={"a": {"actionId": "aws:nonsense:action", "parameters": {}}},
        )
    assert refused.value.response["ResponseMetadata"]["HTTPStatusCode"] == 400


def test_g17_unknown_ids_are_404(fast: Cloud) -> None:
    client = fast.client("fis")
    for call in (
        lambda: client.get_experiment(id="EXPnobody"),
        lambda: client.get_experiment_template(id="EXTnobody"),
        lambda: client.start_experiment(experimentTemplateId="EXTnobody"),
    ):
        with pytest.raises(ClientError, match="ResourceNotFoundException") as refused:
            call()
        assert refused.value.response["ResponseMetadata"]["HTTPStatusCode"] == 404


def test_templates_are_listed_tagged_and_deleted(fast: Cloud) -> None:
    client = fast.client("fis")
    made = template(fast, {"resourceArns": [ARN + "x"]}, tags={"a": "b"})
    assert client.list_tags_for_resource(resourceArn=made["arn"])["tags"] == {"a": "b"}
    client.tag_resource(resourceArn=made["arn"], tags={"c": "d"})
    client.untag_resource(resourceArn=made["arn"], tagKeys=["a"])
    assert client.list_tags_for_resource(resourceArn=made["arn"])["tags"] == {"c": "d"}
    client.delete_experiment_template(id=made["id"])
    listed = [t["id"] for t in client.list_experiment_templates()["experimentTemplates"]]
    assert made["id"] not in listed
    assert [a["id"] for a in client.list_actions()["actions"]] == [
        "aws:dynamodb:global-table-pause-replication",
        "aws:fis:wait",
    ]


def test_g15_an_engaged_safety_lever_stops_what_runs_and_cancels_what_begins(fast: Cloud) -> None:
    global_table(fast, "levered")
    client, made = fast.client("fis"), template(fast, {"resourceArns": [ARN + "levered"]})
    identity = start(fast, made)
    fast.wait_body("region/us-east-1", lambda b: b["global_tables"]["levered"]["paused"])
    assert client.get_safety_lever(id="default")["safetyLever"]["state"]["status"] == "disengaged"
    engaged = {"status": "engaged", "reason": "release day"}
    try:
        client.update_safety_lever_state(id="default", state=engaged)
        assert client.get_safety_lever(id="default")["safetyLever"]["state"] == engaged
        assert "safety lever" in wait_state(fast, identity, "stopped")["state"]["reason"]
        assert not paused(fast, "us-east-1", "levered")
        late = client.start_experiment(experimentTemplateId=made["id"])["experiment"]
        assert late["state"]["status"] == "cancelled"
        with pytest.raises(ClientError, match="ConflictException"):
            client.update_safety_lever_state(id="default", state=engaged)
    finally:
        client.update_safety_lever_state(
            id="default", state={"status": "disengaged", "reason": "x"}
        )
    with pytest.raises(ClientError, match="ResourceNotFoundException"):
        client.get_safety_lever(id="other")
