"""What is a function given of a queue or a stream, and which records did it fail?"""

from __future__ import annotations

import json
from typing import Any

import pytest

from gameday.lab.functions import batches

QUEUE = "arn:aws:sqs:us-east-2:123456789012:my-queue"


def test_is_a_message_as_in_awss_example() -> None:
    """Page "Using Lambda with Amazon SQS", "Example standard queue message event"."""
    message = {
        "MessageId": "059f36b4-87a3-44ab-83d2-661975830a7d",
        "ReceiptHandle": "AQEBwJnKyrHigUMZj6rYigCgxlaS3SLy0a...",
        "Body": "Test message.",
        "MD5OfBody": "e4e68fb7bd0e697a0ae8f1bb342846b3",
        "Attributes": {
            "ApproximateReceiveCount": "1",
            "SentTimestamp": "1545082649183",
            "SenderId": "AIDAIENQZJOLO23YVJ4VO",
            "ApproximateFirstReceiveTimestamp": "1545082649185",
        },
        "MessageAttributes": {"myAttribute": {"StringValue": "myValue", "DataType": "String"}},
    }
    assert batches.queue_record(message, QUEUE) == {
        "messageId": "059f36b4-87a3-44ab-83d2-661975830a7d",
        "receiptHandle": "AQEBwJnKyrHigUMZj6rYigCgxlaS3SLy0a...",
        "body": "Test message.",
        "attributes": {
            "ApproximateReceiveCount": "1",
            "SentTimestamp": "1545082649183",
            "SenderId": "AIDAIENQZJOLO23YVJ4VO",
            "ApproximateFirstReceiveTimestamp": "1545082649185",
        },
        "messageAttributes": {
            "myAttribute": {
                "stringValue": "myValue",
                "stringListValues": [],
                "binaryListValues": [],
                "dataType": "String",
            }
        },
        "md5OfBody": "e4e68fb7bd0e697a0ae8f1bb342846b3",
        "eventSource": "aws:sqs",
        "eventSourceARN": "arn:aws:sqs:us-east-2:123456789012:my-queue",
        "awsRegion": "us-east-2",
    }


@pytest.mark.parametrize(
    ("answer", "failed"),
    [
        ({"batchItemFailures": []}, ""),
        ({"batchItemFailures": None}, ""),
        ({}, ""),
        (None, ""),
        ({"batchItemFailures": [{"itemIdentifier": "b"}]}, "b"),
        ({"batchItemFailures": [{"itemIdentifier": ""}]}, "abc"),
        ({"batchItemFailures": [{"itemIdentifier": None}]}, "abc"),
        ({"batchItemFailures": [{"bad": "b"}]}, "abc"),
        ({"batchItemFailures": [{"itemIdentifier": "unknown"}]}, "abc"),
        ({"batchItemFailures": "b"}, "abc"),
        ("done", "abc"),
    ],
    ids=str,
)
def test_which_items_failed(answer: Any, failed: str) -> None:
    assert batches.failed_items(json.dumps(answer).encode(), ["a", "b", "c"]) == set(failed)


def test_is_an_answer_that_is_no_json_a_failure_and_no_answer_a_success() -> None:
    assert batches.failed_items(b"<html>", ["a"]) == {"a"}
    assert batches.failed_items(b"", ["a"]) == set()


def records(*numbers: str) -> list[dict[str, Any]]:
    return [{"dynamodb": {"SequenceNumber": n}} for n in numbers]


def test_where_does_a_stream_go_on_after_a_partial_failure() -> None:
    every = records("1", "2", "3", "4")
    assert batches.from_first_failed(every, {"3"}) == every[2:]
    assert batches.from_first_failed(every, {"4", "2"}) == every[1:]
    assert batches.from_first_failed(every, set()) == []


def test_are_halves_the_whole_in_order() -> None:
    every = records("1", "2", "3")
    first, second = batches.halves(every)
    assert (first, second) == (every[:1], every[1:])


def test_do_filters_see_a_body_of_json_as_json() -> None:
    assert batches.parsed({"body": '{"a": 1}'})["body"] == {"a": 1}
    assert batches.parsed({"body": "plain"})["body"] == "plain"
    assert batches.parsed({"eventName": "INSERT"}) == {"eventName": "INSERT"}
