"""Batches of an event source: what a function is given, and which records it failed. Pure."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

Record = dict[str, Any]


def queue_record(message: Mapping[str, Any], arn: str) -> Record:
    """A message of ReceiveMessage as Lambda passes it on (page "Using Lambda with Amazon SQS")."""
    return {
        "messageId": message["MessageId"],
        "receiptHandle": message["ReceiptHandle"],
        "body": message["Body"],
        "attributes": dict(message.get("Attributes") or {}),
        "messageAttributes": {
            name: _attribute(value)
            for name, value in (message.get("MessageAttributes") or {}).items()
        },
        "md5OfBody": message["MD5OfBody"],
        "eventSource": "aws:sqs",
        "eventSourceARN": arn,
        "awsRegion": arn.split(":")[3],
    }


def _attribute(value: Mapping[str, Any]) -> Record:
    kinds = {"StringValue": "stringValue", "BinaryValue": "binaryValue"}
    given = {ours: value[theirs] for theirs, ours in kinds.items() if theirs in value}
    return {
        **given, "stringListValues": [], "binaryListValues": [], "dataType": value["DataType"],
    }  # fmt: skip


def stream_record(record: Mapping[str, Any], arn: str) -> Record:
    """A record of GetRecords as Lambda passes it on (page "Using Lambda with DynamoDB")."""
    return {**record, "eventSourceARN": arn}


def failed_items(payload: bytes, known: Sequence[str]) -> set[str]:
    """Those of the identifiers `known` that a function reports as failed; all of them where its
    answer is malformed (page "Implementing partial batch responses": success and failure
    conditions)."""
    everything = set(known)
    try:
        answer = json.loads(payload or b"null")
        items = (answer or {}).get("batchItemFailures") or []
        failed = [item["itemIdentifier"] for item in items]
    except (ValueError, TypeError, KeyError, AttributeError):
        return everything
    return set(failed) if everything.issuperset(failed) else everything


def halves(records: Sequence[Record]) -> tuple[list[Record], list[Record]]:
    """A batch split in two, in order."""
    middle = len(records) // 2
    return list(records[:middle]), list(records[middle:])


def from_first_failed(records: Sequence[Record], failed: set[str]) -> list[Record]:
    """What a stream's reader tries again: everything from the first record that failed."""
    for place, record in enumerate(records):
        if record["dynamodb"]["SequenceNumber"] in failed:
            return list(records[place:])
    return []


def parsed(record: Mapping[str, Any]) -> Record:
    """A record as filters see it: a queue's body read as JSON where it is JSON."""
    body = record.get("body")
    if not isinstance(body, str):
        return dict(record)
    try:
        return {**record, "body": json.loads(body)}
    except ValueError:
        return dict(record)
