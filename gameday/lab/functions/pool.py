"""The functions of one Region and the environments that run them.

At most `STARTING_MAX` environments of the Region are starting at any moment, and a waiting request
takes whichever environment is free first. Without that bound fifty connections start fifty
processes, nothing is answered for seconds, and every health probe fails.
"""

from __future__ import annotations

import asyncio
import json
from collections import deque
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Protocol

from gameday.lab.functions.environment import Done, Environment, Events, Invocation, Result
from gameday.lab.functions.function_log import FunctionLog
from gameday.lab.functions.runtime_api import error_document
from gameday.lab.functions.zygote import Zygote
from gameday.lab.request_id import new_request_id

STARTING_MAX = 2
ENVIRONMENTS_MAX = 64
"""Of one function: what a laptop bears. Further requests wait, where AWS would start more."""

ACCOUNT_CONCURRENCY = 1000
"""The default of the quota "Concurrent executions"."""

RESERVED_LIMIT = "ReservedFunctionConcurrentInvocationLimitExceeded"
ACCOUNT_LIMIT = "ConcurrentInvocationLimitExceeded"


class Function:
    """One function: its configuration, its environments and the requests that wait."""

    def __init__(self, name: str, log_: FunctionLog) -> None:
        self.name, self.log = name, log_
        self.configuration: Mapping[str, Any] = {}
        self.environments: set[Environment] = set()
        self.idle: list[Environment] = []
        self.waiting: deque[Invocation] = deque()
        self.in_flight = 0
        self.starting: set[Environment] = set()
        self.to_warm = False

    def wants_environment(self) -> bool:
        """Whether one more should be started now."""
        if len(self.environments) >= ENVIRONMENTS_MAX:
            return False
        soon = len(self.starting) + sum(e.state == "answered" for e in self.environments)
        return self.to_warm or len(self.waiting) > soon


class Observer(Protocol):
    """What the pool tells about invocations; the Region counts and journals with it."""

    def finished(self, function: str, failed: bool, duration_ms: float) -> None: ...

    def throttled(self, function: str) -> None: ...

    def init_error(self, function: str, message: str) -> None: ...


