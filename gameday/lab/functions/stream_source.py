"""A DynamoDB stream as a function's event source: one shard, in order, from a position on.

A batch that fails holds the stream up until it succeeds, is split, or is given up (page "Using
Lambda with DynamoDB": error handling). AWS does not say how long it waits between attempts; here it
is 1 s, doubled up to 60 s.
"""

from __future__ import annotations

import asyncio
import json
from collections import deque
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any

from gameday import clock
from gameday.clock import Clock
from gameday.errors import LabError
from gameday.lab.functions import batches, filters
from gameday.lab.functions.environment import Result
from gameday.lab.functions.queue_source import Invoker
from gameday.lab.log import log
from gameday.lab.request_id import new_request_id

POLL_S = 0.25  # AWS reads a shard four times a second
POLL_WALL_S_MIN = 0.05
AGAIN_MAX_S = 60.0

EXHAUSTED, TOO_OLD = "RetryAttemptsExhausted", "RecordAgeExceeded"

Streams = Callable[[str, Mapping[str, Any]], dict[str, Any]]
"""One call of the Region's DynamoDB Streams. Raises LabError: refused."""

Tell = Callable[[str, dict[str, Any]], Awaitable[None]]
"""Gives a record of a failure to a destination. Raises LabError: not taken."""


@dataclass(slots=True)
class Batch:
    """Records that are tried together; `attempts` that ran and failed, `throttles` in a row."""

    records: list[dict[str, Any]]
    attempts: int = 0
    throttles: int = 0


class StreamSource:
    """Reads one stream until its task is cancelled; `iterator` is where it has come to."""

    def __init__(
        self, mapping: Mapping[str, Any], invoker: Invoker, streams: Streams, tell: Tell,
        speed: Clock, iterator: str | None = None,
    ) -> None:  # fmt: skip
        self._mapping, self._invoker = mapping, invoker
        self._streams, self._tell, self._clock = streams, tell, speed
        self._arn: str = mapping["source"]
        self._shard = ""
        self.iterator = iterator or self._start()

    def _start(self) -> str | None:
        """The position that the mapping begins at; None if the stream is not there (yet)."""
        try:
            stream = self._streams("DescribeStream", {"StreamArn": self._arn})["StreamDescription"]
            self._shard = stream["Shards"][0]["ShardId"]
            where = {"StreamArn": self._arn, "ShardId": self._shard,
                     "ShardIteratorType": self._mapping["starting_position"]}  # fmt: skip
            return str(self._streams("GetShardIterator", where)["ShardIterator"])
        except LabError as error:
            log.warning("%s: %s", self._arn, error)
            return None

    async def run(self) -> None:
        """Never returns."""
        while True:
            stopped = self._invoker.is_stopped(self._mapping["function"])
            records, following = ([], self.iterator) if stopped else await self._gather()
            if records:
                await self._process(records)
            self.iterator = following
            if not records:
                await asyncio.sleep(max(self._clock.wall(POLL_S), POLL_WALL_S_MIN))

    async def _gather(self) -> tuple[list[dict[str, Any]], str | None]:
        size, window_s = self._mapping["batch_size"], self._mapping["window_s"]
        records, iterator = self._read(self.iterator or self._start(), size)
        ends = clock.monotonic() + self._clock.wall(window_s)
        while records and len(records) < size and clock.monotonic() < ends:
            await asyncio.sleep(POLL_WALL_S_MIN)
            more, iterator = self._read(iterator, size - len(records))
            records += more
        return records, iterator

    def _read(self, iterator: str | None, count: int) -> tuple[list[dict[str, Any]], str | None]:
        if iterator is None:
            return [], None
        try:
            wanted = {"ShardIterator": iterator, "Limit": min(count, 1000)}
            answer = self._streams("GetRecords", wanted)
        except LabError as error:  # trimmed, or the table is gone
            log.warning("%s: %s", self._arn, error)
            return [], None
        return list(answer["Records"]), answer["NextShardIterator"]

    async def _process(self, records: list[dict[str, Any]]) -> None:
        patterns = self._mapping["filters"]
        every = [batches.stream_record(r, self._arn) for r in records]
        wanted = [r for r in every if filters.passes(patterns, r)]
        waiting = deque([Batch(wanted)] if wanted else [])
        while waiting:
            batch = waiting[0]
            if await self._is_too_old(batch):
                waiting.popleft()
                continue
            event = json.dumps({"Records": batch.records}).encode()
            result = await self._invoker.invoke(self._mapping["function"], event)
            again = self._again(batch, result)
            if again is None:
                waiting.popleft()
            elif not again:
                await self._give_up(batch, EXHAUSTED, result)
                waiting.popleft()
            else:
                waiting.popleft()
                waiting.extendleft(reversed(again))
                await asyncio.sleep(self._clock.wall(_wait_s(again[0])))

    def _again(self, batch: Batch, result: Result) -> list[Batch] | None:
        """What to try next; None after success, nothing when the attempts are used up."""
        if result.error == "Throttled":  # it did not reach the function, and is no attempt
            return [Batch(batch.records, batch.attempts, batch.throttles + 1)]
        left = batch.records
        if result.error is None:
            if not self._mapping["reports"]:
                return None
            known = [r["dynamodb"]["SequenceNumber"] for r in batch.records]
            left = batches.from_first_failed(left, batches.failed_items(result.payload, known))
            if not left:
                return None
        if self._mapping["bisect"] and len(left) > 1:  # a split is no attempt, either
            return [Batch(half, batch.attempts) for half in batches.halves(left)]
        retries = self._mapping["retries"]
        if 0 <= retries <= batch.attempts:
            return []
        return [Batch(left, batch.attempts + 1)]

    async def _is_too_old(self, batch: Batch) -> bool:
        age_max_s = self._mapping["age_max_s"]
        oldest = batch.records[0]["dynamodb"]["ApproximateCreationDateTime"]
        if age_max_s < 0 or self._clock.aws(clock.now() - float(oldest)) <= age_max_s:
            return False
        await self._give_up(batch, TOO_OLD, Result(b""))
        return True

    async def _give_up(self, batch: Batch, condition: str, result: Result) -> None:
        log.warning("%s: %d records are given up: %s", self._arn, len(batch.records), condition)
        if not self._mapping.get("on_failure"):
            return
        told = failure(self._mapping["function_arn"], self._arn, self._shard, batch, condition,
                       result)  # fmt: skip
        try:
            await self._tell(self._mapping["on_failure"], told)
        except LabError as error:
            log.error("%s: %s", self._arn, error)


