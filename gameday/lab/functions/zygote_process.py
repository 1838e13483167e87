"""One prepared process per Region, from which execution environments are forked.

It imports boto3 and warms client construction once; a fork costs milliseconds and shares the
memory. Orders and notices are JSON lines on the socket whose descriptor is the first argument:

    in   {"id": 7, "code": DIR, "handler": "items.read", "env": {..}, "log": FILE, "tmp": DIR,
          "fresh": false, "runtime": "awslambdaric" | "own"}
    out  {"id": 7, "pid": 4711}          {"exited": 4711, "status": 1}

Every environment is a process group, so a kill takes what the function itself started along.
"""

from __future__ import annotations

import contextlib
import importlib
import json
import os
import selectors
import signal
import socket
import sys
from collections.abc import Callable
from typing import Any, NoReturn

from gameday.lab.functions import private_tmp, runtime_loop
from gameday.parent import end_with_parent


def prepare() -> None:
    """Load what every environment needs, and warm botocore's loaders."""
    with contextlib.suppress(ImportError):
        importlib.import_module("awslambdaric.lambda_runtime_marshaller")
    import boto3

    boto3.client("dynamodb")
    boto3.resource("dynamodb")


class Zygote:
    """Takes orders, forks, and tells which environments have ended."""

    def __init__(self, orders: socket.socket) -> None:
        self._orders = orders
        self._buffer = b""
        self._pids: set[int] = set()
        self._selector = selectors.DefaultSelector()
        self._awake, self._waker = os.pipe()
        for fd in (self._awake, self._waker):
            os.set_blocking(fd, False)

    def run(self) -> None:
        """Work until the Region is gone, then take every environment along."""
        signal.signal(signal.SIGCHLD, lambda *_: None)
        signal.signal(signal.SIGTERM, lambda *_: self.end())
        signal.set_wakeup_fd(self._waker, warn_on_full_buffer=False)
        self._selector.register(self._orders, selectors.EVENT_READ, self._read_orders)
        self._selector.register(self._awake, selectors.EVENT_READ, self._reap)
        while True:
            for key, _ in self._selector.select():
                work: Callable[[], None] = key.data
                work()

    def end(self) -> NoReturn:
        """Kill every environment with what it started, and exit."""
        for pid in self._pids:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(pid, signal.SIGKILL)
        os._exit(0)

    def _read_orders(self) -> None:
        try:
            data = self._orders.recv(65536)
        except OSError:
            data = b""
        if not data:
            self.end()
        *lines, self._buffer = (self._buffer + data).split(b"\n")
        for line in lines:
            self._start(json.loads(line))

    def _start(self, order: dict[str, Any]) -> None:
        parent = os.getpid()
        pid = os.fork()
        if pid == 0:
            self._become(order, parent)
        with contextlib.suppress(OSError):  # the child may have done it already, and ended
            os.setpgid(pid, pid)
        self._pids.add(pid)
        self._tell({"id": order["id"], "pid": pid})

    def _become(self, order: dict[str, Any], parent: int) -> NoReturn:
        status = 1
        try:
            signal.set_wakeup_fd(-1)
            for number in (signal.SIGCHLD, signal.SIGTERM, signal.SIGINT):
                signal.signal(number, signal.SIG_DFL)
            os.setpgid(0, 0)
            private_tmp.enter(order["tmp"], _needed(order))
            end_with_parent(parent, signal.SIGKILL)
            self._selector.close()
            self._orders.close()
            os.close(self._awake)
            os.close(self._waker)
            become_environment(order)
        except SystemExit as asked:  # by the function
            status = asked.code if isinstance(asked.code, int) else int(asked.code is not None)
        except BaseException:
            sys.excepthook(*sys.exc_info())
        finally:
            sys.stdout.flush()
            sys.stderr.flush()
            os._exit(status)

    def _reap(self) -> None:
        with contextlib.suppress(BlockingIOError):
            os.read(self._awake, 4096)
        while self._pids:
            try:
                pid, status = os.waitpid(-1, os.WNOHANG)
            except ChildProcessError:
                return
            if pid == 0:
                return
            self._pids.discard(pid)
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(pid, signal.SIGKILL)  # what the function started and left behind
            self._tell({"exited": pid, "status": os.waitstatus_to_exitcode(status)})

    def _tell(self, notice: dict[str, Any]) -> None:
        try:
            self._orders.sendall(json.dumps(notice).encode() + b"\n")
        except OSError:
            self.end()


def _needed(order: dict[str, Any]) -> list[str]:
    """Paths that an environment must see whatever its /tmp is."""
    env: dict[str, str] = order["env"]
    layers = env.get("PYTHONPATH", "").split(os.pathsep)
    ours = [sys.prefix, sys.base_prefix, __file__, env.get("AWS_CA_BUNDLE", "")]
    return [order["code"], order["log"], *layers, *ours]


def become_environment(order: dict[str, Any]) -> None:
    """Turn this forked process into the environment that `order` describes; runs its loop."""
    log = os.open(order["log"], os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    os.dup2(log, 1)
    os.dup2(log, 2)
    os.close(log)
    os.chdir(order["code"])
    env: dict[str, str] = order["env"]
    if order["fresh"]:
        arguments = ["-P", "-m", "gameday.lab.functions.runtime_main", order["runtime"]]
        os.execve(sys.executable, [sys.executable, *arguments, order["handler"]], env)
    os.environ.clear()
    os.environ.update(env)
    runtime_loop.run(order["runtime"], order["handler"], order["code"])


def main() -> None:
    """`python -m gameday.lab.functions.zygote_process FD PARENT_PID`."""
    fd, parent = int(sys.argv[1]), int(sys.argv[2])
    end_with_parent(parent, signal.SIGTERM)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    prepare()
    orders = socket.socket(fileno=fd)
    orders.sendall(b'{"ready":true}\n')
    Zygote(orders).run()


if __name__ == "__main__":
    main()
