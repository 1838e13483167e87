"""The sender of one table's changes to one other Region, and the message between them.

A message is `POST /_gameday/replicate` with JSON `{"from", "table", "changes"}`, and where needed
`definition` (the CreateTable request) and `ttl` (the setting and when it was made). The answer
says `applied`, `held` (the receiver is paused or cut: keep it and try again) or `missing` (it has
no such table: introduce it), and which incarnation of the table answered. A table that was never
met, or came back empty, gets a full copy. Every message may be sent twice.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from itertools import islice
from typing import Any

from gameday.clock import Clock, monotonic
from gameday.lab.dynamodb.attributes import from_json, json_default
from gameday.lab.dynamodb.table import LabTable
from gameday.lab.log import log
from gameday.tables.replication import Outbox, Pending
from gameday.tables.store import Key, Record, Version

PATH = "/_gameday/replicate"
BATCH = 50
ANSWER_WITHIN_WALL_S = 2.0
HELD_RETRY_WALL_S = 0.1
RETRY_WALL_S = (0.05, 0.5)
GREET_WALL_S = 0.5
"""A peer not heard for so long is greeted: it may have been started again, empty."""


def encode(table: LabTable, changes: Iterable[tuple[Key, Record]]) -> list[Any]:
    """Changes as the message carries them."""
    return [
        [
            table.key_attributes(key),
            record.item,
            [record.version.at_ns, record.version.region, record.version.sequence],
            [record.seen.at_ns, record.seen.region, record.seen.sequence],
        ]
        for key, record in changes
    ]


def decode(table: LabTable, changes: list[Any]) -> Iterator[tuple[Key, Record]]:
    """The opposite of `encode`."""
    for key, item, version, seen in changes:
        attributes = None if item is None else from_json(item)
        yield (
            table.key_of(from_json(key)),
            Record(attributes, Version(*version), Version(*seen)),
        )


@dataclass(frozen=True)
class Peer:
    """Another Region as this one reaches it; `address` is asked before each connection."""

    here: str
    region: str
    address: Callable[[], tuple[str, int]]
    token: str


class Sender:
    """Carries `table`'s changes to `peer` when they are due, until it is stopped.

    :param held: whether something keeps changes from leaving just now.
    :param crossed: called with the latency of each change that arrived, in AWS seconds.
    """

    def __init__(
        self,
        table: LabTable,
        peer: Peer,
        outbox: Outbox,
        clock: Clock,
        held: Callable[[], bool],
        crossed: Callable[[float], None],
    ) -> None:
        self.table, self.peer, self.outbox = table, peer, outbox
        self.state = "starting"
        self._clock, self._held, self._crossed = clock, held, crossed
        self._wake = asyncio.Event()
        self._introduce = False
        self._copied: str | None = None
        self._met = False  # the next message only asks whether it is received
        self._told_ttl_at = 0.0
        self._heard_at = monotonic()
        self._failures = 0
        self._streams: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None = None
        self._task = asyncio.get_running_loop().create_task(self._run())

    def add(self, key: Key, record: Record) -> None:
        """A change was written here now."""
        before = self.outbox.next_due_s()
        self.outbox.add(key, record, self._now())
        if self.state == "flowing" and self.outbox.next_due_s() != before:
            self._wake.set()

    def look(self) -> None:
        """What holds changes back has changed. A message on its way is cut off when they are to
        be held, so that a receiver that was stopped does not read it later."""
        if self._held():
            self._disconnect()
        self._wake.set()

    async def stop(self) -> None:
        self._task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await self._task
        self._disconnect()

    def oldest_age_s(self) -> float:
        """AWS seconds that the oldest waiting change has waited."""
        return self.outbox.oldest_age_s(self._now())

    def _now(self) -> float:
        return self._clock.aws(monotonic())

    async def _run(self) -> None:
        while True:
            try:
                wait_s = await self._turn()
                self._failures = 0
            except Exception as e:  # whatever it is, replication goes on
                wait_s = self._failed(e)
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._wake.wait(), wait_s)
            self._wake.clear()

    def _failed(self, error: Exception) -> float:
        """The peer is dead or stopped: wall seconds until the next attempt."""
        self._disconnect()
        if not isinstance(error, OSError | EOFError):  # TimeoutError is an OSError
            log.error("replication to %s", self.peer.region, exc_info=error)
        elif self._failures == 0 and not self._held():
            log.info("replication to %s: %s", self.peer.region, str(error) or "no answer in time")
        self._failures, self._met, self.state = self._failures + 1, False, "unreachable"
        first, last = RETRY_WALL_S
        return float(min(first * 2 ** min(self._failures - 1, 10), last))

    async def _turn(self) -> float | None:
        """Send what is due; the wall seconds until there may be more, None for until woken."""
        while not self._held():
            batch = self.outbox.take(self._now(), BATCH) if self._met else []
            silent = monotonic() - self._heard_at >= GREET_WALL_S
            if not batch and self._met and not silent and not self._has_news():
                self.state = "flowing"
                return self._until_due_wall_s()
            answer = await self._send(batch)
            self._met = answer["state"] == "applied"
            if answer["state"] == "missing":
                self._introduce = True
            elif answer["state"] == "held":
                self.state = "held"
                return HELD_RETRY_WALL_S
            elif answer["incarnation"] != self._copied:
                await self._copy(answer["incarnation"])
        self.state = "held"
        return None

    def _has_news(self) -> bool:
        """Whether the time to live setting has changed since the peer was told."""
        return self._told_ttl_at != self.table.ttl_set_at

    def _until_due_wall_s(self) -> float:
        """Until the next change may cross, or the peer must be asked whether it is the same."""
        due_s = self.outbox.next_due_s()
        if due_s is None:
            return GREET_WALL_S
        return min(max(0.0, self._clock.wall(due_s - self._now())), GREET_WALL_S)

    async def _send(self, batch: list[Pending]) -> dict[str, Any]:
        """Send `batch`; what did not arrive is put back. An empty batch asks who is there."""
        try:
            answer = await self._post([(p.key, p.record) for p in batch])
        except BaseException:
            self.outbox.put_back(batch)
            raise
        if answer["state"] != "applied":
            self.outbox.put_back(batch)
            return answer
        now_s = self._now()
        for pending in batch:
            self._crossed(now_s - pending.written_s)
        return answer

    async def _copy(self, incarnation: str) -> None:
        """Send every record, tombstones included, but those that the outbox will bring."""
        self.state, self._met = "copying", False  # if it breaks off, ask again and start anew
        keys = iter(self.table.store.every_key())
        while chunk := list(islice(keys, BATCH)):
            records = [
                (key, record)
                for key in chunk
                if key not in self.outbox and (record := self.table.store.record(key))
            ]
            if self._held():
                return
            answer = await self._post(records)
            if answer["state"] != "applied" or answer["incarnation"] != incarnation:
                return
        self._copied, self._met = incarnation, True

    async def _post(self, changes: list[tuple[Key, Record]]) -> dict[str, Any]:
        message: dict[str, Any] = {
            "from": self.peer.here,
            "table": self.table.name,
            "changes": encode(self.table, changes),
        }
        if self._introduce:
            message["definition"] = self.table.definition()
            self._introduce, self._told_ttl_at = False, 0.0
        ttl_at = self.table.ttl_set_at
        if self._told_ttl_at != ttl_at:
            message["ttl"] = [ttl_at, self.table.ttl]
        body = json.dumps(message, default=json_default, separators=(",", ":")).encode()
        try:
            async with asyncio.timeout(ANSWER_WITHIN_WALL_S):
                answer = await self._exchange(body)
        except BaseException:
            self._disconnect()  # half an answer may still be under way
            raise
        self._heard_at = monotonic()
        if answer["state"] == "applied":
            self._told_ttl_at = ttl_at
        return answer

    async def _exchange(self, body: bytes) -> dict[str, Any]:
        if self._streams is None:
            host, port = self.peer.address()
            self._streams = await asyncio.open_connection(host, port)
        reader, writer = self._streams
        writer.write(
            f"POST {PATH} HTTP/1.1\r\nHost: {self.peer.region}\r\n"
            f"x-gameday-token: {self.peer.token}\r\nContent-Length: {len(body)}\r\n\r\n".encode()
            + body
        )
        head = (await reader.readuntil(b"\r\n\r\n")).lower()
        if not head.startswith(b"http/1.1 200"):
            raise ValueError(f"{self.peer.region} refused: {head.splitlines()[0].decode()}")
        length = int(head.partition(b"content-length:")[2].split(b"\r\n", 1)[0])
        answer: dict[str, Any] = json.loads(await reader.readexactly(length))
        return answer

    def _disconnect(self) -> None:
        if self._streams is not None:
            self._streams[1].transport.abort()
            self._streams = None
