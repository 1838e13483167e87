"""A queue or a stream in front of a function: what is invoked, tried again, given up?"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Mapping
from typing import Any

import pytest

from gameday.clock import Clock
from gameday.errors import LabError
from gameday.lab.functions.environment import Result
from gameday.lab.functions.queue_source import QueueSource
from gameday.lab.functions.stream_source import StreamSource

FAST = Clock(10_000.0)
QUEUE = "arn:aws:sqs:us-east-1:123456789012:orders"
STREAM = "arn:aws:dynamodb:us-east-1:123456789012:table/items/stream/2026-11-23T00:00:00.000"
SUCCEEDED, FAILED = Result(b"null"), Result(b"{}", "Unhandled")
THROTTLED = Result(b"", "Throttled")

Answer = Callable[[list[dict[str, Any]]], Result]


def reports(*failed: str) -> Result:
    return Result(json.dumps({"batchItemFailures": [{"itemIdentifier": i} for i in failed]})
                  .encode())  # fmt: skip


class Invoker:
    """A function: `answer` says how each batch ends."""

    def __init__(self, answer: Answer) -> None:
        self.answer, self.stopped = answer, False
        self.batches: list[list[dict[str, Any]]] = []
        self.running = self.most = 0

    async def invoke(self, reference: str, event: bytes) -> Result:
        assert reference == "shop:live"
        records = json.loads(event)["Records"]
        self.batches.append(records)
        self.running += 1
        self.most = max(self.most, self.running)
        await asyncio.sleep(0)
        self.running -= 1
        return self.answer(records)

    def is_stopped(self, reference: str) -> bool:
        return self.stopped


class Queue:
    """SQS as far as a reader asks it; what is received and not deleted becomes visible again."""

    def __init__(self, *bodies: str) -> None:
        self.messages = {f"m{n}": body for n, body in enumerate(bodies, 1)}
        self.received: set[str] = set()
        self.calls: list[tuple[str, dict[str, Any]]] = []

    async def json(
        self, service: str, region: str, operation: str, body: Mapping[str, Any]
    ) -> dict[str, Any]:
        assert (service, region) == ("sqs", "us-east-1")
        assert body["QueueUrl"] == "https://sqs.us-east-1.amazonaws.com/123456789012/orders"
        self.calls.append((operation, dict(body)))
        await asyncio.sleep(0.001)
        if operation == "DeleteMessageBatch":
            for entry in body["Entries"]:
                self.messages.pop(entry["ReceiptHandle"], None)
            return {}
        visible = [m for m in self.messages if m not in self.received]
        taken = visible[: body["MaxNumberOfMessages"]]
        self.received |= set(taken)
        found = [{"MessageId": m, "ReceiptHandle": m, "Body": self.messages[m], "MD5OfBody": ""}
                 for m in taken]  # fmt: skip
        return {"Messages": found} if found else {}


def mapping(source: str, **more: Any) -> dict[str, Any]:
    return {
        "id": "1", "function": "shop:live", "function_arn": "arn:shop", "source": source,
        "batch_size": 10, "window_s": 0, "reports": False, "filters": [], "at_once": None,
        "starting_position": "TRIM_HORIZON", "bisect": False, "retries": -1, "age_max_s": -1,
        "on_failure": None, **more,
    }  # fmt: skip


def until(reader: Any, condition: Callable[[], Any]) -> None:
    """Run a reader until `condition()`."""

    async def run() -> None:
        task = asyncio.create_task(reader.run())
        async with asyncio.timeout(10):
            while not condition():
                assert not task.done(), task.exception()
                await asyncio.sleep(0.001)
        task.cancel()

    asyncio.run(run())


def read(queue: Queue, answer: Answer, done: Callable[[Invoker], Any], **about: Any) -> Invoker:
    invoker = Invoker(answer)

    async def run() -> None:
        reader = QueueSource(mapping(QUEUE, **about), invoker, queue, FAST)  # type: ignore[arg-type]
        task = asyncio.create_task(reader.run())
        async with asyncio.timeout(10):
            while not done(invoker):
                await asyncio.sleep(0.001)
        task.cancel()

    asyncio.run(run())
    return invoker


def test_are_messages_deleted_once_the_function_succeeded() -> None:
    queue = Queue("a", "b", "c")
    invoker = read(queue, lambda _: SUCCEEDED, lambda _: not queue.messages)
    assert [r["body"] for r in invoker.batches[0]] == ["a", "b", "c"]
    assert queue.calls[0][1]["WaitTimeSeconds"] == 20


def test_do_failed_messages_stay_in_the_queue() -> None:
    queue = Queue("a", "b")
    read(queue, lambda _: FAILED, lambda i: i.batches and not i.running)
    assert set(queue.messages) == {"m1", "m2"}


def test_do_only_reported_messages_stay() -> None:
    queue = Queue("a", "b", "c")
    read(queue, lambda _: reports("m2"), lambda _: len(queue.messages) == 1, reports=True)
    assert set(queue.messages) == {"m2"}


def test_are_messages_that_no_filter_wants_deleted_unseen() -> None:
    queue = Queue('{"kind": "order"}', '{"kind": "chatter"}')
    patterns = [{"body": {"kind": ["order"]}}]
    invoker = read(queue, lambda _: SUCCEEDED, lambda _: not queue.messages, filters=patterns)
    assert [[r["messageId"] for r in b] for b in invoker.batches] == [["m1"]]


def test_does_a_batching_window_fill_a_batch_beyond_ten() -> None:
    queue = Queue(*map(str, range(25)))
    about = {"batch_size": 25, "window_s": 300}
    invoker = read(queue, lambda _: SUCCEEDED, lambda _: not queue.messages, **about)
    assert [len(b) for b in invoker.batches] == [25]


@pytest.mark.parametrize(("at_once", "most"), [(None, 5), (2, 2)])
def test_how_many_batches_run_at_once(at_once: int | None, most: int) -> None:
    queue = Queue(*map(str, range(30)))
    release = asyncio.Event()

    class Slow(Invoker):
        async def invoke(self, reference: str, event: bytes) -> Result:
            self.running += 1
            self.most = max(self.most, self.running)
            await release.wait()
            self.running -= 1
            return SUCCEEDED

    async def run() -> int:
        invoker = Slow(lambda _: SUCCEEDED)
        about = mapping(QUEUE, batch_size=1, at_once=at_once)
        reader = QueueSource(about, invoker, queue, FAST)  # type: ignore[arg-type]
        task = asyncio.create_task(reader.run())
        async with asyncio.timeout(10):
            while invoker.running < most:
                await asyncio.sleep(0.001)
            await asyncio.sleep(0.01)
            release.set()
            while queue.messages:
                await asyncio.sleep(0.001)
        task.cancel()
        return invoker.most

    assert asyncio.run(run()) == most


def test_is_nothing_received_while_reserved_concurrency_is_0() -> None:
    queue, invoker = Queue("a"), Invoker(lambda _: SUCCEEDED)
    invoker.stopped = True

    async def run() -> None:
        reader = QueueSource(mapping(QUEUE), invoker, queue, FAST)  # type: ignore[arg-type]
        task = asyncio.create_task(reader.run())
        await asyncio.sleep(0.05)
        assert not queue.calls
        invoker.stopped = False
        async with asyncio.timeout(10):
            while queue.messages:
                await asyncio.sleep(0.001)
        task.cancel()

    asyncio.run(run())


class Stream:
    """DynamoDB Streams as far as a reader asks it; iterators are positions."""

    def __init__(self, *names: str, created: float = 4e9) -> None:
        self.records = [
            {"eventName": name, "dynamodb": {"SequenceNumber": str(n), "Keys": {},
                                             "ApproximateCreationDateTime": created}}
            for n, name in enumerate(names)
        ]  # fmt: skip

    def __call__(self, operation: str, body: Mapping[str, Any]) -> dict[str, Any]:
        match operation:
            case "DescribeStream":
                return {"StreamDescription": {"Shards": [{"ShardId": "shard-1"}]}}
            case "GetShardIterator":
                latest = body["ShardIteratorType"] == "LATEST"
                return {"ShardIterator": str(len(self.records) if latest else 0)}
        position = int(body["ShardIterator"])
        found = self.records[position : position + body["Limit"]]
        return {"Records": found, "NextShardIterator": str(position + len(found))}


def follow(
    stream: Stream, answer: Answer, **about: Any
) -> tuple[list[list[str]], list[tuple[str, dict[str, Any]]]]:
    """The batches that a function was given until the stream was read, and what was told."""
    invoker, told = Invoker(answer), list[tuple[str, dict[str, Any]]]()

    async def tell(arn: str, what: dict[str, Any]) -> None:
        told.append((arn, what))

    reader = StreamSource(mapping(STREAM, **about), invoker, stream, tell, FAST)
    until(reader, lambda: reader.iterator == str(len(stream.records)))
    return [[r["eventName"] for r in b] for b in invoker.batches], told


def test_is_a_stream_read_in_order_and_in_batches() -> None:
    batches, told = follow(Stream(*"abcde"), lambda _: SUCCEEDED, batch_size=2)
    assert batches == [["a", "b"], ["c", "d"], ["e"]]
    assert not told


def test_does_latest_begin_at_the_end() -> None:
    stream = Stream("a")
    invoker = Invoker(lambda _: SUCCEEDED)
    about = mapping(STREAM, starting_position="LATEST")

    async def nobody(arn: str, what: dict[str, Any]) -> None:
        raise AssertionError

    reader = StreamSource(about, invoker, stream, nobody, FAST)
    stream.records += Stream("b").records
    until(reader, lambda: reader.iterator == "2")
    assert [r["eventName"] for b in invoker.batches for r in b] == ["b"]


def fails_on(*names: str) -> Answer:
    return lambda records: FAILED if {r["eventName"] for r in records} & set(names) else SUCCEEDED


def test_does_a_batch_that_fails_hold_up_what_follows() -> None:
    results = iter([FAILED, THROTTLED, FAILED, SUCCEEDED, SUCCEEDED])
    batches, _ = follow(Stream(*"abc"), lambda _: next(results), batch_size=2)
    assert batches == [["a", "b"]] * 4 + [["c"]]


def test_is_a_batch_given_up_after_its_retries_and_the_destination_told() -> None:
    batches, told = follow(
        Stream(*"abc"), fails_on("a"), batch_size=2, retries=2, on_failure="arn:aws:sqs:q"
    )
    assert batches == [["a", "b"]] * 3 + [["c"]]
    [(arn, what)] = told
    assert arn == "arn:aws:sqs:q"
    assert what["requestContext"]["condition"] == "RetryAttemptsExhausted"
    assert what["requestContext"]["approximateInvokeCount"] == 3
    assert what["requestContext"]["functionArn"] == "arn:shop"
    assert what["responseContext"] == {
        "statusCode": 200, "executedVersion": "$LATEST", "functionError": "Unhandled",
    }  # fmt: skip
    assert what["DDBStreamBatchInfo"] == {
        "shardId": "shard-1", "startSequenceNumber": "0", "endSequenceNumber": "1",
        "approximateArrivalOfFirstRecord": "2096-10-02T07:06:40Z",
        "approximateArrivalOfLastRecord": "2096-10-02T07:06:40Z",
        "batchSize": 2, "streamArn": STREAM,
    }  # fmt: skip


def test_does_a_split_find_the_one_bad_record() -> None:
    batches, told = follow(
        Stream(*"abcd"), fails_on("c"), bisect=True, retries=0, on_failure="arn:aws:sqs:q"
    )
    assert batches == [["a", "b", "c", "d"], ["a", "b"], ["c", "d"], ["c"], ["d"]]
    assert [what["DDBStreamBatchInfo"]["startSequenceNumber"] for _, what in told] == ["2"]


def test_does_a_report_let_the_stream_go_on_from_the_first_that_failed() -> None:
    answers = iter([reports("1"), reports()])
    batches, _ = follow(Stream(*"abc"), lambda _: next(answers), reports=True)
    assert batches == [["a", "b", "c"], ["b", "c"]]


def test_are_records_too_old_given_up_unseen() -> None:
    batches, told = follow(
        Stream("a", created=1.0), lambda _: SUCCEEDED, age_max_s=60, on_failure="arn:aws:sns:t"
    )
    assert not batches
    assert told[0][1]["requestContext"]["condition"] == "RecordAgeExceeded"
    assert "responseContext" not in told[0][1]


def test_does_a_filter_skip_records() -> None:
    batches, _ = follow(
        Stream(*"abab"), lambda _: SUCCEEDED, filters=[{"eventName": ["b"]}], batch_size=2
    )
    assert batches == [["b"], ["b"]]


def test_does_a_stream_that_is_not_there_wait_for_it() -> None:
    there, stream = False, Stream("a")
    invoker = Invoker(lambda _: SUCCEEDED)

    def streams(operation: str, body: Mapping[str, Any]) -> dict[str, Any]:
        nonlocal there
        if not there:
            there = operation == "DescribeStream"
            raise LabError("no such stream")
        return stream(operation, body)

    async def nobody(arn: str, what: dict[str, Any]) -> None:
        raise AssertionError

    reader = StreamSource(mapping(STREAM), invoker, streams, nobody, FAST)
    assert reader.iterator is None
    until(reader, lambda: invoker.batches)
