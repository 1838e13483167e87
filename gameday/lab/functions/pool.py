"""The functions of one Region and the environments that run them.

At most `STARTING_MAX` environments of the Region are starting at any moment, and a waiting request
takes whichever environment is free first. Without that bound fifty connections start fifty
processes, nothing is answered for seconds, and every health probe fails.
"""

from __future__ import annotations

import asyncio
import json
import random
from collections import Counter, deque
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Protocol

from gameday.lab.functions import references
from gameday.lab.functions.environment import Done, Environment, Events, Invocation, Result
from gameday.lab.functions.function_log import FunctionLog
from gameday.lab.functions.runtime_api import error_document
from gameday.lab.functions.variables import log_group
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
    """One function or one version of it: configuration, environments, requests that wait."""

    def __init__(self, name: str, log_: FunctionLog) -> None:
        self.name, self.log = name, log_  # both without the version
        self.configuration: Mapping[str, Any] = {}
        self.environments: set[Environment] = set()
        self.idle: list[Environment] = []
        self.waiting: deque[Invocation] = deque()
        self.in_flight = 0
        self.starting: set[Environment] = set()
        self.to_warm = self.warmed = False

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
        self, zygote: Zygote, base: Mapping[str, str], logs: Path, tmp: Path, runtime: str,
        observer: Observer, seed: int = 0, account_concurrency: int = ACCOUNT_CONCURRENCY,
    ) -> None:  # fmt: skip
        self._zygote, self._base, self._logs, self._runtime = zygote, base, logs, runtime
        self._tmp = tmp
        self._observer, self._random = observer, random.Random(seed)
        self._account_concurrency = self._unreserved = account_concurrency
        self._functions: dict[str, Function] = {}  # by name, or name:VERSION
        self._configured: Mapping[str, Mapping[str, Any]] = {}
        self._logs_open: dict[str, FunctionLog] = {}
        self._owners: dict[Environment, Function] = {}
        self._busy: Counter[str] = Counter()  # by name: versions share a reservation
        self._events = Events(self._free, self._init_failed, self._finished, self._gone)
        self._tasks: set[asyncio.Task[None]] = set()

    def apply(self, functions: Mapping[str, Mapping[str, Any]]) -> None:
        """Take the functions of a snapshot. A new `revision` replaces the environments."""
        self._configured = functions
        reserved = (f.get("reserved") or 0 for f in functions.values())
        self._unreserved = self._account_concurrency - sum(reserved)
        entries = dict(_entries(functions))
        for key in self._functions.keys() - entries.keys():
            self._remove(self._functions.pop(key))
        for key, configuration in entries.items():
            function = self._functions.get(key)
            if function is None:
                name = key.partition(":")[0]
                function = self._functions[key] = Function(name, self.log(name))
            replaced = function.configuration.get("revision") != configuration["revision"]
            function.configuration = configuration
            wanted = self._is_wanted(key)
            if replaced or (function.warmed and not wanted):
                self._retire(function)
                function.warmed = False
            if wanted and not function.warmed and functions[function.name].get("reserved") != 0:
                function.warmed = function.to_warm = True
        self._start_wanted()

    def _is_wanted(self, key: str) -> bool:
        """Whether an environment stands ready: of functions, and versions that an alias means."""
        name, _, version = key.partition(":")
        aliases = (self._configured[name].get("aliases") or {}).values()
        return not version or any(version in (a["version"], *a["weights"]) for a in aliases)

    def log(self, name: str) -> FunctionLog:
        """The log of function `name`, which its versions share."""
        if name not in self._logs_open:
            self._logs_open[name] = FunctionLog(self._logs / f"{name}.log")
        return self._logs_open[name]

    def logs(self) -> Iterator[tuple[str, FunctionLog]]:
        """The log group of every function, and its log."""
        for name, configuration in self._configured.items():
            if name in self._logs_open:
                yield log_group(name, configuration), self._logs_open[name]

    def configuration(self, name: str) -> Mapping[str, Any] | None:
        """What the last snapshot says of the function called `name`; None if it is gone."""
        return self._configured.get(name)

    def invoke(
        self, reference: str, event: bytes, done: Done, request_id: str | None = None
    ) -> str:
        """Run `event`; `done` hears its result once. The request id, a new one unless given.

        `reference` is a function's name, with a version or an alias after a colon if there is one.

        :raises KeyError: there is no such function, version or alias.
        """
        name, qualifier = references.split(reference)
        about = self._configured[name]
        chance = self._random.random() if qualifier else 0.0
        function = self._functions[references.resolve(name, qualifier, about, chance)]
        request_id = request_id or new_request_id()
        reserved = about.get("reserved")
        if reserved is not None and self._busy[name] >= reserved:
            return self._throttle(function, request_id, RESERVED_LIMIT, done)
        if reserved is None and self._unreserved_busy() >= self._unreserved:
            return self._throttle(function, request_id, ACCOUNT_LIMIT, done)
        function.in_flight += 1
        self._busy[name] += 1
        arn = f"{about['arn']}:{qualifier}" if qualifier else about["arn"]
        invocation = Invocation(request_id, event, done, arn)
        if function.idle:
            function.idle.pop().give(invocation)
        else:
            function.waiting.append(invocation)
            self._start_wanted()
        return request_id

    def _unreserved_busy(self) -> int:
        """Invocations that draw on what no function has reserved for itself."""
        busy = self._busy.total()
        if busy < self._unreserved:  # the hot path: the functions need not be looked at
            return busy
        return sum(n for name, n in self._busy.items()
                   if (self._configured.get(name) or {}).get("reserved") is None)  # fmt: skip

    def __contains__(self, reference: str) -> bool:
        name, qualifier = references.split(reference)
        if name not in self._configured:
            return False
        try:
            return references.resolve(name, qualifier, self._configured[name], 0.0) is not None
        except KeyError:
            return False

    def status(self) -> dict[str, Any]:
        """Counts for `lab status`; `warm`: every environment that stands ready does so."""
        starting = self._starting()
        return {
            "functions": {
                key: {"environments": len(f.environments), "in_flight": f.in_flight}
                for key, f in self._functions.items()
            },
            "environments": sum(len(f.environments) for f in self._functions.values()),
            "starting": starting,
            "warm": not starting and not any(f.to_warm for f in self._functions.values()),
            "in_flight": self._busy.total(),
        }

    def close(self) -> None:
        """Stop every environment."""
        for function in list(self._functions.values()):
            function.waiting.clear()
            self._retire(function)
        for open_log in self._logs_open.values():
            open_log.close()
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
            environment.start(self._zygote, self._base, self._runtime, self._tmp)
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
        self._busy[function.name] -= 1
        invocation.done(result)


def _entries(
    functions: Mapping[str, Mapping[str, Any]],
) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """Every function, and every published version as `name:VERSION`."""
    for name, configuration in functions.items():
        yield name, configuration
        for version, published in (configuration.get("versions") or {}).items():
            yield f"{name}:{version}", published


def _one_line(document: bytes) -> str:
    """An error document as one line; whatever else a runtime posts, as it is."""
    try:
        error = json.loads(document)
        text = f"{error['errorType']}: {error['errorMessage']}"
    except (ValueError, TypeError, KeyError):
        text = document.decode("utf-8", "replace")
    return " ".join(text.split())