def _wait_s(batch: Batch) -> float:
    """AWS seconds before a batch is tried again; a fresh half at once."""
    tries = batch.attempts + batch.throttles
    return min(2.0 ** (tries - 1), AGAIN_MAX_S) if tries else 0.0


def failure(
    function_arn: str, stream_arn: str, shard: str, batch: Batch, condition: str, result: Result
) -> dict[str, Any]:
    """What an on-failure destination is told of a batch (page "Retaining discarded batch records
    for a DynamoDB event source in Lambda", its example)."""
    first, last = batch.records[0]["dynamodb"], batch.records[-1]["dynamodb"]
    told: dict[str, Any] = {
        "requestContext": {
            "requestId": new_request_id(),
            "functionArn": function_arn,
            "condition": condition,
            "approximateInvokeCount": batch.attempts + (condition == EXHAUSTED),
        },
        "version": "1.0",
        "timestamp": clock.utc(clock.now()),
        "DDBStreamBatchInfo": {
            "shardId": shard,
            "startSequenceNumber": first["SequenceNumber"],
            "endSequenceNumber": last["SequenceNumber"],
            "approximateArrivalOfFirstRecord": _arrival(first),
            "approximateArrivalOfLastRecord": _arrival(last),
            "batchSize": len(batch.records),
            "streamArn": stream_arn,
        },
    }
    if condition == EXHAUSTED:
        told["responseContext"] = {
            "statusCode": 200, "executedVersion": result.version, "functionError": result.error,
        }  # fmt: skip
    return told


def _arrival(record: Mapping[str, Any]) -> str:
    whole = clock.utc(float(record["ApproximateCreationDateTime"]))
    return f"{whole.partition('.')[0]}Z"
