"""One execution environment: a process that answers one invocation at a time.

state      on                      to         does
starting   runtime asks            idle       tells the pool it is free
starting   init error, exit, 10 s  gone       tells the pool why
idle       give                    busy       hands the event over, starts the timeout
busy       response or error       answered   finishes the invocation
answered   runtime asks            idle       tells the pool it is free
busy       timeout                 gone       kills the process, finishes with the timeout
busy       exit                    gone       finishes with Runtime.ExitError
any        retire                  gone       kills it, after the running invocation
"""

from __future__ import annotations

import asyncio
import os
import shutil
import tempfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from gameday import clock
from gameday.lab.functions import zygote
from gameday.lab.functions.function_log import FunctionLog
from gameday.lab.functions.runtime_api import RuntimeApi, RuntimeEvents, error_document
from gameday.lab.functions.variables import environment_variables

INIT_WITHIN_S = 10.0
"""The limit of the init phase (page "Understanding the Lambda execution environment lifecycle")."""


@dataclass(frozen=True, slots=True)
class Result:
    """How an invocation ended. `error` is None, `Unhandled` or `Throttled` (then no payload)."""

    payload: bytes
    error: str | None = None
    reason: str = ""
    version: str = "$LATEST"  # what ran


Done = Callable[[Result], None]


class Invocation:
    """One event on its way through a function."""

    __slots__ = ("arn", "done", "event", "request_id", "started_at")

    def __init__(self, request_id: str, event: bytes, done: Done, arn: str) -> None:
        self.request_id, self.event, self.done = request_id, event, done
        self.arn = arn  # as it was called: with the alias or the version
        self.started_at = 0.0


@dataclass(frozen=True, slots=True)
class Events:
    """What an environment tells its pool."""

    free: Callable[[Environment], None]
    init_failed: Callable[[Environment, bytes], None]
    finished: Callable[[Environment, Invocation, Result, float], None]  # duration_ms
    gone: Callable[[Environment], None]


