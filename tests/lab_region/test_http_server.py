"""Connections: kept, pipelined, closed, refused; on asyncio and on uvloop, plain and TLS."""

from __future__ import annotations

import asyncio
import contextlib
import ssl
from collections.abc import AsyncIterator, Callable, Coroutine
from typing import Any

import pytest
import trustme
import uvloop

from gameday import clock
from gameday.errors import LabError
from gameday.lab.faults.black_hole import BlackHole
from gameday.lab.http_connection import Connection, Request
from gameday.lab.http_server import Listener
from gameday.lab.loop_lag import LoopLag

LOOPS = {"asyncio": asyncio.run, "uvloop": uvloop.run}
Streams = tuple[asyncio.StreamReader, asyncio.StreamWriter]


@pytest.fixture(params=LOOPS)
def run(request: pytest.FixtureRequest) -> Callable[[Coroutine[Any, Any, None]], None]:
    return LOOPS[request.param]


@pytest.fixture(params=["http", "https"])
def tls(request: pytest.FixtureRequest) -> tuple[ssl.SSLContext, ssl.SSLContext] | None:
    """(the server's context, the client's), or None for plain HTTP."""
    if request.param == "http":
        return None
    authority, server = trustme.CA(), ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("localhost").configure_cert(server)
    client = ssl.create_default_context()
    authority.configure_trust(client)
    return server, client


def echo(request: Request, connection: Connection) -> None:
    """Answers after a moment, so that what is pipelined has to wait."""
    body = b"%s %s %d" % (request.method.encode(), request.target, len(request.body))
    if request.too_large:
        body = b"too large"
    asyncio.get_running_loop().call_later(0.002, connection.respond, 200, b"", body)


@contextlib.asynccontextmanager
async def listening(tls: Any = None, **members: Any) -> AsyncIterator[Listener]:
    listener = Listener(("127.0.0.1", 0), echo, tls=tls[0] if tls else None, **members)
    await listener.serve()
    try:
        yield listener
    finally:
        listener.close()
        await asyncio.sleep(0)


async def connect(listener: Listener, tls: Any = None) -> Streams:
    extra = {"ssl": tls[1], "server_hostname": "localhost"} if tls else {}
    return await asyncio.open_connection("127.0.0.1", listener.port, **extra)


async def answer(reader: asyncio.StreamReader) -> tuple[int, dict[str, str], bytes]:
    head = (await asyncio.wait_for(reader.readuntil(b"\r\n\r\n"), 5)).decode()
    status, *lines = head.strip().split("\r\n")
    headers = {k.lower(): v for k, v in (line.split(": ", 1) for line in lines)}
    body = await reader.readexactly(int(headers["content-length"]))
    return int(status.split()[1]), headers, body


def test_a_connection_is_kept(run, tls) -> None:
    async def work() -> None:
        async with listening(tls) as listener:
            reader, writer = await connect(listener, tls)
            for n in range(3):
                writer.write(b"GET /%d HTTP/1.1\r\nhost: x\r\n\r\n" % n)
                assert (await answer(reader))[2] == b"GET /%d 0" % n
            assert len(listener.connections) == 1
            writer.close()

    run(work())


def test_pipelined_requests_are_answered_in_order(run) -> None:
    async def work() -> None:
        async with listening() as listener:
            reader, writer = await connect(listener)
            count = 50
            for n in range(count):
                writer.write(b"POST /%d HTTP/1.1\r\nhost: x\r\ncontent-length: 2\r\n\r\nab" % n)
            for n in range(count):
                assert (await answer(reader))[2] == b"POST /%d 2" % n
            writer.close()

    run(work())


def test_a_request_in_single_bytes_is_understood(run) -> None:
    async def work() -> None:
        async with listening() as listener:
            reader, writer = await connect(listener)
            for byte in b"POST /a%20b?c=d HTTP/1.1\r\nhost: x\r\ncontent-length: 3\r\n\r\nxyz":
                writer.write(bytes([byte]))
                await writer.drain()
                await asyncio.sleep(0)
            assert (await answer(reader))[2] == b"POST /a%20b?c=d 3"
            writer.close()

    run(work())


def test_connection_close_is_honoured(run, tls) -> None:
    async def work() -> None:
        async with listening(tls) as listener:
            reader, writer = await connect(listener, tls)
            writer.write(b"GET / HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n")
            _, headers, _ = await answer(reader)
            assert headers["connection"] == "close"
            assert await asyncio.wait_for(reader.read(), 5) == b""
            writer.close()

    run(work())


def test_an_answer_to_head_has_no_body(run) -> None:
    async def work() -> None:
        async with listening() as listener:
            reader, writer = await connect(listener)
            writer.write(b"HEAD / HTTP/1.1\r\nhost: x\r\n\r\nGET / HTTP/1.1\r\nhost: x\r\n\r\n")
            head = await asyncio.wait_for(reader.readuntil(b"\r\n\r\n"), 5)
            assert b"content-length: 8" in head
            assert (await answer(reader))[2] == b"GET / 0"
            writer.close()

    run(work())


def test_a_client_that_waits_for_permission_gets_it(run) -> None:
    async def work() -> None:
        async with listening() as listener:
            reader, writer = await connect(listener)
            writer.write(b"PUT / HTTP/1.1\r\nexpect: 100-continue\r\ncontent-length: 2\r\n\r\n")
            go = await asyncio.wait_for(reader.readuntil(b"\r\n\r\n"), 5)
            assert go.startswith(b"HTTP/1.1 100 ")
            writer.write(b"ab")
            assert (await answer(reader))[2] == b"PUT / 2"
            writer.close()

    run(work())