class Pool:
    """All functions of a Region. Everything runs on the loop; nothing here blocks."""

    def __init__(
        self, zygote: Zygote, base: Mapping[str, str], logs: Path, runtime: str, observer: Observer
    ) -> None:
        self._zygote, self._base, self._logs, self._runtime = zygote, base, logs, runtime
        self._observer = observer
        self._functions: dict[str, Function] = {}
        self._owners: dict[Environment, Function] = {}
        self._in_flight = 0
        self._events = Events(self._free, self._init_failed, self._finished, self._gone)
        self._tasks: set[asyncio.Task[None]] = set()

    def apply(self, functions: Mapping[str, Mapping[str, Any]]) -> None:
        """Take the functions of a snapshot. A new `revision` replaces the environments."""
        for name in self._functions.keys() - functions.keys():
            self._remove(self._functions.pop(name))
        for name, configuration in functions.items():
            function = self._functions.get(name)
            if function is None:
                function = Function(name, FunctionLog(self._logs / f"{name}.log"))
                self._functions[name] = function
            replaced = function.configuration.get("revision") != configuration["revision"]
            function.configuration = configuration
            if replaced:
                self._retire(function)
                function.to_warm = configuration.get("reserved") != 0
        self._start_wanted()

    def invoke(self, name: str, event: bytes, done: Done) -> str:
        """Run `event` through function `name`; `done` hears its result once. The request id.

        :raises KeyError: there is no such function.
        """
        function = self._functions[name]
        request_id = new_request_id()
        reserved = function.configuration.get("reserved")
        if reserved is not None and function.in_flight >= reserved:
            return self._throttle(function, request_id, RESERVED_LIMIT, done)
        if self._in_flight >= ACCOUNT_CONCURRENCY:
            return self._throttle(function, request_id, ACCOUNT_LIMIT, done)
        function.in_flight += 1
        self._in_flight += 1
        invocation = Invocation(request_id, event, done)
        if function.idle:
            function.idle.pop().give(invocation)
        else:
            function.waiting.append(invocation)
            self._start_wanted()
        return request_id

    def __contains__(self, name: str) -> bool:
        return name in self._functions

    def status(self) -> dict[str, Any]:
        """Counts for `lab status`."""
        return {
            "functions": {
                name: {"environments": len(f.environments), "in_flight": f.in_flight}
                for name, f in self._functions.items()
            },
            "environments": sum(len(f.environments) for f in self._functions.values()),
            "starting": self._starting(),
            "in_flight": self._in_flight,
        }

    def close(self) -> None:
        """Stop every environment."""
        for function in list(self._functions.values()):
            function.waiting.clear()
            self._retire(function)
            function.log.close()
        self._functions.clear()

    def _throttle(self, function: Function, request_id: str, reason: str, done: Done) -> str:
        self._observer.throttled(function.name)
        done(Result(b"", "Throttled", reason))
        return request_id

    def _remove(self, function: Function) -> None:
        document = error_document("ResourceNotFoundException", f"{function.name} was deleted")
        while function.waiting:
            self._done(function, function.waiting.popleft(), Result(document, "Unhandled"))
        self._retire(function)

    def _retire(self, function: Function) -> None:
        for environment in list(function.environments):
            environment.retire()

    def _starting(self) -> int:
        return sum(len(f.starting) for f in self._functions.values())

    def _start_wanted(self) -> None:
        while self._starting() < STARTING_MAX:
            wanting = [f for f in self._functions.values() if f.wants_environment()]
            if not wanting:
                return
            # Requests come before warming; the function with the fewest environments first.
            self._start(min(wanting, key=lambda f: (not f.waiting, len(f.environments))))

    def _start(self, function: Function) -> None:
        environment = Environment(function.name, function.configuration, function.log, self._events)
        self._owners[environment] = function
        function.environments.add(environment)
        function.starting.add(environment)
        function.to_warm = False
        task = asyncio.get_running_loop().create_task(
            environment.start(self._zygote, self._base, self._runtime)
        )
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    # What environments tell.

    def _free(self, environment: Environment) -> None:
        function = self._owners[environment]
        was_starting = environment in function.starting
        function.starting.discard(environment)
        if function.waiting:
            environment.give(function.waiting.popleft())
        else:
            function.idle.append(environment)
        if was_starting:
            self._start_wanted()

    def _init_failed(self, environment: Environment, document: bytes) -> None:
        function = self._owners[environment]
        self._observer.init_error(function.name, _one_line(document))
        if function.waiting:
            self._observer.finished(function.name, True, 0.0)
            self._done(function, function.waiting.popleft(), Result(document, "Unhandled"))

    def _finished(
        self, environment: Environment, invocation: Invocation, result: Result, duration_ms: float
    ) -> None:
        function = self._owners[environment]
        self._observer.finished(function.name, result.error is not None, duration_ms)
        self._done(function, invocation, result)

    def _gone(self, environment: Environment) -> None:
        function = self._owners.pop(environment)
        function.environments.discard(environment)
        function.starting.discard(environment)
        if environment in function.idle:
            function.idle.remove(environment)
        self._start_wanted()

    def _done(self, function: Function, invocation: Invocation, result: Result) -> None:
        function.in_flight -= 1
        self._in_flight -= 1
        invocation.done(result)


def _one_line(document: bytes) -> str:
    """An error document as one line; whatever else a runtime posts, as it is."""
    try:
        error = json.loads(document)
        text = f"{error['errorType']}: {error['errorMessage']}"
    except (ValueError, TypeError, KeyError):
        text = document.decode("utf-8", "replace")
    return " ".join(text.split())
