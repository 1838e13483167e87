"""One Region's front door: what it serves, and what it remembers between requests.

`exchange.py` is one request's way through it.
"""

from __future__ import annotations

from typing import Protocol

from gameday.lab.front_door.authorizer import Decisions
from gameday.lab.front_door.exchange import Exchange
from gameday.lab.front_door.forward import Forwarder
from gameday.lab.front_door.hosts import Hosts
from gameday.lab.front_door.throttle import Throttles
from gameday.lab.functions.environment import Done
from gameday.lab.http_connection import Connection, Handler, Request

REQUEST_BYTES_MAX = 10 * 1024 * 1024
"""The quota "Payload size" of API Gateway."""


class Functions(Protocol):
    """What the door needs of the pool."""

    def __contains__(self, name: str) -> bool: ...

    def invoke(self, name: str, event: bytes, done: Done) -> str: ...


class Counter(Protocol):
    """Hears of every answer of a stage, times in milliseconds."""

    def answered(
        self, api: str, stage: str, status: int, latency_ms: float, integration_ms: float | None,
        kind: str,
    ) -> None: ...  # fmt: skip


class FrontDoor:
    """Answers requests for the APIs of `hosts`, which a snapshot replaces whole."""

    def __init__(
        self, account: str, hosts: Hosts, functions: Functions, counter: Counter,
        speed: float = 1.0,
    ) -> None:  # fmt: skip
        self.account, self.hosts = account, hosts
        self.functions, self.counter, self.speed = functions, counter, speed
        self.program: Forwarder | None = None  # serves every host that is no API's
        self.throttles, self.decisions = Throttles(speed), Decisions()
        self.in_flight = 0

    def handler(self, scheme: str, port: int) -> Handler:
        """The handler of one listener."""

        def handle(request: Request, connection: Connection) -> None:
            Exchange(self, request, connection, scheme, port).begin()

        return handle
