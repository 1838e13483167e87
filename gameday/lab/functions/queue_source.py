"""An SQS queue as a function's event source: receive, invoke, delete what succeeded.

What fails stays in the queue, becomes visible after the queue's visibility timeout, and moves to
its dead-letter queue by the queue's own redrive policy (page "Using Lambda with Amazon SQS").
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping, Sequence
from typing import Any, Protocol

from gameday import clock
from gameday.clock import Clock
from gameday.errors import LabError
from gameday.lab.functions import batches, filters
from gameday.lab.functions.control_plane import ControlPlane, queue_url
from gameday.lab.functions.environment import Result
from gameday.lab.log import log

RECEIVED_MAX = 10  # messages of one ReceiveMessage
WAIT_S = 20  # of a long poll
AT_ONCE = 5  # batches of a standard queue that run at a time; AWS begins so and adds more
PAUSE_WALL_S = 0.25  # while nothing can be received


class Invoker(Protocol):
    """Runs a mapping's function and waits for its result."""

    async def invoke(self, reference: str, event: bytes) -> Result: ...

    def is_stopped(self, reference: str) -> bool: ...


class QueueSource:
    """Polls one queue until its task is cancelled."""

    def __init__(
        self, mapping: Mapping[str, Any], invoker: Invoker, plane: ControlPlane, speed: Clock
    ) -> None:
        self._mapping, self._invoker, self._plane, self._clock = mapping, invoker, plane, speed
        self._arn: str = mapping["source"]
        at_once = 1 if self._arn.endswith(".fifo") else mapping.get("at_once") or AT_ONCE
        self._free = asyncio.Semaphore(at_once)
        self._running: set[asyncio.Task[None]] = set()

    async def run(self) -> None:
        """Never returns."""
        try:
            while True:
                await self._free.acquire()
                messages = await self._gather()
                task = asyncio.create_task(self._process(messages))
                self._running.add(task)
                task.add_done_callback(self._running.discard)
                task.add_done_callback(lambda _: self._free.release())
        finally:
            for task in self._running:
                task.cancel()

    async def _gather(self) -> list[dict[str, Any]]:
        """At least one message; as many as a batch holds or come within the batching window."""
        size, window_s = self._mapping["batch_size"], self._mapping["window_s"]
        messages = await self._first(min(size, RECEIVED_MAX))
        ends = clock.monotonic() + self._clock.wall(window_s)
        while len(messages) < size and (left_s := ends - clock.monotonic()) > 0:
            count = min(size - len(messages), RECEIVED_MAX)
            found = await self._receive(count, 0)
            messages += found
            if not found:
                await asyncio.sleep(min(PAUSE_WALL_S, left_s))
        return messages

    async def _first(self, count: int) -> list[dict[str, Any]]:
        while True:
            if not self._invoker.is_stopped(self._mapping["function"]):
                found = await self._receive(count, WAIT_S)
                if found:
                    return found
            await asyncio.sleep(PAUSE_WALL_S)

    async def _receive(self, count: int, wait_s: int) -> list[dict[str, Any]]:
        wanted = {"MaxNumberOfMessages": count, "WaitTimeSeconds": wait_s,
                  "AttributeNames": ["All"], "MessageAttributeNames": ["All"]}  # fmt: skip
        try:
            answer = await self._call("ReceiveMessage", wanted)
        except LabError as error:
            log.warning("%s: %s", self._arn, error)
            return []
        return list(answer.get("Messages") or ())

    async def _process(self, messages: Sequence[dict[str, Any]]) -> None:
        records = [batches.queue_record(m, self._arn) for m in messages]
        patterns = self._mapping["filters"]
        wanted = [r for r in records if filters.passes(patterns, batches.parsed(r))]
        failed: set[str] = set()
        if wanted:
            event = json.dumps({"Records": wanted}).encode()
            result = await self._invoker.invoke(self._mapping["function"], event)
            failed = self._failed(result, [r["messageId"] for r in wanted])
        done = [r for r in records if r["messageId"] not in failed]
        for start in range(0, len(done), RECEIVED_MAX):
            await self._delete(done[start : start + RECEIVED_MAX])

    def _failed(self, result: Result, ids: list[str]) -> set[str]:
        if result.error:
            log.warning("%s: a batch of %d failed: %s", self._arn, len(ids), result.error)
            return set(ids)
        return batches.failed_items(result.payload, ids) if self._mapping["reports"] else set()

    async def _delete(self, records: Sequence[dict[str, Any]]) -> None:
        entries = [{"Id": str(n), "ReceiptHandle": r["receiptHandle"]}
                   for n, r in enumerate(records)]  # fmt: skip
        try:
            await self._call("DeleteMessageBatch", {"Entries": entries})
        except LabError as error:
            log.warning("%s: %s", self._arn, error)

    async def _call(self, operation: str, body: dict[str, Any]) -> dict[str, Any]:
        region = self._arn.split(":")[3]
        return await self._plane.json("sqs", region, operation,
                                      {"QueueUrl": queue_url(self._arn), **body})  # fmt: skip
