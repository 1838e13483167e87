"""Role `region`: everything that one Region runs, in one process that can be cut off or killed.

It serves what the last snapshot says and goes on serving it when the control plane is gone.
"""

from __future__ import annotations

import asyncio
import gc
import os
import ssl
from pathlib import Path
from typing import Any

from gameday.clock import Clock, now
from gameday.lab.channel import Channel, Message
from gameday.lab.dynamodb import RegionDynamoDB
from gameday.lab.faults.black_hole import BlackHole
from gameday.lab.front_door.certificates import Certificates
from gameday.lab.front_door.door import REQUEST_BYTES_MAX, FrontDoor
from gameday.lab.front_door.forward import Forwarder
from gameday.lab.front_door.hosts import hosts_of
from gameday.lab.functions.invoke_api import BODY_BYTES_MAX
from gameday.lab.functions.service import LambdaService
from gameday.lab.functions.variables import base_variables
from gameday.lab.http_server import Listener
from gameday.lab.log import log
from gameday.lab.loop_lag import LoopLag
from gameday.lab.program import Program
from gameday.lab.region_metrics import RegionMetrics

METRICS_EVERY_S = 60.0


class Region:
    """The parts of one Region, and what the messages of the channel do to them."""

    def __init__(self, channel: Channel, spec: dict[str, Any]) -> None:
        self.name: str = spec["region"]
        self._channel, self._spec = channel, spec
        self._clock = Clock(spec["speed"])
        self._lag = LoopLag()
        self._counts = RegionMetrics()
        variables = base_variables(spec)
        self.db = RegionDynamoDB(spec, channel)
        self._db_started = False
        self.functions = LambdaService(spec, channel, variables, self.db.streams, self)
        self.door = FrontDoor(
            spec["account"],
            hosts_of(self.name, {}),
            self.functions.pool,
            self._counts,
            spec["speed"],
        )
        here = spec["regions"][self.name]
        self._certificates = Certificates(
            Path(spec["ca_file"]), Path(spec["ca_key_file"]), self.name, here["bind"]
        )
        self.listeners = self._listen(here)
        self._black_hole = BlackHole(self.listeners)
        log_file = Path(spec["dir"]) / "logs" / self.name / "program.log"
        self.program = self._program(spec.get("program"), variables, log_file)

    def _program(
        self, about: dict[str, Any] | None, variables: dict[str, str], log_file: Path
    ) -> Program | None:
        if about is None:
            return None
        self._certificates.cover(h for n in about["hosts"] for h in (n, f"{self.name}.{n}"))
        bind = self._spec["regions"][self.name]["bind"]
        return Program(about["command"], Path(about["folder"]), variables, log_file, bind)

    def _listen(self, here: dict[str, Any]) -> list[Listener]:
        bind, limit = here["bind"], REQUEST_BYTES_MAX
        return [
            Listener((bind, here["http"]), self.door.handler("http", 80), body_limit=limit),
            Listener((bind, here["https"]), self.door.handler("https", 443), body_limit=limit,
                     tls=self._certificates.context),
            Listener((bind, here["invoke"]), self.functions.invoke_api.handle,
                     body_limit=BODY_BYTES_MAX),
        ]  # fmt: skip

    async def run(self) -> None:
        """Serve until cancelled."""
        asyncio.get_running_loop().set_exception_handler(_quiet_broken_connections)
        tasks: list[asyncio.Task[Any]] = []
        try:
            await self.functions.zygote.ready()
            await self.db.start()
            self._db_started = True
            if self.program:
                await self.program.start()
                self.door.program = Forwarder(self.program.address)
            for listener in self.listeners:
                await listener.serve()
            for kind in ("snapshot", "fault", "report"):
                self._channel.on(kind, getattr(self, f"_on_{kind}"))
            gc.freeze()
            self._channel.send("ready", pid=os.getpid(), region=self.name)
            work = (self.functions.zygote.listen(), self._lag.watch(), self._publish(),
                    self.functions.publish_logs())  # fmt: skip
            tasks = [asyncio.ensure_future(w) for w in work]
            await asyncio.gather(*tasks)
        finally:
            for task in tasks:
                task.cancel()
            await self.close()

    async def close(self) -> None:
        """End every environment, listener and table."""
        for listener in self.listeners:
            listener.close()
        self.functions.close()
        if self.door.program:
            self.door.program.close()
        if self.program:
            self.program.close()
        if self._db_started:
            await self.db.stop()

    # What the pool tells.

    def finished(self, function: str, failed: bool, duration_ms: float) -> None:
        self._counts.finished(function, failed, duration_ms)

    def throttled(self, function: str) -> None:
        self._counts.throttled(function)

    def counted(self, function: str, metric: str) -> None:
        self._counts.counted(function, metric)

    def init_error(self, function: str, message: str) -> None:
        log.error("%s: function %s does not start: %s", self.name, function, message)
        self._channel.send(
            "event",
            event={"kind": "lab.init_error", "region": self.name, "function": function,
                   "error": message},
        )  # fmt: skip

    # What the channel brings.

    def _on_snapshot(self, message: Message) -> None:
        body = message["body"]
        self.db.apply(body.get("global_tables") or {})
        self._certificates.cover(body.get("domains") or {})
        self.functions.apply(body)
        self.door.hosts = hosts_of(self.name, body)

    async def _on_fault(self, message: Message) -> None:
        cut = set(message.get("cut") or ())
        lag_s = message.get("lag_s")
        self.db.fault(cut, tuple(lag_s) if lag_s else None)
        if self.name in cut:
            self._black_hole.cut()
        else:
            await self._black_hole.heal()

    def _on_report(self, message: Message) -> None:
        self._channel.send("answer", ask=message["ask"], status=self.status())

    def status(self) -> dict[str, Any]:
        """What `lab status` shows of this Region; `loop_lag_p99_s` is wall time."""
        return {
            **self.functions.status(),
            "region": self.name,
            "cut": self._black_hole.is_cut,
            "connections": sum(len(x.connections) for x in self.listeners),
            "loop_lag_p99_s": self._lag.p99_s(),
            "dynamodb": self.db.status(),
            "program": None if self.program is None else {"alive": self.program.alive},
        }

    async def _publish(self) -> None:
        while True:
            await asyncio.sleep(self._until_minute_s())
            rows = self._counts.take() + list(self.db.metrics())
            if rows:
                self._channel.send("metrics", to="cloud", region=self.name, rows=rows)

    def _until_minute_s(self) -> float:
        """Wall seconds until the AWS minute ends, which all processes agree upon."""
        aws_now = self._clock.aws(now())
        return self._clock.wall(METRICS_EVERY_S - aws_now % METRICS_EVERY_S)


def _quiet_broken_connections(loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
    """A client that goes away in the middle of TLS is no defect of ours."""
    if isinstance(context.get("exception"), ssl.SSLError | ConnectionError | TimeoutError):
        log.debug("connection: %s", context.get("message"))
    else:
        loop.default_exception_handler(context)


async def main(channel: Channel, spec: dict[str, Any]) -> None:
    """Run the Region that `spec["region"]` names."""
    await Region(channel, spec).run()