def test_a_body_over_the_limit_is_thrown_away_and_told(run) -> None:
    async def work() -> None:
        async with listening(body_limit=1000) as listener:
            reader, writer = await connect(listener)
            writer.write(b"PUT / HTTP/1.1\r\ncontent-length: 5000\r\n\r\n" + b"x" * 5000)
            assert (await answer(reader))[2] == b"too large"
            writer.close()

    run(work())


@pytest.mark.parametrize(
    "rubbish",
    [
        b"\x16\x03\x01\x02\x00",
        b"GET\r\n\r\n",
        b"GET / HTTP/1.1\r\n" + b"a: %s\r\n" % (b"b" * 70000),
    ],
)
def test_rubbish_is_answered_400_and_closed(run, rubbish: bytes) -> None:
    async def work() -> None:
        async with listening() as listener:
            reader, writer = await connect(listener)
            writer.write(rubbish)
            assert (await answer(reader))[0] == 400
            with contextlib.suppress(ConnectionResetError):
                assert await asyncio.wait_for(reader.read(), 5) == b""
            writer.close()

    run(work())


def test_a_client_without_tls_does_not_disturb_a_tls_listener(run, tls) -> None:
    if tls is None:
        return

    async def work() -> None:
        async with listening(tls) as listener:
            reader, writer = await connect(listener)
            writer.write(b"GET / HTTP/1.1\r\n\r\n")
            with contextlib.suppress(ConnectionResetError):
                await asyncio.wait_for(reader.read(), 5)
            writer.close()
            reader, writer = await connect(listener, tls)
            writer.write(b"GET /after HTTP/1.1\r\nhost: x\r\n\r\n")
            assert (await answer(reader))[2] == b"GET /after 0"
            writer.close()

    run(work())


def test_a_taken_port_is_named(run) -> None:
    async def work() -> None:
        async with listening() as listener:
            with pytest.raises(LabError, match=f"cannot listen on 127.0.0.1:{listener.port}: "):
                Listener(("127.0.0.1", listener.port), echo)

    run(work())


def test_loop_lag_shows_what_blocks_the_loop(run) -> None:
    async def work() -> None:
        lag = LoopLag()
        assert lag.p99_s() == 0.0
        watching = asyncio.ensure_future(lag.watch())
        await asyncio.sleep(0.12)
        clock.sleep_wall(0.3)
        await asyncio.sleep(0.12)
        watching.cancel()
        assert 0.2 < lag.p99_s() < 5

    run(work())


async def times_out(work: Any, within_s: float) -> float:
    """The seconds after which `work` was given up, having neither ended nor failed."""
    began = clock.monotonic()
    with pytest.raises(asyncio.TimeoutError):
        await asyncio.wait_for(work, within_s)
    return clock.monotonic() - began


def test_black_hole_new_connections_time_out_and_are_not_refused(run, tls) -> None:
    async def work() -> None:
        async with listening(tls) as listener:
            hole = BlackHole([listener])
            hole.cut()
            for _ in range(3):
                assert await times_out(connect(listener, tls), 0.4) > 0.39
            await hole.heal()
            reader, writer = await asyncio.wait_for(connect(listener, tls), 5)
            writer.write(b"GET /healed HTTP/1.1\r\nhost: x\r\n\r\n")
            assert (await answer(reader))[2] == b"GET /healed 0"
            writer.close()

    run(work())


def test_black_hole_open_connections_fall_silent_and_go_on_after_it(run, tls) -> None:
    async def work() -> None:
        async with listening(tls) as listener:
            hole = BlackHole([listener])
            reader, writer = await connect(listener, tls)
            writer.write(b"GET /before HTTP/1.1\r\nhost: x\r\n\r\n")
            await answer(reader)
            hole.cut()
            writer.write(b"GET /during HTTP/1.1\r\nhost: x\r\n\r\n")
            assert await times_out(reader.read(1), 0.4) > 0.39
            await hole.heal()
            assert (await answer(reader))[2] == b"GET /during 0"
            writer.close()

    run(work())


def test_black_hole_an_answer_on_its_way_is_kept_back(run, tls) -> None:
    async def work() -> None:
        async with listening(tls) as listener:
            hole, got = BlackHole([listener]), asyncio.Event()

            def slow(request: Request, connection: Connection) -> None:
                got.set()
                asyncio.get_running_loop().call_later(0.1, connection.respond, 200, b"", b"late")

            listener.handler = slow
            reader, writer = await connect(listener, tls)
            writer.write(b"GET / HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n")
            await asyncio.wait_for(got.wait(), 5)
            hole.cut()
            assert await times_out(reader.read(1), 0.4) > 0.39
            await hole.heal()
            assert (await answer(reader))[2] == b"late"
            assert await asyncio.wait_for(reader.read(), 5) == b""
            writer.close()

    run(work())


def test_black_hole_a_connect_that_waits_completes_after_healing(run) -> None:
    async def work() -> None:
        async with listening() as listener:
            hole = BlackHole([listener])
            hole.cut()
            waiting = asyncio.ensure_future(connect(listener))
            await asyncio.sleep(0.2)
            assert not waiting.done()
            await hole.heal()
            _, writer = await asyncio.wait_for(waiting, 10)  # at the next SYN the kernel sends
            writer.close()

    run(work())


def test_black_hole_cut_and_heal_may_be_repeated(run) -> None:
    async def work() -> None:
        async with listening() as listener:
            hole = BlackHole([listener])
            await hole.heal()
            for _ in range(3):
                hole.cut()
                hole.cut()
                await times_out(connect(listener), 0.1)
                await hole.heal()
                await hole.heal()
                _, writer = await asyncio.wait_for(connect(listener), 5)
                writer.close()

    run(work())
