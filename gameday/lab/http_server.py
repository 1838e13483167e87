"""HTTP/1.1 over TCP or TLS for the lab's servers.

A listener keeps the bound socket and serves on a duplicate of it, and can hold its connections;
`faults/black_hole.py` builds a Region without a network from these two.
"""

from __future__ import annotations

import asyncio
import socket
import ssl
from typing import cast

from gameday.lab.http_connection import Connection, Handler
from gameday.lab.log import log

BACKLOG = 1024


class _TlsGate(asyncio.Protocol):
    """Takes a TCP connection and starts TLS on it, so that the transport below stays in reach."""

    def __init__(self, listener: Listener, context: ssl.SSLContext) -> None:
        self._listener, self._context = listener, context

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        raw = cast(asyncio.Transport, transport)
        connection = Connection(self._listener)
        connection.raw = raw
        self._listener.connections.add(connection)
        if self._listener.silent:
            connection.hold()
        task = asyncio.get_running_loop().create_task(self._shake_hands(raw, connection))
        self._listener.handshakes.add(task)
        task.add_done_callback(self._listener.handshakes.discard)

    async def _shake_hands(self, raw: asyncio.Transport, connection: Connection) -> None:
        loop = asyncio.get_running_loop()
        try:
            transport = await loop.start_tls(raw, connection, self._context, server_side=True)
        except (OSError, ssl.SSLError, TimeoutError) as e:
            log.debug("TLS handshake: %s", e)
            transport = None
        except asyncio.CancelledError:
            raw.abort()
            raise
        if transport is None:
            self._listener.connections.discard(connection)
            raw.abort()
        else:
            connection.connection_made(transport)


class Listener:
    """One bound address. `serve` and `stop_accepting` may alternate; the socket stays bound."""

    def __init__(
        self,
        address: tuple[str, int],
        handler: Handler,
        *,
        tls: ssl.SSLContext | None = None,
        body_limit: int = 16 * 1024 * 1024,
    ) -> None:
        self.handler, self.body_limit, self._tls = handler, body_limit, tls
        self.connections: set[Connection] = set()
        self.handshakes: set[asyncio.Task[None]] = set()
        self.silent = False  # connections are held, new ones too
        self._server: asyncio.Server | None = None
        self.sock = socket.socket()
        self.sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self.sock.bind(address)
        self.sock.setblocking(False)

    @property
    def port(self) -> int:
        return int(self.sock.getsockname()[1])

    async def serve(self) -> None:
        """Accept connections."""
        self.sock.listen(BACKLOG)
        self._server = await asyncio.get_running_loop().create_server(
            self._protocol, sock=self.sock.dup(), backlog=BACKLOG
        )

    def stop_accepting(self) -> None:
        """Accept no more; connections stay, and so does the bound socket."""
        if self._server:
            self._server.close()
            self._server = None

    def hold(self) -> None:
        """Hold every connection until `release`."""
        self.silent = True
        for connection in list(self.connections):
            connection.hold()

    def release(self) -> None:
        """Let held connections go on."""
        self.silent = False
        for connection in list(self.connections):
            connection.release()

    def close(self) -> None:
        """Stop, drop every connection and give the address back."""
        self.stop_accepting()
        self.sock.close()
        for task in list(self.handshakes):
            task.cancel()
        for connection in list(self.connections):
            connection.abort()

    def _protocol(self) -> asyncio.Protocol:
        return _TlsGate(self, self._tls) if self._tls else Connection(self)
