"""The supervisor's side of the channels: spawns the lab's processes and forwards their messages.

Processes are spawned from the main thread only, because the kernel's death signal follows the
spawning thread (`lab/process.py`).
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from gameday.errors import LabError
from gameday.lab.channel import LINE_LIMIT, Message
from gameday.lab.log import log

STOP_WITHIN_S = 3.0
WRITE_LIMIT = 256 * 1024 * 1024  # what may wait for a stopped process before it is dropped


class Child:
    """One lab process and the supervisor's end of its channel."""

    def __init__(self, name: str, process: subprocess.Popen[bytes]) -> None:
        self.name, self.process = name, process
        self.ready: asyncio.Future[Message] = asyncio.get_running_loop().create_future()
        self.writer: asyncio.StreamWriter | None = None
        self.reading: asyncio.Task[None] | None = None

    def send(self, message: Message) -> None:
        """Queue `message`; a process that reads nothing for very long loses messages."""
        if self.writer and not self.writer.is_closing():
            transport = self.writer.transport
            if transport.get_write_buffer_size() < WRITE_LIMIT:
                self.writer.write(json.dumps(message, separators=(",", ":")).encode() + b"\n")


class Hub:
    """All children of one lab. `on_message(message)` sees what is addressed to the supervisor."""

    def __init__(
        self, logs: Path, on_message: Callable[[Message], None], on_exit: Callable[[str], None]
    ) -> None:
        self.children: dict[str, Child] = {}
        self._logs, self._on_message, self._on_exit = logs, on_message, on_exit
        self._asks: dict[int, asyncio.Future[Message]] = {}
        self._stopping = False
        logs.mkdir(parents=True, exist_ok=True)

    async def spawn(self, role: str, spec: dict[str, Any]) -> Child:
        """Start one process of `role`; its `spec` is its first message."""
        name = spec["name"]
        ours, theirs = socket.socketpair()
        log_path = self._logs / (name.replace("/", "-") + ".log")
        with log_path.open("ab") as output:
            process = subprocess.Popen(
                [sys.executable, "-m", "gameday.lab.process", role, str(theirs.fileno()),
                 str(os.getpid())],
                stdin=subprocess.DEVNULL, stdout=output, stderr=output,
                pass_fds=[theirs.fileno()], env=child_environment(), start_new_session=True,
            )  # fmt: skip
        theirs.close()
        child = Child(name, process)
        ours.setblocking(False)
        reader, child.writer = await asyncio.open_connection(sock=ours, limit=LINE_LIMIT)
        child.send({"kind": "spec", "spec": spec})
        child.reading = asyncio.create_task(self._read(child, reader))
        self.children[name] = child
        return child

    async def _read(self, child: Child, reader: asyncio.StreamReader) -> None:
        while line := await _line(reader):
            message = json.loads(line)
            message["from"] = child.name
            try:
                self._route(child, message)
            except Exception:  # the process is well, and so is its channel
                log.exception("%s of %s", message["kind"], child.name)
        if not child.ready.done():
            child.ready.set_exception(LabError(self._death(child)))
        elif not self._stopping and self.children.get(child.name) is child:
            self._on_exit(child.name)

    def _death(self, child: Child) -> str:
        log_path = self._logs / (child.name.replace("/", "-") + ".log")
        return f"{child.name} ended before it was ready; its log is {log_path}"

    def _route(self, child: Child, message: Message) -> None:
        to = message.get("to", "supervisor")
        for target in [to] if isinstance(to, str) else to:
            if target != "supervisor":
                if target in self.children:
                    self.children[target].send(message)
            elif message["kind"] == "ready":
                if not child.ready.done():
                    child.ready.set_result(message)
            elif message["kind"] == "failed":
                if not child.ready.done():
                    child.ready.set_exception(LabError(f"{child.name}: {message['error']}"))
            elif message["kind"] == "answer":
                waiting = self._asks.pop(message["ask"], None)
                if waiting and not waiting.done():
                    waiting.set_result(message)
            else:
                self._on_message(message)

    def broadcast(self, kind: str, **members: Any) -> None:
        """Send the same message to every child."""
        for child in self.children.values():
            child.send({"kind": kind, "from": "supervisor", **members})

    async def ask(self, name: str, within_s: float = 1.0) -> dict[str, Any] | None:
        """The status that process `name` reports, or None if it does not answer in time."""
        number = max(self._asks, default=0) + 1
        waiting: asyncio.Future[Message] = asyncio.get_running_loop().create_future()
        self._asks[number] = waiting
        self.children[name].send({"kind": "report", "ask": number, "from": "supervisor"})
        try:
            answer = await asyncio.wait_for(waiting, within_s)
        except TimeoutError:
            self._asks.pop(number, None)
            return None
        status: dict[str, Any] = answer["status"]
        return status

    async def stop(self) -> None:
        """End every process: channels are closed, and what has not gone by then is killed."""
        self._stopping = True
        for child in self.children.values():
            if child.reading:
                child.reading.cancel()
            if child.writer:
                child.writer.close()
        deadline = asyncio.get_running_loop().time() + STOP_WITHIN_S
        while asyncio.get_running_loop().time() < deadline:
            if all(c.process.poll() is not None for c in self.children.values()):
                break
            await asyncio.sleep(0.02)
        for child in self.children.values():
            if child.process.poll() is None:
                with contextlib.suppress(ProcessLookupError):
                    child.process.send_signal(signal.SIGKILL)
            child.process.wait()


async def _line(reader: asyncio.StreamReader) -> bytes:
    """The next line; empty at the end, be it in the midst of one or with messages unread."""
    try:
        line = await reader.readline()
    except OSError:
        return b""
    return line if line.endswith(b"\n") else b""


def child_environment() -> dict[str, str]:
    """What a lab process inherits: a list, never the caller's credentials or proxies."""
    names = ("PATH", "HOME", "LANG", "TMPDIR", "PYTHONPATH", "VIRTUAL_ENV")
    kept = {name: os.environ[name] for name in names if name in os.environ}
    return kept | {
        "PYTHONUNBUFFERED": "1",
        "AWS_ACCESS_KEY_ID": "gameday", "AWS_SECRET_ACCESS_KEY": "gameday",
        "AWS_DEFAULT_REGION": "us-east-1", "AWS_EC2_METADATA_DISABLED": "true",
        "AWS_CONFIG_FILE": os.devnull, "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
        "NO_PROXY": "127.0.0.0/8,localhost",
    }  # fmt: skip
