"""A live name server on a free port of loopback, and the messages that it sent."""

import asyncio
import contextlib
import socket
import threading
from collections.abc import Callable, Iterator
from typing import Any

import dns.edns
import dns.message
import dns.query
import pytest

from gameday.lab import dns as role
from gameday.lab.networks import default_networks

REGIONS = ("us-east-1", "eu-west-1")


class FakeChannel:
    """Keeps what a role sends and hands it messages, without a supervisor."""

    def __init__(self) -> None:
        self.handlers: dict[str, Callable[[dict[str, Any]], Any]] = {}
        self.sent: list[dict[str, Any]] = []
        self.ready = threading.Event()

    def on(self, kind: str, handler: Callable[[dict[str, Any]], Any]) -> None:
        self.handlers[kind] = handler

    def send(self, kind: str, *, to: Any = "supervisor", **members: Any) -> None:
        self.sent.append({"kind": kind, "to": to, **members})
        if kind == "ready":
            self.ready.set()

    def events(self, kind: str) -> list[dict[str, Any]]:
        return [
            m["event"] for m in self.sent if m["kind"] == "event" and m["event"]["kind"] == kind
        ]


def lab_spec(**members: Any) -> dict[str, Any]:
    spec: dict[str, Any] = {
        "name": "dns", "speed": 10.0, "seed": 4711, "dns": ["127.0.0.1", 0],
        "regions": {
            r: {"address": f"127.0.{n}.1", "bind": "127.0.0.1", "http": 1, "https": 1}
            for n, r in enumerate(REGIONS, 1)
        },
        "networks": default_networks(REGIONS), "propagation_s": 0.0, "checker_count": 16,
    }  # fmt: skip
    return spec | members


class LiveServer:
    """Asks like a resolver: `ask("api.example.test", near="eu-west-1")`."""

    def __init__(self, channel: FakeChannel, loop: asyncio.AbstractEventLoop, spec: Any) -> None:
        self.channel, self.loop, self.spec = channel, loop, spec
        self.port: int = spec["dns"][1]

    def tell(self, kind: str, **members: Any) -> None:
        """Hand the role a message and wait until it was handled."""

        async def deliver() -> None:
            handled = self.channel.handlers[kind]({"kind": kind, **members})
            if handled is not None:
                await handled

        asyncio.run_coroutine_threadsafe(deliver(), self.loop).result(5)

    def serve(self, *record_sets: dict[str, Any], zone: str = "example.test.") -> None:
        body = {"zones": [{"id": "Z1", "name": zone, "record_sets": list(record_sets)}]}
        self.tell("snapshot", version=1, body=body)

    def query(
        self, name: str, rtype: str = "A", *, near: str | None = None, tcp: bool = False,
        **options: Any,
    ) -> dns.message.Message:  # fmt: skip
        if near:
            block = next(n["cidr"] for n in self.spec["networks"] if n["id"] == f"near-{near}")
            address, bits = block.split("/")
            options |= {"use_edns": 0, "options": [dns.edns.ECSOption(address, int(bits))]}
        message = dns.message.make_query(name, rtype, **options)
        ask = dns.query.tcp if tcp else dns.query.udp
        return ask(message, "127.0.0.1", timeout=5, port=self.port)

    def ask(self, name: str, rtype: str = "A", **options: Any) -> list[str]:
        reply = self.query(name, rtype, **options)
        return [r.to_text() for rrset in reply.answer for r in rrset]

    def send(self, packet: bytes) -> bytes | None:
        """One UDP packet; its reply, or None within half a second."""
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
            sock.settimeout(0.5)
            sock.sendto(packet, ("127.0.0.1", self.port))
            try:
                return sock.recv(65535)
            except TimeoutError:
                return None


@contextlib.contextmanager
def live_server(**members: Any) -> Iterator[LiveServer]:
    channel, spec = FakeChannel(), lab_spec(**members)
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever)
    thread.start()
    task = asyncio.run_coroutine_threadsafe(role.main(channel, spec), loop)  # type: ignore[arg-type]
    try:
        assert channel.ready.wait(5), task.exception()
        yield LiveServer(channel, loop, spec)
    finally:

        async def stop() -> None:
            others = asyncio.all_tasks() - {asyncio.current_task()}
            for other in others:
                other.cancel()
            await asyncio.gather(*others, return_exceptions=True)

        asyncio.run_coroutine_threadsafe(stop(), loop).result(5)
        loop.call_soon_threadsafe(loop.stop)
        thread.join(5)
        loop.close()


@pytest.fixture
def server() -> Iterator[LiveServer]:
    with live_server() as live:
        yield live


@pytest.fixture
def channel() -> FakeChannel:
    return FakeChannel()


@pytest.fixture
def make_spec() -> Callable[..., dict[str, Any]]:
    return lab_spec


@pytest.fixture
def make_server() -> Callable[..., contextlib.AbstractContextManager[LiveServer]]:
    return live_server
