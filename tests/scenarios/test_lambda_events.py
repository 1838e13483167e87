"""Queues, streams, buses, retries, aliases and logs of one template, by the real `aws` command."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest
from user_project import Project

TEMPLATE = """
Transform: AWS::Serverless-2016-10-31
Globals: {Function: {Runtime: python3.11, Handler: app.handler, CodeUri: src}}
Resources:
  Table:
    Type: AWS::DynamoDB::Table
    Properties:
      TableName: items
      BillingMode: PAY_PER_REQUEST
      AttributeDefinitions: [{AttributeName: id, AttributeType: S}]
      KeySchema: [{AttributeName: id, KeyType: HASH}]
      StreamSpecification: {StreamViewType: NEW_IMAGE}
  Orders:
    Type: AWS::SQS::Queue
    Properties: {QueueName: orders, VisibilityTimeout: 5,
                 RedrivePolicy: {deadLetterTargetArn: !GetAtt Poison.Arn, maxReceiveCount: 2}}
  Poison: {Type: AWS::SQS::Queue, Properties: {QueueName: poison}}
  Failures: {Type: AWS::SQS::Queue, Properties: {QueueName: failures}}
  Uploads: {Type: AWS::S3::Bucket, Properties: {BucketName: uploads}}
  Topic: {Type: AWS::SNS::Topic, Properties: {TopicName: news}}
  Worker:
    Type: AWS::Serverless::Function
    Properties:
      FunctionName: worker
      AutoPublishAlias: live
      Environment: {Variables: {TABLE: !Ref Table}}
      EventInvokeConfig:
        MaximumRetryAttempts: 1
        DestinationConfig: {OnFailure: {Type: SQS, Destination: !GetAtt Failures.Arn}}
      Events:
        Queue: {Type: SQS, Properties: {Queue: !GetAtt Orders.Arn, BatchSize: 5,
                FunctionResponseTypes: [ReportBatchItemFailures]}}
        Stream: {Type: DynamoDB, Properties: {Stream: !GetAtt Table.StreamArn,
                 StartingPosition: LATEST}}
        Topic: {Type: SNS, Properties: {Topic: !Ref Topic}}
        Upload: {Type: S3, Properties: {Bucket: !Ref Uploads, Events: "s3:ObjectCreated:*"}}
        Sold: {Type: EventBridgeRule, Properties: {Pattern: {source: [shop]}}}
"""
WORKER = """
import json

def handler(event, context):
    records = event.get("Records", [])
    if "source" in event:
        print("SAW bus", event["detail"]["what"])
    elif not records:
        if event.get("fail"):
            raise ValueError("as asked")
        return {"version": context.function_version, "arn": context.invoked_function_arn}
    failed = []
    for r in records:
        source = r.get("eventSource") or r.get("EventSource")
        match source:
            case "aws:sqs" if r["body"] == "poison":
                failed.append({"itemIdentifier": r["messageId"]})
            case "aws:sqs":
                print("SAW queue", r["body"])
            case "aws:dynamodb":
                print("SAW stream", r["dynamodb"]["NewImage"]["id"]["S"])
            case "aws:sns":
                print("SAW topic", r["Sns"]["Message"])
            case "aws:s3":
                print("SAW bucket", r["s3"]["object"]["key"])
    return {"batchItemFailures": failed}
"""
CLIENT = """
import base64, io, json, os, pathlib, subprocess, sys, time, zipfile

AWS = pathlib.Path(sys.executable).parent / "aws"
REGION = ["--region", "us-east-1", "--output", "json"]

# Version 1 of the command leaves AWS_ENDPOINT_URL aside for SQS.
SQS = ["--endpoint-url", os.environ["AWS_ENDPOINT_URL"]]

def aws(*arguments):
    more = SQS if arguments[0] == "sqs" else []
    done = subprocess.run([AWS, *arguments, *REGION, *more], capture_output=True, text=True)
    assert done.returncode == 0, (arguments, done.stderr)
    return json.loads(done.stdout) if done.stdout.strip() else None

def until(condition, what):
    deadline = time.monotonic() + 60
    while not (found := condition()):
        assert time.monotonic() < deadline, what
        time.sleep(0.2)
    return found

def queue(name):
    return aws("sqs", "get-queue-url", "--queue-name", name)["QueueUrl"]

def receive(name):
    answer = aws("sqs", "receive-message", "--queue-url", queue(name), "--wait-time-seconds", "20")
    return json.loads((answer or {}).get("Messages", [{"Body": "null"}])[0]["Body"])

def invoke(*more, payload="{}"):
    raw = ["--cli-binary-format", "raw-in-base64-out"] if b"v2" in VERSION else []
    about = aws("lambda", "invoke", "--function-name", "worker", "--payload", payload, *raw,
                *more, "out.json")
    return about, pathlib.Path("out.json").read_text()

