"""What Lambda's API keeps that moto does not, and what Regions are told of it; SQS that waits."""

from __future__ import annotations

import io
import json
import threading
import time
import zipfile
from typing import Any

import pytest
from botocore.exceptions import ClientError
from cloud_process import ACCOUNT, Cloud
from region_double import RegionDouble

REGION = "us-east-1"
STREAM = f"arn:aws:dynamodb:{REGION}:{ACCOUNT}:table/items/stream/2026-11-23T00:00:00.000"
ARN = f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:shop"


def archive(text: str) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as zipped:
        zipped.writestr("app.py", text)
    return buffer.getvalue()


@pytest.fixture(scope="module")
def cloud(cloud_with_regions: Cloud) -> Cloud:
    """A control plane with a function `shop`."""
    policy = {"Version": "2012-10-17", "Statement": []}
    role = cloud_with_regions.client("iam").create_role(
        RoleName="r", AssumeRolePolicyDocument=json.dumps(policy)
    )["Role"]["Arn"]
    for region in ("us-east-1", "eu-west-1"):
        cloud_with_regions.client("lambda", region).create_function(
            FunctionName="shop", Runtime="python3.11", Role=role, Handler="app.handler",
            Code={"ZipFile": archive("one = 1")},
            DeadLetterConfig={"TargetArn": f"arn:aws:sqs:{region}:{ACCOUNT}:dead"},
        )  # fmt: skip
    return cloud_with_regions


@pytest.fixture
def api(cloud: Cloud) -> Any:
    return cloud.client("lambda")


def told(cloud: Cloud, name: str = "shop") -> dict[str, Any]:
    found: dict[str, Any] = cloud.bodies[f"region/{REGION}"]["functions"][name]
    return found


def test_do_versions_keep_their_code_and_aliases_their_weights(cloud: Cloud, api: Any) -> None:
    first = api.publish_version(FunctionName="shop")
    api.update_function_code(FunctionName="shop", ZipFile=archive("two = 2"))
    api.update_function_configuration(FunctionName="shop", Environment={"Variables": {"A": "2"}})
    second = api.publish_version(FunctionName="shop")
    assert (first["Version"], second["Version"]) == ("1", "2")
    api.create_alias(
        FunctionName="shop", Name="live", FunctionVersion="1",
        RoutingConfig={"AdditionalVersionWeights": {"2": 0.1}},
    )  # fmt: skip
    shop = told(cloud)
    assert shop["aliases"] == {"live": {"version": "1", "weights": {"2": 0.1}}}
    one, two = shop["versions"]["1"], shop["versions"]["2"]
    assert (one["environment"], two["environment"]) == ({}, {"A": "2"})
    assert one["code"] != two["code"] == shop["code"]
    assert one["arn"] == f"{ARN}:1"
    assert shop["arn"] == ARN
    api.update_alias(FunctionName="shop", Name="live", FunctionVersion="2",
                     RoutingConfig={"AdditionalVersionWeights": {}})  # fmt: skip
    assert told(cloud)["aliases"] == {"live": {"version": "2", "weights": {}}}


def test_does_a_url_lead_to_the_alias_it_was_made_for(cloud: Cloud) -> None:
    api = cloud.client("lambda", "eu-west-1")
    arn = f"arn:aws:lambda:eu-west-1:{ACCOUNT}:function:shop"
    api.publish_version(FunctionName="shop")
    api.create_alias(FunctionName="shop", Name="live", FunctionVersion="1")
    with pytest.raises(ClientError, match=f"Function not found: {arn}:nothing"):
        api.create_function_url_config(FunctionName="shop", Qualifier="nothing", AuthType="NONE")
    made = api.create_function_url_config(FunctionName="shop", Qualifier="live", AuthType="NONE")
    assert made["FunctionArn"] == f"{arn}:live"
    [url] = [a for a in cloud.bodies["region/eu-west-1"]["apis"] if a["kind"] == "url"]
    assert url["routes"][0]["integration"]["function"] == "shop:live"


def test_is_a_dead_letter_queue_kept_and_changed(cloud: Cloud, api: Any) -> None:
    dead = f"arn:aws:sqs:{REGION}:{ACCOUNT}:dead"
    found = api.get_function_configuration(FunctionName="shop")
    assert found["DeadLetterConfig"] == {"TargetArn": dead}
    assert told(cloud)["dead_letter"] == dead
    api.update_function_configuration(FunctionName="shop", DeadLetterConfig={"TargetArn": ""})
    assert told(cloud)["dead_letter"] is None
    api.update_function_configuration(FunctionName="shop", LoggingConfig={"LogGroup": "/mine"},
                                      Environment={})  # fmt: skip
    assert told(cloud)["log_group"] == "/mine"
    assert told(cloud)["environment"] == {}


