"""HTTP/1.1 over TCP or TLS for the lab's servers.

A listener keeps the bound socket and serves on a duplicate of it, and can hold its connections;
`faults/black_hole.py` builds a Region without a network from these two.
"""

from __future__ import annotations

import asyncio
import contextlib
import socket
import ssl
from typing import cast

from gameday.errors import LabError
from gameday.lab.http_connection import Connection, Handler
from gameday.lab.log import log

BACKLOG = 1024
READ_BYTES = 256 * 1024


class TlsLayer(asyncio.Protocol):
    """TLS between a TCP transport and a connection, which sees it as its transport.

    The loops' own TLS hides the transport below, and that one must be paused to fall silent.
    """

    def __init__(self, connection: Connection, context: ssl.SSLContext) -> None:
        self._connection = connection
        self._incoming, self._outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
        self._tls = context.wrap_bio(self._incoming, self._outgoing, server_side=True)
        self._shaken = False
        self._raw: asyncio.Transport

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._raw = self._connection.raw = cast(asyncio.Transport, transport)
        self._connection.connection_made(cast(asyncio.Transport, self))

    def connection_lost(self, exc: Exception | None) -> None:
        self._connection.connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        self._incoming.write(data)
        try:
            if not self._shaken:
                self._tls.do_handshake()
                self._shaken = True
            while chunk := self._tls.read(READ_BYTES):
                self._connection.data_received(chunk)
            self._raw.close()  # the client said goodbye
        except ssl.SSLWantReadError:
            self._flush()
        except ssl.SSLError as e:  # a failed handshake, with its alert
            log.debug("TLS: %s", e)
            self._flush()
            self._raw.close()

    # What a connection asks of a transport.

    def write(self, data: bytes) -> None:
        self._tls.write(data)
        self._flush()

    def close(self) -> None:
        with contextlib.suppress(ssl.SSLError):  # it does not wait for the client's goodbye
            self._tls.unwrap()
        self._flush()
        self._raw.close()

    def is_closing(self) -> bool:
        return self._raw.is_closing()

    def get_extra_info(self, name: str) -> object:
        return self._raw.get_extra_info(name)

    def _flush(self) -> None:
        if self._outgoing.pending and not self._raw.is_closing():
            self._raw.write(self._outgoing.read())


class Listener:
    """One bound address. `serve` and `stop_accepting` may alternate; the socket stays bound.

    :raises LabError: the address cannot be bound.
    """

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
        self.silent = False  # connections are held, new ones too
        self._server: asyncio.Server | None = None
        self.sock = socket.socket()
        self.sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            self.sock.bind(address)
        except OSError as e:
            self.sock.close()
            place = f"{address[0]}:{address[1]}"
            raise LabError(f"cannot listen on {place}: {e.strerror}; free that port") from e
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
        for connection in list(self.connections):
            connection.abort()

    def _protocol(self) -> asyncio.Protocol:
        connection = Connection(self)
        return TlsLayer(connection, self._tls) if self._tls else connection