VERSION = subprocess.run([AWS, "--version"], capture_output=True).stdout
told = {}
about, answer = invoke("--qualifier", "live", "--log-type", "Tail")
told["executed"] = about["ExecutedVersion"]
told["arn"] = json.loads(answer)["arn"]
told["tail"] = base64.b64decode(about["LogResult"]).decode().split()[0]

aws("sqs", "send-message", "--queue-url", queue("orders"), "--message-body", "chair")
aws("sqs", "send-message", "--queue-url", queue("orders"), "--message-body", "poison")
aws("dynamodb", "put-item", "--table-name", "items", "--item", '{"id": {"S": "table"}}')
topic = aws("sns", "list-topics")["Topics"][0]["TopicArn"]
aws("sns", "publish", "--topic-arn", topic, "--message", "news")
pathlib.Path("lamp.txt").write_text("x")
aws("s3api", "put-object", "--bucket", "uploads", "--key", "lamp.txt", "--body", "lamp.txt")
aws("events", "put-events", "--entries",
    json.dumps([{"Source": "shop", "DetailType": "sold", "Detail": '{"what": "bed"}'}]))

def saw():
    found = aws("logs", "filter-log-events", "--log-group-name", "/aws/lambda/worker",
                "--filter-pattern", "SAW")["events"]
    lines = sorted({e["message"] for e in found})
    return lines if len(lines) == 5 else None

told["saw"] = until(saw, "not all events arrived")
told["poison"] = until(lambda: aws("sqs", "receive-message", "--queue-url", queue("poison")),
                       "no redrive")["Messages"][0]["Body"]

invoke("--invocation-type", "Event", "--qualifier", "live", payload='{"fail": true}')
record = until(lambda: receive("failures"), "no failure told")
told["condition"] = record["requestContext"]["condition"]
told["tries"] = record["requestContext"]["approximateInvokeCount"]

aws("lambda", "update-function-configuration", "--function-name", "worker", "--timeout", "7",
    "--handler", "other.handler")
code = io.BytesIO()
with zipfile.ZipFile(code, "w") as z:
    z.writestr("other.py", "def handler(event, context):\\n    return context.function_version\\n")
pathlib.Path("code.zip").write_bytes(code.getvalue())
aws("lambda", "update-function-code", "--function-name", "worker", "--zip-file",
    "fileb://code.zip")
told["changed"] = json.loads(invoke()[1])
told["alias"] = json.loads(invoke("--qualifier", "live")[1])["version"]
published = aws("lambda", "publish-version", "--function-name", "worker")["Version"]
aws("lambda", "update-alias", "--function-name", "worker", "--name", "live",
    "--function-version", published)
told["moved"] = json.loads(invoke("--qualifier", "live")[1])

aws("lambda", "put-function-concurrency", "--function-name", "worker",
    "--reserved-concurrent-executions", "0")
refused = subprocess.run([AWS, "lambda", "invoke", "--function-name", "worker", "out.json",
                          *REGION], capture_output=True, text=True)
told["throttled"] = "TooManyRequestsException" in refused.stderr
stacks = aws("cloudformation", "describe-stacks")["Stacks"]
told["stacks"] = [s["StackName"] for s in stacks]
resources = aws("cloudformation", "describe-stack-resources", "--stack-name", "app-stack")
told["types"] = len({r["ResourceType"] for r in resources["StackResources"]})
told["exports"] = aws("cloudformation", "list-exports")["Exports"]
print(json.dumps(told))
"""


@pytest.mark.scenario
def test_does_everything_that_invokes_a_function_reach_it(tmp_path: Path) -> None:
    (tmp_path / "src").mkdir()
    (tmp_path / "src" / "app.py").write_text(WORKER)
    (tmp_path / "template.yaml").write_text(TEMPLATE)
    (tmp_path / "client.py").write_text(CLIENT)
    done = Project(tmp_path).gameday(
        "lab", "run", "--template", "template.yaml", "--region", "us-east-1", "--strict", "--",
        sys.executable, "client.py",
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout)
    assert told.pop("types") >= 9
    assert told == {
        "executed": "1",
        "arn": "arn:aws:lambda:us-east-1:123456789012:function:worker:live",
        "tail": "START",
        "saw": ["SAW bucket lamp.txt", "SAW bus bed", "SAW queue chair", "SAW stream table",
                "SAW topic news"],
        "poison": "poison",
        "condition": "RetriesExhausted",
        "tries": 2,
        "changed": "$LATEST",
        "alias": "1",
        "moved": "2",
        "throttled": True,
        "stacks": ["app-stack"],
        "exports": [],
    }  # fmt: skip