class Environment:
    """See the table above. `function` is the configuration it was started with."""

    def __init__(self, name: str, function: Mapping[str, Any], log: FunctionLog,
                 events: Events) -> None:  # fmt: skip
        self.name, self.function = name, function
        self.version: str = function.get("version", "$LATEST")
        self.state = "starting"
        self.retired = False
        self._log, self._events = log, events
        self._pid = 0
        self._tmp = ""
        self._cold = True
        self._began = clock.monotonic()
        self._init_ms = 0.0
        self._current: Invocation | None = None
        self._timer: asyncio.TimerHandle | None = None
        self._api = RuntimeApi(
            RuntimeEvents(self._asks, self._responds, self._fails, self._init_fails)
        )

    async def start(
        self, zygote_: zygote.Zygote, base: Mapping[str, str], runtime: str, tmp: Path
    ) -> None:
        """Order the process; the pool hears `free`, or `init_failed` and then `gone`.

        Its own /tmp is a new folder in `tmp`, which ends with it.
        """
        code: str = self.function["code"]
        obstacle = _obstacle(self.function["runtime"], code)
        if obstacle:
            self._init_fails(obstacle)
            return
        await self._api.start()
        if self.state == "gone":  # retired meanwhile
            return
        tmp.mkdir(parents=True, exist_ok=True)
        self._tmp = tempfile.mkdtemp(dir=tmp)
        order = zygote.Order(
            code=code,
            handler=self.function["handler"],
            env=environment_variables(
                base, self.name, self.function, self._api.address, self._log.stream
            )
            | {"TMPDIR": self._tmp},
            log=str(self._log.path),
            tmp=self._tmp,
            fresh=any(os.path.isdir(os.path.join(code, m)) for m in ("boto3", "botocore")),
            runtime=runtime,
        )
        self._timer = asyncio.get_running_loop().call_later(INIT_WITHIN_S, self._init_too_long)
        zygote_.start(order, self._process_started, self._process_ended)

    def give(self, invocation: Invocation) -> None:
        """Run `invocation` here; only in state idle."""
        timeout_s = float(self.function["timeout_s"])
        self.state, self._current = "busy", invocation
        invocation.started_at = clock.monotonic()
        deadline_ms = int((clock.now() + timeout_s) * 1000)
        self._log.start(invocation.request_id, self.version)
        # Lambda's timeout limits work, and work is not scaled by the lab's speed.
        self._timer = asyncio.get_running_loop().call_later(timeout_s, self._times_out)
        self._api.give(invocation.request_id, invocation.arn, deadline_ms, invocation.event)

    def retire(self) -> None:
        """End it, after the invocation that it runs."""
        self.retired = True
        if self._current is None:
            self._end()

    def _asks(self) -> None:
        if self.state == "starting":
            self._init_ms = (clock.monotonic() - self._began) * 1000
            self._stop_timer()
        if self.state != "gone":
            self.state = "idle"
            self._events.free(self)

    def _responds(self, request_id: str, payload: bytes) -> None:
        self._finish(request_id, Result(payload, version=self.version))

    def _fails(self, request_id: str, document: bytes) -> None:
        self._finish(request_id, Result(document, "Unhandled", version=self.version))

    def _finish(self, request_id: str, result: Result) -> None:
        invocation = self._current
        if invocation is None or invocation.request_id != request_id:
            return
        self._current, self.state = None, "answered"
        self._stop_timer()
        duration_ms = (clock.monotonic() - invocation.started_at) * 1000
        init_ms, self._cold = (self._init_ms if self._cold else None), False
        self._log.end(request_id, duration_ms, self.function["memory_mb"], init_ms)
        self._events.finished(self, invocation, result, duration_ms)
        if self.retired:
            self._end()

    def _times_out(self) -> None:
        invocation = self._current
        if invocation is None:
            return
        timeout_s = float(self.function["timeout_s"])
        now, request_id = clock.utc(clock.now()), invocation.request_id
        what = f"Task timed out after {timeout_s:.2f} seconds"
        self._log.line(f"{now} {request_id} {what}")
        self.retired = True  # `_finish` ends what is retired
        document = error_document("Sandbox.Timedout", f"RequestId: {request_id} Error: {what}")
        self._finish(request_id, Result(document, "Unhandled", version=self.version))

    def _init_fails(self, document: bytes) -> None:
        if self.state == "starting":
            self._events.init_failed(self, document)
            self._end()

    def _init_too_long(self) -> None:
        self._init_fails(error_document(
            "Sandbox.Timedout", f"init did not end within {INIT_WITHIN_S:.0f} seconds"
        ))  # fmt: skip

    def _process_started(self, pid: int) -> None:
        self._pid = pid
        if self.state == "gone":
            zygote.kill(pid)

    def _process_ended(self, status: int) -> None:
        self._pid = 0
        message = f"Runtime exited with{_describe(status)}"
        if self.state == "starting":
            self._init_fails(error_document("Runtime.ExitError", message))
        elif self._current:
            request_id = self._current.request_id
            whole = f"RequestId: {request_id} Error: {message}"
            self._log.line(f"{whole}\nRuntime.ExitError")
            document = error_document("Runtime.ExitError", whole)
            self._finish(request_id, Result(document, "Unhandled", version=self.version))
        self._end()

    def _end(self) -> None:
        if self.state == "gone":
            return
        self.state = "gone"
        self._stop_timer()
        if self._pid:
            zygote.kill(self._pid)
        self._api.close()
        if self._tmp:
            shutil.rmtree(self._tmp, ignore_errors=True)
        self._events.gone(self)

    def _stop_timer(self) -> None:
        if self._timer:
            self._timer.cancel()
            self._timer = None


def _obstacle(runtime: str, code: str) -> bytes | None:
    """Why no process need be tried."""
    if not runtime.startswith("python"):
        return error_document(
            "Runtime.InvalidRuntime", f"{runtime} is not modelled; the lab runs Python functions"
        )
    if not os.path.isdir(code):
        return error_document("Runtime.CodeNotFound", f"there is no directory {code}")
    return None


def _describe(status: int) -> str:
    """How a process ended, in Lambda's words."""
    if status == 0:
        return "out providing a reason"
    return f" error: signal: {-status}" if status < 0 else f" error: exit status {status}"