@pytest.mark.parametrize("setting", [{"Timeout": 901}, {"MemorySize": 20_000}], ids=str)
def test_is_a_setting_beyond_the_quota_refused(cloud: Cloud, api: Any, setting: Any) -> None:
    before = told(cloud)
    with pytest.raises(ClientError, match=r"ValidationException.* Member must have value"):
        api.update_function_configuration(FunctionName="shop", **setting)
    assert told(cloud) == before


def test_are_asynchronous_settings_replaced_and_updated(cloud: Cloud, api: Any) -> None:
    queue = f"arn:aws:sqs:{REGION}:{ACCOUNT}:q"
    api.put_function_event_invoke_config(
        FunctionName="shop", MaximumRetryAttempts=0,
        DestinationConfig={"OnFailure": {"Destination": queue}},
    )  # fmt: skip
    assert told(cloud)["asynchronous"] == {
        "$LATEST": {"on_success": None, "on_failure": queue, "retries": 0}
    }
    updated = api.update_function_event_invoke_config(
        FunctionName="shop", MaximumEventAgeInSeconds=60
    )
    assert (updated["MaximumRetryAttempts"], updated["MaximumEventAgeInSeconds"]) == (0, 60)
    assert updated["FunctionArn"] == f"{ARN}:$LATEST"
    api.put_function_event_invoke_config(FunctionName="shop", MaximumRetryAttempts=1)
    assert told(cloud)["asynchronous"]["$LATEST"] == {
        "on_success": None, "on_failure": None, "retries": 1,
    }  # fmt: skip
    assert len(api.list_function_event_invoke_configs(FunctionName="shop")
               ["FunctionEventInvokeConfigs"]) == 1  # fmt: skip
    api.delete_function_event_invoke_config(FunctionName="shop")
    with pytest.raises(ClientError, match="doesn't have an EventInvokeConfig"):
        api.get_function_event_invoke_config(FunctionName="shop")
    with pytest.raises(ClientError, match="MaximumRetryAttempts is 0 to 2"):
        api.put_function_event_invoke_config(FunctionName="shop", MaximumRetryAttempts=3)


def test_is_a_mapping_created_listed_changed_and_deleted(cloud: Cloud, api: Any) -> None:
    made = api.create_event_source_mapping(
        EventSourceArn=STREAM, FunctionName="shop", StartingPosition="LATEST", BatchSize=5,
        BisectBatchOnFunctionError=True, MaximumRetryAttempts=3,
        FilterCriteria={"Filters": [{"Pattern": '{"eventName": ["INSERT"]}'}]},
        FunctionResponseTypes=["ReportBatchItemFailures"],
    )  # fmt: skip
    assert (made["State"], made["FunctionArn"]) == ("Creating", ARN)
    identity = made["UUID"]
    [source] = cloud.bodies[f"region/{REGION}"]["event_sources"]
    assert source == {
        "id": identity, "function": "shop", "function_arn": ARN, "source": STREAM, "batch_size": 5,
        "window_s": 0, "reports": True, "filters": [{"eventName": ["INSERT"]}], "at_once": None,
        "starting_position": "LATEST", "bisect": True, "retries": 3, "age_max_s": -1,
        "on_failure": None,
    }  # fmt: skip
    assert api.get_event_source_mapping(UUID=identity)["State"] == "Enabled"
    for asked in ({"FunctionName": "shop"}, {"FunctionName": ARN}, {"EventSourceArn": STREAM}):
        [found] = api.list_event_source_mappings(**asked)["EventSourceMappings"]
        assert found["UUID"] == identity
    assert not api.list_event_source_mappings(FunctionName="other")["EventSourceMappings"]
    with pytest.raises(ClientError, match="mapped already"):
        api.create_event_source_mapping(EventSourceArn=STREAM, FunctionName="shop",
                                        StartingPosition="LATEST")  # fmt: skip
    api.update_event_source_mapping(UUID=identity, Enabled=False)
    assert cloud.bodies[f"region/{REGION}"]["event_sources"] == []
    assert api.get_event_source_mapping(UUID=identity)["State"] == "Disabled"
    api.delete_event_source_mapping(UUID=identity)
    with pytest.raises(ClientError, match="does not exist"):
        api.get_event_source_mapping(UUID=identity)


