"""A Region's packets vanish: connections time out, they are not refused; open ones fall silent.

No privilege is needed. The server is closed but its socket lives on with a backlog of 0, filled by
connections of our own, so the kernel drops every further SYN; open connections are not read and
their answers are kept back. After healing, the kernel's own retransmissions bring things back.
"""

from __future__ import annotations

import socket
from collections.abc import Sequence
from dataclasses import dataclass, field

from gameday.lab.http_server import Listener

FILLERS = 2
"""A backlog of 0 holds one connection on Linux; the second one makes sure."""


@dataclass(slots=True)
class BlackHole:
    """The fault over some listeners; harmless until `cut`, and both ways may be repeated."""

    listeners: Sequence[Listener]
    is_cut: bool = False
    _fillers: list[socket.socket] = field(default_factory=list)

    def cut(self) -> None:
        """From now on nothing comes in or goes out."""
        if self.is_cut:
            return
        self.is_cut = True
        for listener in self.listeners:
            listener.stop_accepting()
            listener.sock.listen(0)
            for _ in range(FILLERS):
                filler = socket.socket()
                filler.setblocking(False)
                filler.connect_ex(listener.sock.getsockname())
                self._fillers.append(filler)
            listener.hold()

    async def heal(self) -> None:
        """Let everything flow again, what was kept back first."""
        if not self.is_cut:
            return
        self.is_cut = False
        for filler in self._fillers:
            filler.close()
        self._fillers.clear()
        for listener in self.listeners:
            await listener.serve()
            listener.release()
