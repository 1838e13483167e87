"""Versions, aliases, asynchronous events, event sources and logs in a real Region process."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs

import boto3
import pytest
from asked_aws import AwsDouble
from botocore.exceptions import ClientError
from region_process import REGION, RegionProcess, api, client, function, invoke, spec, wait_until

ACCOUNT = "123456789012"
CODE = """
import os

def about(event, context):
    print("asked by", event.get("who"))
    return {"arn": context.invoked_function_arn, "version": context.function_version,
            "variable": os.environ["AWS_LAMBDA_FUNCTION_VERSION"], "event": event}

def throws(event, context):
    raise ValueError("this is chaos")

def sleeps(event, context):
    import time
    time.sleep(30)

def leaves(event, context):
    import sys
    sys.exit(event["status"])

def large(event, context):
    return "x" * 6291556

def proxied(event, context):
    return {"statusCode": 200, "body": context.function_version}
"""


@pytest.fixture(scope="module")
def aws() -> Iterator[AwsDouble]:
    double = AwsDouble()
    yield double
    double.close()


@pytest.fixture(scope="module")
def region(aws: AwsDouble, tmp_path_factory: pytest.TempPathFactory) -> Iterator[RegionProcess]:
    """A Region whose code is in `code/`; its clock is as fast as it gets."""
    folder = tmp_path_factory.mktemp("region")
    (folder / "code").mkdir()
    (folder / "code" / "h.py").write_text(CODE)
    process = RegionProcess(spec(folder, aws_endpoint=aws.url, speed=1000.0))
    yield process
    process.close()


def shop(region: RegionProcess, name: str, handler: str = "about", **more: Any) -> dict[str, Any]:
    """A function with two versions and two aliases, as a snapshot has it."""
    code = Path(region.spec["dir"]) / "code"
    arn = f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:{name}"
    body = function(code, f"h.{handler}", arn=arn, aliases={}, versions={}, **more)
    versions = {v: {**body, "version": v, "arn": f"{arn}:{v}", "revision": v} for v in "12"}
    aliases = {"live": {"version": "1", "weights": {}},
               "canary": {"version": "1", "weights": {"2": 0.5}}}  # fmt: skip
    return {**body, "versions": versions, "aliases": aliases}


def test_which_version_an_alias_runs(region: RegionProcess) -> None:
    region.apply(functions={"shop": shop(region, "shop")})
    arn = f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:shop"
    for reference, qualifier, called, version in (
        ("shop", {}, arn, "$LATEST"),
        ("shop", {"Qualifier": "live"}, f"{arn}:live", "1"),
        ("shop:2", {}, f"{arn}:2", "2"),
        (f"{arn}:live", {}, f"{arn}:live", "1"),
    ):
        answer = invoke(region, reference, **qualifier)
        assert answer["ExecutedVersion"] == version
        told = json.loads(answer["Payload"].read())
        assert (told["arn"], told["version"], told["variable"]) == (called, version, version)


def test_does_a_weighted_alias_run_both_versions(region: RegionProcess) -> None:
    region.apply(functions={"shop": shop(region, "shop")})
    ran = {invoke(region, "shop:canary")["ExecutedVersion"] for _ in range(20)}
    assert ran == {"1", "2"}


def test_do_environments_of_a_version_end_when_no_alias_means_it_any_more(
    region: RegionProcess,
) -> None:
    before = shop(region, "moved")
    region.apply(functions={"moved": before})
    counts = wait_until(lambda: (s := region.status())["warm"] and s["functions"])
    assert [counts[n]["environments"] for n in ("moved", "moved:1", "moved:2")] == [1, 1, 1]
    aliases = {"live": {"version": "2", "weights": {}}}
    region.apply(functions={"moved": before | {"aliases": aliases}})
    counts = wait_until(lambda: (s := region.status())["warm"] and s["functions"])
    assert [counts[n]["environments"] for n in ("moved", "moved:1", "moved:2")] == [1, 0, 1]
    region.apply(functions={"moved": before | {"aliases": aliases, "reserved": 0}})
    assert region.status()["functions"]["moved:2"]["environments"] == 1


def test_do_versions_share_the_reservation_and_the_front_door_the_alias(
    region: RegionProcess,
) -> None:
    proxied = shop(region, "proxied", "proxied")
    region.apply(functions={"proxied": proxied}, apis=[api(("GET", "/a", "proxied:live"))])
    assert region.get("/a").text == "1"
    region.apply(functions={"proxied": proxied | {"reserved": 0}},
                 apis=[api(("GET", "/a", "proxied:live"))])  # fmt: skip
    assert region.get("/a").status == 500
    with pytest.raises(ClientError, match="Rate Exceeded") as e:
        invoke(region, "proxied:2")
    assert e.value.response["Reason"] == "ReservedFunctionConcurrentInvocationLimitExceeded"


@pytest.mark.parametrize("reference", ["nobody", "shop:nothing", "shop:9"])
def test_is_what_does_not_exist_named_by_arn(region: RegionProcess, reference: str) -> None:
    region.apply(functions={"shop": shop(region, "shop")})
    arn = f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:{reference}"
    with pytest.raises(ClientError, match=f"Function not found: {arn}$") as e:
        invoke(region, reference)
    assert e.value.response["ResponseMetadata"]["HTTPStatusCode"] == 404


@pytest.mark.parametrize(("kind", "limit"), [("RequestResponse", 6_291_456), ("Event", 1_048_576)])
def test_is_a_payload_beyond_the_quota_refused_as_awss(
    region: RegionProcess, kind: str, limit: int
) -> None:
    region.apply(functions={"shop": shop(region, "shop")})
    with pytest.raises(ClientError) as e:
        client(region).invoke(FunctionName="shop", InvocationType=kind, Payload=b"1" * (limit + 1))
    assert e.value.response["Error"]["Code"] == "RequestEntityTooLargeException"
    assert e.value.response["Error"]["Message"] == (
        f"{limit + 1} byte payload is too large for the {kind} invocation type "
        f"(limit {limit} bytes)"
    )
    assert e.value.response["ResponseMetadata"]["HTTPStatusCode"] == 413


def test_is_an_answer_beyond_the_quota_an_error_of_the_function(region: RegionProcess) -> None:
    region.apply(functions={"large": shop(region, "large", "large")})
    answer = invoke(region, "large")
    assert answer["FunctionError"] == "Unhandled"
    assert json.loads(answer["Payload"].read()) == {
        "errorType": "Function.ResponseSizeTooLarge",
        "errorMessage": "Response payload size exceeded maximum allowed payload size "
        "(6291556 bytes).",
    }


@pytest.mark.parametrize(
    ("handler", "event", "kind", "said"),
    [
        ("sleeps", {}, "Sandbox.Timedout", "Task timed out after 1.00 seconds"),
        ("leaves", {"status": 3}, "Runtime.ExitError", "Runtime exited with error: exit status 3"),
        ("leaves", {"status": 0}, "Runtime.ExitError", "Runtime exited without providing a reason"),
    ],
)
def test_what_is_said_of_a_function_that_ends_or_never_does(
    region: RegionProcess, handler: str, event: Any, kind: str, said: str
) -> None:
    region.apply(functions={handler: shop(region, handler, handler, timeout_s=1)})
    answer = invoke(region, handler, event)
    request_id = answer["ResponseMetadata"]["RequestId"]
    assert answer["FunctionError"] == "Unhandled"
    assert json.loads(answer["Payload"].read()) == {
        "errorType": kind, "errorMessage": f"RequestId: {request_id} Error: {said}",
    }  # fmt: skip


def test_does_a_caller_get_the_end_of_the_log(region: RegionProcess) -> None:
    region.apply(functions={"shop": shop(region, "shop")})
    invoke(region, "shop", {"who": "somebody else"})
    answer = invoke(region, "shop", {"who": "me"}, LogType="Tail")
    lines = base64.b64decode(answer["LogResult"]).decode().splitlines()
    assert [line.split(" ")[0] for line in lines] == ["START", "asked", "END", "REPORT"]
    assert lines[1] == "asked by me"
    assert "LogResult" not in invoke(region, "shop")


def test_are_logs_told_to_cloudwatch_under_their_group(region: RegionProcess) -> None:
    region.apply(functions={"logged": shop(region, "logged", log_group="/my/group")})
    invoke(region, "logged:live", {"who": "a reader"})

    def told() -> Any:
        rows = [r for m in region.messages if m["kind"] == "logs" for r in m["rows"]
                if r["group"] == "/my/group"]  # fmt: skip
        lines = [line for r in rows for line in r["lines"]]
        return rows if any(line.startswith("REPORT") for line in lines) else None

    rows = wait_until(told)
    assert all("/[$LATEST]" in r["stream"] for r in rows)
    lines = [line for r in rows for line in r["lines"]]
    assert [line.split(" ")[0] for line in lines] == ["START", "asked", "END", "REPORT"]
    assert lines[0].endswith("Version: 1")


def test_how_does_an_asynchronous_failure_end(region: RegionProcess, aws: AwsDouble) -> None:
    queue = f"arn:aws:sqs:{REGION}:{ACCOUNT}"
    about = {"asynchronous": {"$LATEST": {"retries": 1, "on_failure": f"{queue}:failures"}},
             "dead_letter": f"{queue}:dead"}  # fmt: skip
    region.apply(functions={"throws": shop(region, "throws", "throws", **about)})
    answer = invoke(region, "throws", {"n": 7}, InvocationType="Event")
    assert answer["StatusCode"] == 202
    sent = wait_until(lambda: (s := aws.sent("AmazonSQS.SendMessage")) and len(s) == 2 and s)
    by_queue = {m["QueueUrl"].rpartition("/")[2]: m for m in sent}
    told = json.loads(by_queue["failures"]["MessageBody"])
    assert told["requestContext"]["requestId"] == answer["ResponseMetadata"]["RequestId"]
    assert told["requestContext"]["condition"] == "RetriesExhausted"
    assert told["requestContext"]["approximateInvokeCount"] == 2
    assert told["requestPayload"] == {"n": 7}
    assert told["responsePayload"]["errorMessage"] == "this is chaos"
    dead = by_queue["dead"]
    assert json.loads(dead["MessageBody"]) == {"n": 7}
    assert dead["MessageAttributes"]["ErrorMessage"]["StringValue"] == "this is chaos"
    assert dead["MessageAttributes"]["ErrorCode"] == {"DataType": "Number", "StringValue": "200"}


def test_which_services_can_be_told_of_a_success(region: RegionProcess, aws: AwsDouble) -> None:
    place = f"{REGION}:{ACCOUNT}"
    for arn in (f"arn:aws:sns:{place}:t", f"arn:aws:events:{place}:event-bus/default",
                f"arn:aws:lambda:{place}:function:next"):  # fmt: skip
        settings = {"$LATEST": {"on_success": arn}}
        region.apply(functions={"shop": shop(region, "shop", asynchronous=settings)})
        aws.requests.clear()
        invoke(region, "shop", {"n": 1}, InvocationType="Event")
        _, path, headers, body = wait_until(lambda: aws.requests and aws.requests[0])
        match arn.split(":")[2]:
            case "sns":
                form = parse_qs(body)
                assert form["TopicArn"] == [arn]
                told = json.loads(form["Message"][0])
            case "events":
                [entry] = json.loads(body)["Entries"]
                assert entry["Source"] == "lambda"
                assert entry["DetailType"] == "Lambda Function Invocation Result - Success"
                told = json.loads(entry["Detail"])
            case _:
                assert path.endswith("function%3Anext/invocations")
                assert headers["x-amz-invocation-type"] == "Event"
                told = json.loads(body)
        assert told["requestContext"]["condition"] == "Success"
        assert told["responsePayload"]["event"] == {"n": 1}
        assert f"/{REGION}/{arn.split(':')[2]}/" in headers["authorization"]


def test_is_a_record_of_a_failure_put_into_a_bucket(region: RegionProcess, aws: AwsDouble) -> None:
    settings = {"$LATEST": {"retries": 0, "on_failure": "arn:aws:s3:::failures"}}
    region.apply(functions={"throws": shop(region, "throws", "throws", asynchronous=settings)})
    aws.requests.clear()
    invoke(region, "throws", InvocationType="Event")
    method, path, _, body = wait_until(lambda: aws.requests and aws.requests[0])
    assert method == "PUT"
    assert path.startswith("/failures/aws/lambda/async/throws/20")
    assert json.loads(body)["requestContext"]["condition"] == "RetriesExhausted"


def test_is_a_destination_that_refuses_logged_and_counted(
    region: RegionProcess, aws: AwsDouble
) -> None:
    arn = f"arn:aws:sns:{REGION}:{ACCOUNT}:t"
    settings = {"$LATEST": {"on_success": arn}}
    region.apply(functions={"shop": shop(region, "shop", asynchronous=settings)})
    aws.refuses = True
    try:
        invoke(region, "shop", InvocationType="Event")
        said = "shop: DestinationDeliveryFailures: sns in us-east-1 refused: 400"
        wait_until(lambda: said in region.log.read_text())
    finally:
        aws.refuses = False


def test_does_a_queue_reach_its_function(region: RegionProcess, aws: AwsDouble) -> None:
    source = {
        "id": "q1", "function": "shop:live", "function_arn": "arn",
        "source": f"arn:aws:sqs:{REGION}:{ACCOUNT}:orders", "batch_size": 10, "window_s": 0,
        "reports": False, "filters": [], "at_once": None, "starting_position": None,
        "bisect": False, "retries": -1, "age_max_s": -1, "on_failure": None,
    }  # fmt: skip
    aws.requests.clear()
    region.apply(functions={"shop": shop(region, "shop")}, event_sources=[source])
    aws.messages.append({"MessageId": "1", "ReceiptHandle": "r1", "Body": "b", "MD5OfBody": "x"})
    [deleted] = wait_until(lambda: aws.sent("AmazonSQS.DeleteMessageBatch"))
    assert deleted["Entries"] == [{"Id": "0", "ReceiptHandle": "r1"}]
    region.apply(functions={"shop": shop(region, "shop")})
    aws.requests.clear()
    aws.messages.append({"MessageId": "2", "ReceiptHandle": "r2", "Body": "b", "MD5OfBody": "x"})
    invoke(region, "shop")
    assert not aws.sent("AmazonSQS.DeleteMessageBatch")  # the mapping is gone, and its reader


def test_does_a_table_reach_its_function(region: RegionProcess) -> None:
    tables = boto3.client(
        "dynamodb", REGION, endpoint_url=f"http://127.0.0.1:{region.ports['dynamodb']}",
        aws_access_key_id="x", aws_secret_access_key="x",
    )  # fmt: skip
    stream = tables.create_table(
        TableName="items", BillingMode="PAY_PER_REQUEST",
        KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
        StreamSpecification={"StreamEnabled": True, "StreamViewType": "NEW_IMAGE"},
    )["TableDescription"]["LatestStreamArn"]  # fmt: skip
    tables.put_item(TableName="items", Item={"id": {"S": "before"}})
    source = {
        "id": "s1", "function": "shop", "function_arn": "arn", "source": stream, "batch_size": 100,
        "window_s": 0, "reports": False, "filters": [], "at_once": None,
        "starting_position": "LATEST", "bisect": False, "retries": -1, "age_max_s": -1,
        "on_failure": None,
    }  # fmt: skip
    code = Path(region.spec["dir"]) / "code"
    (code / "s.py").write_text(
        "def reads(event, context):\n"
        "    for r in event['Records']:\n"
        "        print('saw', r['eventName'], r['dynamodb']['NewImage']['id']['S'],\n"
        "              r['eventSourceARN'])\n"
    )
    reader = shop(region, "shop") | {"handler": "s.reads", "revision": "stream"}
    region.apply(functions={"shop": reader}, event_sources=[source])
    tables.put_item(TableName="items", Item={"id": {"S": "after"}})
    log = Path(region.spec["dir"]) / "logs" / REGION / "shop.log"
    wait_until(lambda: f"saw INSERT after {stream}" in log.read_text())
    assert "saw INSERT before" not in log.read_text()


def test_do_modules_of_the_same_name_and_handlers_in_packages_keep_apart(
    region: RegionProcess,
) -> None:
    root = Path(region.spec["dir"]) / "apps"
    handlers = {"one": "app.handler", "two": "src/pkg/app.handler", "three": "src.pkg.app.handler"}
    for name, handler in handlers.items():
        module = root / name / (handler.rpartition(".")[0].replace(".", "/") + ".py")
        module.parent.mkdir(parents=True)
        (module.parent / "shared.py").write_text(f"NAME = {name!r}\n")
        module.write_text(
            "import sys\nfrom importlib import import_module\n\n"
            "def handler(event, context):\n"
            "    sys.path.insert(0, __file__.rpartition('/')[0])\n"
            "    return import_module('shared').NAME\n"
        )
    region.apply(functions={n: function(root / n, h) for n, h in handlers.items()})
    answers = {n: json.loads(invoke(region, n)["Payload"].read()) for n in handlers}
    assert answers == {n: n for n in handlers}