@pytest.mark.parametrize(
    ("about", "says"),
    [
        ({"EventSourceArn": f"arn:aws:sqs:{REGION}:{ACCOUNT}:gone"}, "NonExistentQueue: gone"),
        ({"EventSourceArn": f"arn:aws:sqs:eu-west-1:{ACCOUNT}:q"}, "is not in us-east-1"),
        ({"EventSourceArn": f"arn:aws:kinesis:{REGION}:{ACCOUNT}:stream/s"},
         "Unrecognized event source"),
        ({"EventSourceArn": STREAM}, "StartingPosition of a DynamoDB stream"),
        ({"EventSourceArn": STREAM, "StartingPosition": "LATEST", "BatchSize": 20_000},
         "BatchSize is 1 to 10000"),
        ({"EventSourceArn": STREAM, "StartingPosition": "LATEST",
          "FilterCriteria": {"Filters": [{"Pattern": "["}]}}, "Invalid filter pattern"),
        ({"EventSourceArn": STREAM, "StartingPosition": "LATEST", "TumblingWindowInSeconds": 5},
         "TumblingWindowInSeconds is not a parameter"),
        ({"EventSourceArn": STREAM, "StartingPosition": "LATEST", "FunctionName": "nobody"},
         f"Function not found: arn:aws:lambda:{REGION}:{ACCOUNT}:function:nobody"),
    ],
    ids=str,
)  # fmt: skip
def test_is_a_mapping_that_cannot_be_refused(api: Any, about: Any, says: str) -> None:
    with pytest.raises(ClientError, match=says):
        api.create_event_source_mapping(**{"FunctionName": "shop", **about})


def test_does_a_batch_of_more_than_ten_messages_need_a_window(cloud: Cloud, api: Any) -> None:
    cloud.client("sqs").create_queue(QueueName="wide")
    about = {"EventSourceArn": f"arn:aws:sqs:{REGION}:{ACCOUNT}:wide", "FunctionName": "shop"}
    with pytest.raises(ClientError, match="window in seconds must be greater than 0"):
        api.create_event_source_mapping(**about, BatchSize=11)
    made = api.create_event_source_mapping(**about, BatchSize=11, MaximumBatchingWindowInSeconds=1)
    api.delete_event_source_mapping(UUID=made["UUID"])


def test_how_much_concurrency_may_be_reserved(api: Any) -> None:
    with pytest.raises(ClientError, match=r"below its minimum value of \[100\]"):
        api.put_function_concurrency(FunctionName="shop", ReservedConcurrentExecutions=901)
    api.put_function_concurrency(FunctionName="shop", ReservedConcurrentExecutions=900)
    limit = api.get_account_settings()["AccountLimit"]
    assert limit["ConcurrentExecutions"] == 1000
    assert limit["UnreservedConcurrentExecutions"] == 100
    api.put_function_concurrency(FunctionName="shop", ReservedConcurrentExecutions=0)
    assert api.get_function_concurrency(FunctionName="shop")["ReservedConcurrentExecutions"] == 0
    api.delete_function_concurrency(FunctionName="shop")


def await_event(double: RegionDouble, already: int = 0) -> tuple[dict[str, str], dict[str, Any]]:
    """Headers and payload of the next asynchronous invocation that reached the Region."""
    deadline = time.monotonic() + 10
    while True:
        found = [r for r in double.requests if r[0].endswith("/invocations")][already:]
        if found:
            return found[0][1], json.loads(found[0][2])
        assert time.monotonic() < deadline
        time.sleep(0.01)


@pytest.fixture
def invoked(doubles: dict[str, RegionDouble]) -> Any:
    """Waits for an asynchronous invocation in us-east-1 that this test caused."""
    doubles[REGION].requests.clear()
    return lambda: await_event(doubles[REGION])


def test_does_sns_invoke_with_the_message_and_its_attributes(cloud: Cloud, invoked: Any) -> None:
    sns = cloud.client("sns")
    topic = sns.create_topic(Name="orders")["TopicArn"]
    subscription = sns.subscribe(TopicArn=topic, Protocol="lambda", Endpoint=ARN,
                                 ReturnSubscriptionArn=True)["SubscriptionArn"]  # fmt: skip
    identity = sns.publish(
        TopicArn=topic, Message="hello", Subject="greeting",
        MessageAttributes={"kind": {"DataType": "String", "StringValue": "order"}},
    )["MessageId"]  # fmt: skip
    headers, event = invoked()
    assert headers["X-Amz-Invocation-Type".lower()] == "Event"
    [record] = event["Records"]
    about = record.pop("Sns")
    assert record == {"EventSource": "aws:sns", "EventVersion": "1.0",
                      "EventSubscriptionArn": subscription}  # fmt: skip
    assert about["Message"] == "hello"
    assert about["MessageId"] == identity
    assert about["Subject"] == "greeting"
    assert about["TopicArn"] == topic
    assert about["MessageAttributes"] == {"kind": {"Type": "String", "Value": "order"}}


def test_does_an_object_in_a_bucket_invoke(cloud: Cloud, invoked: Any) -> None:
    s3 = cloud.client("s3")
    s3.create_bucket(Bucket="uploads")
    s3.put_bucket_notification_configuration(
        Bucket="uploads",
        NotificationConfiguration={"LambdaFunctionConfigurations": [
            {"LambdaFunctionArn": ARN, "Events": ["s3:ObjectCreated:*"]}]},
    )  # fmt: skip
    s3.put_object(Bucket="uploads", Key="a.txt", Body=b"x")
    [record] = invoked()[1]["Records"]
    assert record["eventSource"] == "aws:s3"
    assert record["s3"]["object"]["key"] == "a.txt"


