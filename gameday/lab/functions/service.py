"""One Region's Lambda service: the pool of environments and everything that puts events into it.

Synchronous invocations go straight to the pool; asynchronous ones, queues and streams have their
own ways in; logs go out.
"""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Protocol

from gameday import clock
from gameday.clock import Clock
from gameday.lab.channel import Channel
from gameday.lab.functions.asynchronous import Asynchronous
from gameday.lab.functions.control_plane import ControlPlane
from gameday.lab.functions.destinations import Destinations
from gameday.lab.functions.event_sources import EventSources
from gameday.lab.functions.function_log import COLLECTED_EVERY_WALL_S
from gameday.lab.functions.invoke_api import InvokeApi
from gameday.lab.functions.pool import ACCOUNT_CONCURRENCY, Observer, Pool
from gameday.lab.functions.runtime_loop import preferred
from gameday.lab.functions.stream_source import Streams
from gameday.lab.functions.zygote import Zygote


class LambdaObserver(Observer, Protocol):
    """What the service tells; the Region counts and journals with it."""

    def counted(self, function: str, metric: str) -> None: ...


class LambdaService:
    """Everything of Lambda in the Region that `spec` describes."""

    def __init__(
        self, spec: Mapping[str, Any], channel: Channel, variables: Mapping[str, str],
        streams: Streams, observer: LambdaObserver,
    ) -> None:  # fmt: skip
        self.region: str = spec["region"]
        self._channel, speed = channel, Clock(spec["speed"])
        logs, tmp = (Path(spec["dir"]) / kind / self.region for kind in ("logs", "tmp"))
        shutil.rmtree(tmp, ignore_errors=True)  # of a Region that was killed
        runtime = spec.get("runtime") or preferred()
        limit = spec.get("account_concurrency") or ACCOUNT_CONCURRENCY
        self.zygote = Zygote(variables)
        self.pool = Pool(self.zygote, variables, logs, tmp, runtime, observer, spec["seed"], limit)
        self._plane = ControlPlane(spec["aws_endpoint"])
        self._destinations = Destinations(self._plane, self.pool.configuration, observer.counted)
        self.asynchronous = Asynchronous(
            self.pool, speed, self._destinations.ended,
            lambda name: observer.counted(name, "AsyncEventsReceived"),
        )  # fmt: skip
        self._sources = EventSources(
            self.pool, self._plane, streams, self._destinations.tell, speed
        )
        arns = f"arn:aws:lambda:{self.region}:{spec['account']}:function:"
        self.invoke_api = InvokeApi(self.pool, self.asynchronous, arns)

    def apply(self, body: Mapping[str, Any]) -> None:
        """Take a snapshot."""
        self.pool.apply(body.get("functions") or {})
        self._sources.apply(body.get("event_sources") or ())

    async def publish_logs(self) -> None:
        """Tell CloudWatch Logs what functions print, until cancelled."""
        while True:
            await asyncio.sleep(COLLECTED_EVERY_WALL_S)
            at_ms = int(clock.now() * 1000)
            rows = [{"group": group, "stream": log.stream, "lines": lines}
                    for group, log in self.pool.logs() if (lines := log.collect())]  # fmt: skip
            if rows:
                self._channel.send("logs", to="cloud", region=self.region, at_ms=at_ms, rows=rows)

    def status(self) -> dict[str, Any]:
        """Counts for `lab status`."""
        return {**self.pool.status(), "asynchronous": self.asynchronous.waiting}

    def close(self) -> None:
        """End every environment and reader."""
        self._sources.close()
        self._destinations.close()
        self._plane.close()
        self.pool.close()
        self.zygote.close()
