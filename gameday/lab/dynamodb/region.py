"""One Region's DynamoDB: its API, its tables, and replication to and from the other Regions.

Cutting or pausing loses nothing: changes wait here and cross when they may. A pause takes effect
at once; on AWS changes may still cross for up to five minutes after it begins (AWS: FIS actions
reference, `aws:dynamodb:global-table-pause-replication`).
"""

from __future__ import annotations

import asyncio
import contextlib
import gc
import hmac
import json
from collections.abc import Mapping
from typing import Any

from gameday.clock import now
from gameday.errors import LabError
from gameday.lab.channel import Channel
from gameday.lab.dynamodb import expiry
from gameday.lab.dynamodb.backend import LabBackend
from gameday.lab.dynamodb.exchange import Exchange, Row
from gameday.lab.dynamodb.operations import Operations
from gameday.lab.dynamodb.replicator import PATH
from gameday.lab.dynamodb.server import Request, Server
from gameday.lab.log import log
from gameday.tables.replication import VersionClock
from gameday.tables.store import Discarded, Version


class RegionDynamoDB:
    """What `lab/region.py` starts; `spec` and messages are described in docs/architecture.md."""

    def __init__(self, spec: dict[str, Any], channel: Channel) -> None:
        self.region: str = spec["region"]
        self.port = 0
        self._spec = spec
        self._versions = VersionClock(self.region)
        self._backend = LabBackend(self.region, spec["account"])
        self._exchange = Exchange(spec, channel, self._backend, self._versions, self._create)
        self._backend.tables_changed = self._exchange.arrange
        self._operations = Operations(self._backend, self._tick, self._exchange.written)
        self._server = Server(self._answer)
        self._expiry: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Serve on this Region's `dynamodb` port, and set `port` to it.

        What is loaded by now is taken out of the garbage collector's sight: that brings the
        slowest one percent of writes from 60 to 7 ms.

        :raises LabError: the port is taken.
        """
        own = self._spec["regions"][self.region]
        self.port = await self._server.start(own["bind"], own["dynamodb"])
        self._expiry = asyncio.get_running_loop().create_task(
            expiry.expire_for_ever(
                self._backend, self._exchange.clock, self._tick, self._exchange.written
            )
        )
        gc.collect()
        gc.freeze()

    async def stop(self) -> None:
        """End every task and connection. What has not crossed is lost with the process."""
        if self._expiry is not None:
            self._expiry.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._expiry
        await self._exchange.stop()
        await self._server.stop()

    def apply(self, global_tables: dict[str, Any]) -> None:
        """The snapshot's `global_tables`: `{name: {"replicas": [...], "paused": bool}}`."""
        self._exchange.apply(global_tables)

    def fault(self, cut_regions: set[str], lag_s: tuple[float, float] | None) -> None:
        """All Regions that are cut now, and the lag in AWS seconds if it changed."""
        self._exchange.fault(cut_regions, lag_s)

    def metrics(self) -> list[Row]:
        """Rows of the `metrics` message, of what happened since the last call."""
        return self._exchange.metrics()

    def streams(self, operation: str, body: Mapping[str, Any]) -> dict[str, Any]:
        """One call of this Region's DynamoDB Streams, from within.

        :raises LabError: it was refused.
        """
        target = f"DynamoDBStreams_20120810.{operation}"
        status, answer = self._operations.call(target, json.dumps(body).encode())
        if status != 200:
            raise LabError(f"{operation}: {answer.decode('utf-8', 'replace')}")
        found: dict[str, Any] = json.loads(answer)
        return found

    def status(self) -> dict[str, Any]:
        """What `lab status` shows: each table's items and what waits for each other Region."""
        return self._exchange.status()

    def discarded(self) -> list[tuple[str, Discarded]]:
        """The last writes that lost a conflict as this Region saw it, with their table's name."""
        return list(self._exchange.discarded)

    def _tick(self) -> Version:
        return self._versions.tick(now())

    def _create(self, definition: dict[str, Any]) -> None:
        body = json.dumps(definition).encode()
        status, answer = self._operations.call("DynamoDB_20120810.CreateTable", body)
        if status != 200:
            log.error("cannot create table %s: %s", definition["TableName"], answer.decode())

    def _answer(self, request: Request) -> tuple[int, bytes]:
        if request.method == "POST" and request.path == PATH:
            return self._replicate(request)
        target = request.headers.get(b"x-amz-target")
        if request.method == "POST" and target:
            return self._operations.call(target.decode("latin-1"), request.body)
        if request.method == "GET" and request.path == "/":
            return 200, f"healthy: dynamodb.{self.region}.amazonaws.com ".encode()
        return 404, b'{"__type":"com.amazon.coral.service#UnknownOperationException"}'

    def _replicate(self, request: Request) -> tuple[int, bytes]:
        token = request.headers.get(b"x-gameday-token", b"")
        if not hmac.compare_digest(token, self._spec["token"].encode()):
            return 403, b"{}"
        answer = self._exchange.receive(json.loads(request.body))
        return 200, json.dumps(answer).encode()