def test_does_an_event_on_a_bus_invoke(cloud: Cloud, invoked: Any) -> None:
    events = cloud.client("events")
    events.put_rule(Name="r", EventPattern='{"source": ["shop"]}')
    events.put_targets(Rule="r", Targets=[{"Id": "1", "Arn": ARN}])
    events.put_events(Entries=[{"Source": "shop", "DetailType": "sold", "Detail": '{"n": 1}'}])
    event = invoked()[1]
    assert (event["source"], event["detail-type"], event["detail"]) == ("shop", "sold", {"n": 1})
    assert event.keys() == {"version", "id", "detail-type", "source", "account", "time", "region",
                            "resources", "detail"}  # fmt: skip
    events.put_rule(Name="r", EventPattern='{"source": ["shop"]}', State="DISABLED")
    queue = cloud.client("sqs").create_queue(QueueName="sales")["QueueUrl"]
    events.put_rule(Name="q", EventPattern='{"source": ["shop"]}')
    events.put_targets(Rule="q", Targets=[
        {"Id": "gone", "Arn": f"arn:aws:sqs:{REGION}:{ACCOUNT}:nobody"},
        {"Id": "1", "Arn": f"arn:aws:sqs:{REGION}:{ACCOUNT}:sales", "InputPath": "$.detail"},
    ])  # fmt: skip
    put = events.put_events(Entries=[{"Source": "shop", "DetailType": "d", "Detail": '{"n": 2}'}])
    assert put["FailedEntryCount"] == 0
    [message] = cloud.client("sqs").receive_message(QueueUrl=queue)["Messages"]
    assert json.loads(message["Body"]) == {"n": 2}


def test_are_the_lines_of_functions_read_as_any_log(cloud: Cloud) -> None:
    rows = [{"group": "/aws/lambda/shop", "stream": "2026/11/23/[$LATEST]ab",
             "lines": ["START RequestId: 1", "hello", "END RequestId: 1"]}]  # fmt: skip
    now_ms = int(time.time() * 1000)
    cloud.send("logs", region=REGION, at_ms=now_ms, rows=rows)
    logs = cloud.client("logs")
    deadline = time.monotonic() + 10
    while not logs.describe_log_groups(logGroupNamePrefix="/aws/lambda/shop")["logGroups"]:
        assert time.monotonic() < deadline
        time.sleep(0.01)
    found = logs.filter_log_events(logGroupName="/aws/lambda/shop", filterPattern="hello")
    assert [(e["timestamp"], e["message"]) for e in found["events"]] == [(now_ms, "hello")]
    [stream] = logs.describe_log_streams(logGroupName="/aws/lambda/shop")["logStreams"]
    assert stream["logStreamName"] == "2026/11/23/[$LATEST]ab"
    assert not cloud.client("logs", "eu-west-1").describe_log_groups()["logGroups"]


def test_does_a_long_poll_hold_nobody_up_and_end_with_a_message(cloud: Cloud) -> None:
    sqs = cloud.client("sqs")
    url = sqs.create_queue(QueueName="slow")["QueueUrl"]
    found: list[Any] = []
    waiting = threading.Thread(
        target=lambda: found.append(sqs.receive_message(QueueUrl=url, WaitTimeSeconds=20))
    )
    waiting.start()
    deadline = time.monotonic() + 10
    cloud.client("sts").get_caller_identity()  # answered while the other waits
    assert not found
    cloud.client("sqs").send_message(QueueUrl=url, MessageBody="at last")
    waiting.join(deadline - time.monotonic())
    assert [m["Body"] for m in found[0]["Messages"]] == ["at last"]


def test_do_waits_and_visibility_follow_the_labs_clock(cloud: Cloud) -> None:
    """The clock runs ten times as fast; a poll of 2 s ends after 0.2 s, and so do timeouts."""
    sqs = cloud.client("sqs")
    wait = {"ReceiveMessageWaitTimeSeconds": "2", "VisibilityTimeout": "1"}
    url = sqs.create_queue(QueueName="patient", Attributes=wait)["QueueUrl"]
    assert "Messages" not in sqs.receive_message(QueueUrl=url)
    sqs.send_message(QueueUrl=url, MessageBody="again")
    first = sqs.receive_message(QueueUrl=url)["Messages"][0]
    second = sqs.receive_message(QueueUrl=url, WaitTimeSeconds=20)["Messages"][0]
    assert first["MessageId"] == second["MessageId"]  # visible again within 20 s / 10
