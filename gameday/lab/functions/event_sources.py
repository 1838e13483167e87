"""A Region's event source mappings: a reader for each, started and ended as snapshots say."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from typing import Any, Protocol

from gameday.clock import Clock
from gameday.lab.functions import references
from gameday.lab.functions.control_plane import ControlPlane
from gameday.lab.functions.environment import Done, Result
from gameday.lab.functions.queue_source import QueueSource
from gameday.lab.functions.runtime_api import error_document
from gameday.lab.functions.stream_source import Streams, StreamSource, Tell
from gameday.lab.log import log


class Functions(Protocol):
    """What is needed of the pool."""

    def configuration(self, name: str) -> Mapping[str, Any] | None: ...

    def invoke(self, reference: str, event: bytes, done: Done) -> str: ...


class FunctionInvoker:
    """Runs functions of the Region and waits for their results."""

    def __init__(self, functions: Functions) -> None:
        self._functions = functions

    async def invoke(self, reference: str, event: bytes) -> Result:
        """The result; a function that is gone is a failure."""
        result: asyncio.Future[Result] = asyncio.get_running_loop().create_future()

        def done(found: Result) -> None:
            if not result.done():  # the reader may have been cancelled meanwhile
                result.set_result(found)

        try:
            self._functions.invoke(reference, event, done)
        except KeyError:
            return Result(error_document("ResourceNotFoundException", reference), "Unhandled")
        return await result

    def is_stopped(self, reference: str) -> bool:
        """Whether reserved concurrency 0 stops the function's sources, or it is gone."""
        about = self._functions.configuration(references.split(reference)[0])
        return about is None or about.get("reserved") == 0


class EventSources:
    """The mappings of the last snapshot, each with its running reader."""

    def __init__(
        self, functions: Functions, plane: ControlPlane, streams: Streams, tell: Tell, speed: Clock
    ) -> None:
        self._invoker = FunctionInvoker(functions)
        self._plane, self._streams, self._tell, self._clock = plane, streams, tell, speed
        self._mappings: dict[str, Mapping[str, Any]] = {}
        self._readers: dict[str, QueueSource | StreamSource] = {}
        self._tasks: dict[str, asyncio.Task[None]] = {}

    def apply(self, mappings: Sequence[Mapping[str, Any]]) -> None:
        """Take the enabled mappings of a snapshot; a stream's reader goes on where it was."""
        wanted = {str(m["id"]): m for m in mappings}
        for identity in [i for i, m in self._mappings.items() if wanted.get(i) != m]:
            self._tasks.pop(identity).cancel()
            del self._mappings[identity]
            if identity not in wanted:
                del self._readers[identity]
        for identity, mapping in wanted.items():
            if identity not in self._mappings:
                self._begin(identity, mapping)

    def _begin(self, identity: str, mapping: Mapping[str, Any]) -> None:
        reader: QueueSource | StreamSource
        if ":sqs:" in mapping["source"]:
            reader = QueueSource(mapping, self._invoker, self._plane, self._clock)
        else:
            before = self._readers.get(identity)
            place = before.iterator if isinstance(before, StreamSource) else None
            reader = StreamSource(mapping, self._invoker, self._streams, self._tell, self._clock,
                                  place)  # fmt: skip
        self._mappings[identity], self._readers[identity] = mapping, reader
        task = asyncio.get_running_loop().create_task(reader.run())
        task.add_done_callback(_ended)
        self._tasks[identity] = task

    def close(self) -> None:
        """End every reader."""
        for task in self._tasks.values():
            task.cancel()


def _ended(task: asyncio.Task[None]) -> None:
    if not task.cancelled() and task.exception():
        log.error("an event source's reader ended", exc_info=task.exception())
