"""DynamoDB Streams over the tables' change feeds: one shard a stream, iterators without state.

A shard iterator is a position in text, so a restarted reader can go on; AWS's expire after 15
minutes, these do not. Records are those of AWS's version 1.1 (AWS: "DynamoDB Streams Record").
"""

from __future__ import annotations

import base64
import json
from typing import Any

from moto.core.exceptions import JsonRESTError
from moto.core.responses import ActionResult
from moto.dynamodb.exceptions import ResourceNotFoundException
from moto.dynamodbstreams.responses import DynamoDBStreamsHandler

from gameday.lab.dynamodb.attributes import size_of
from gameday.lab.dynamodb.backend import LabBackend
from gameday.lab.dynamodb.table import LabTable
from gameday.tables.store import Change

SHARD = "shardId-00000001541626099285-f35f62ef"
SEQUENCE_START = 100_000_000_000_000_000_000
RECORDS_MAX = 1000
TTL_IDENTITY = {"Type": "Service", "PrincipalId": "dynamodb.amazonaws.com"}


class StreamsHandler(DynamoDBStreamsHandler):  # type: ignore[misc]   # moto is not typed
    """moto's handler parses and serializes; the answers come from our feeds."""

    def __init__(self, tables: LabBackend) -> None:
        super().__init__()
        self.tables = tables

    def list_streams(self) -> ActionResult:
        name = self.params.get("TableName")
        streams = [
            {"StreamArn": _arn(t), "TableName": t.name, "StreamLabel": t.latest_stream_label}
            for t in self.tables.tables.values()
            if t.latest_stream_label and name in (None, t.name)
        ]
        return ActionResult({"Streams": streams})

    def describe_stream(self) -> ActionResult:
        arn = self.params.get("StreamArn")
        table = self._table(arn)
        enabled = table.stream_specification["StreamEnabled"]
        start = {"StartingSequenceNumber": _sequence(table.feed.first)}
        description = {
            "StreamArn": arn,
            "StreamLabel": table.latest_stream_label,
            "StreamStatus": "ENABLED" if enabled else "DISABLED",
            "StreamViewType": table.stream_specification.get("StreamViewType"),
            "CreationRequestDateTime": table.created_at,
            "TableName": table.name,
            "KeySchema": table.schema,
            "Shards": [{"ShardId": SHARD, "SequenceNumberRange": start}],
        }
        return ActionResult({"StreamDescription": description})

    def get_shard_iterator(self) -> ActionResult:
        table = self._table(self.params.get("StreamArn"))
        if self.params.get("ShardId") != SHARD:
            raise ResourceNotFoundException("Requested resource not found: Shard does not exist")
        kind = self.params.get("ShardIteratorType")
        match kind:
            case "TRIM_HORIZON":
                position = table.feed.first
            case "LATEST":
                position = table.feed.next
            case "AT_SEQUENCE_NUMBER" | "AFTER_SEQUENCE_NUMBER":
                position = _position(self.params.get("SequenceNumber"))
                position += kind == "AFTER_SEQUENCE_NUMBER"
            case _:
                raise JsonRESTError("ValidationException", f"Unknown ShardIteratorType: {kind}")
        if position < table.feed.first:
            raise _trimmed()
        return ActionResult({"ShardIterator": _iterator(table, position)})

    def get_records(self) -> ActionResult:
        arn, position = _parse_iterator(self.params.get("ShardIterator"))
        table = self._table(arn)
        limit = self.params.get("Limit") or RECORDS_MAX
        if not 1 <= limit <= RECORDS_MAX:
            raise JsonRESTError("ValidationException", f"Limit is 1 to {RECORDS_MAX}: {limit}")
        try:
            found = table.feed.read(position, limit)
        except LookupError:
            raise _trimmed() from None
        records = [_record(table, number, change, facts) for number, change, facts in found]
        following = _iterator(table, position + len(found))
        return ActionResult({"Records": records, "NextShardIterator": following})

    def _table(self, arn: str) -> LabTable:
        """The table whose stream `arn` names; a stream dies with its table."""
        for table in self.tables.tables.values():
            if table.latest_stream_label and _arn(table) == arn:
                return table
        raise ResourceNotFoundException(f"Requested resource not found: Stream: {arn} not found")


def _arn(table: LabTable) -> str:
    return f"{table.table_arn}/stream/{table.latest_stream_label}"


def _sequence(number: int) -> str:
    return str(SEQUENCE_START + number)


def _position(sequence: Any) -> int:
    try:
        return int(sequence) - SEQUENCE_START
    except (TypeError, ValueError):
        raise JsonRESTError("ValidationException", "SequenceNumber is not a number") from None


def _trimmed() -> JsonRESTError:
    return JsonRESTError(
        "TrimmedDataAccessException", "The requested records are older than the stream keeps"
    )


def _iterator(table: LabTable, position: int) -> str:
    return base64.b64encode(json.dumps([_arn(table), position]).encode()).decode()


def _parse_iterator(text: str) -> tuple[str, int]:
    try:
        arn, position = json.loads(base64.b64decode(text, validate=True))
        return str(arn), int(position)
    except (TypeError, ValueError):
        raise JsonRESTError("ValidationException", "Invalid ShardIterator") from None


def _record(table: LabTable, number: int, change: Change, facts: dict[str, Any]) -> dict[str, Any]:
    """One record with the images that the stream's view type shows."""
    view = table.stream_specification.get("StreamViewType", "NEW_AND_OLD_IMAGES")
    new, old = change.new, change.old
    body: dict[str, Any] = {
        "ApproximateCreationDateTime": change.record.version.at_ns // 1_000_000_000,
        "Keys": table.key_attributes(change.key),
        "SequenceNumber": _sequence(number),
        "SizeBytes": sum(size_of(image) for image in (new, old) if image is not None),
        "StreamViewType": view,
    }
    if new is not None and view in ("NEW_IMAGE", "NEW_AND_OLD_IMAGES"):
        body["NewImage"] = new
    if old is not None and view in ("OLD_IMAGE", "NEW_AND_OLD_IMAGES"):
        body["OldImage"] = old
    name = "INSERT" if old is None else "REMOVE" if new is None else "MODIFY"
    record: dict[str, Any] = {
        "eventID": f"{number:032x}",
        "eventName": name,
        "eventVersion": "1.1",
        "eventSource": "aws:dynamodb",
        "awsRegion": table.region_name,
        "dynamodb": body,
    }
    if facts.get("by_ttl"):
        record["userIdentity"] = TTL_IDENTITY
    return record
