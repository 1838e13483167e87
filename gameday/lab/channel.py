"""The one connection between a lab process and its supervisor: JSON lines over a socketpair.

The supervisor is the hub. A message is `{"kind": ..., "to": ..., "from": ..., ...}`; `to` is a
process name (`cloud`, `dns`, `checkers`, `region/us-east-1`, `supervisor`) or a list of them.
Configuration flows one way as versioned snapshots that the receiver acknowledges; facts and
metrics flow back. End of file means exit, whoever is at the other end.
"""

from __future__ import annotations

import asyncio
import inspect
import json
import socket
from collections.abc import Callable
from typing import Any

from gameday.lab.log import log

Message = dict[str, Any]
Handler = Callable[[Message], Any]

LINE_LIMIT = 64 * 1024 * 1024


class Channel:
    """A child's end. Handlers run on the loop, in the order the messages came."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader, self._writer = reader, writer
        self._handlers: dict[str, Handler] = {}
        self._waiting: dict[tuple[str, int], asyncio.Future[None]] = {}
        self._version = 0
        self._mail: asyncio.Queue[Message] = asyncio.Queue()

    @classmethod
    async def inherited(cls, fd: int) -> Channel:
        """The channel on the socket that the supervisor left open as `fd`."""
        sock = socket.socket(fileno=fd)
        sock.setblocking(False)
        reader, writer = await asyncio.open_connection(sock=sock, limit=LINE_LIMIT)
        return cls(reader, writer)

    async def first(self) -> Message:
        """The first message, which carries this process's `spec`."""
        line = await self._reader.readline()
        if not line:
            raise EOFError("the supervisor is gone")
        message: Message = json.loads(line)
        return message

    def on(self, kind: str, handler: Handler) -> None:
        """Call `handler(message)` for each message of `kind`; it may be a coroutine function.

        For kind `snapshot` the receipt is acknowledged when the handler has returned.
        """
        self._handlers[kind] = handler

    def send(self, kind: str, *, to: str | list[str] = "supervisor", **members: Any) -> None:
        """Send without waiting."""
        message = {"kind": kind, "to": to, **members}
        if not self._writer.is_closing():
            self._writer.write(json.dumps(message, separators=(",", ":")).encode() + b"\n")

    async def publish(self, to: str, body: Any, within_s: float = 1.0) -> bool:
        """Send `body` as the next snapshot for process `to`; whether it was applied in time.

        A dead or stopped process does not block its control plane, which is AWS's own separation:
        False after `within_s` seconds of wall time.
        """
        self._version += 1
        version = self._version
        applied: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting[to, version] = applied
        self.send("snapshot", to=to, version=version, body=body)
        try:
            await asyncio.wait_for(applied, within_s)
        except TimeoutError:
            return False
        finally:
            self._waiting.pop((to, version), None)
        return True

    async def run(self) -> None:
        """Read until end of file, dispatching in order."""
        dispatcher = asyncio.create_task(self._dispatch())
        try:
            while line := await self._reader.readline():
                message: Message = json.loads(line)
                if message["kind"] == "applied":  # never queued: a handler may be waiting for it
                    waiting = self._waiting.get((message["from"], message["version"]))
                    if waiting and not waiting.done():
                        waiting.set_result(None)
                else:
                    self._mail.put_nowait(message)
        finally:
            dispatcher.cancel()

    async def _dispatch(self) -> None:
        while True:
            message = await self._mail.get()
            handler = self._handlers.get(message["kind"])
            if handler is None:
                continue
            try:
                result = handler(message)
                if inspect.isawaitable(result):
                    await result
            except Exception:
                log.exception("handling %s", message["kind"])
                continue
            if message["kind"] == "snapshot":
                self.send("applied", to=message["from"], version=message["version"])
