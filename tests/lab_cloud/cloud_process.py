"""A `cloud` process under test, and the supervisor's end of its channel played by the test."""

from __future__ import annotations

import contextlib
import json
import os
import queue
import socket
import subprocess
import sys
import threading
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import boto3
from botocore.config import Config

from gameday import clock
from gameday.lab.networks import default_networks

ACCOUNT = "123456789012"
REGIONS = ("us-east-1", "eu-west-1")


def free_port() -> int:
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        return int(sock.getsockname()[1])


class Cloud:
    """The hub's side: applies every snapshot and keeps the last body of each process."""

    def __init__(self, spec: dict[str, Any], process: subprocess.Popen[bytes], ours: socket.socket):
        self.spec, self.process = spec, process
        self.endpoint: str = spec["aws_endpoint"]
        self.bodies: dict[str, Any] = {}
        self.snapshots: list[tuple[str, Any]] = []
        self.messages: queue.Queue[dict[str, Any]] = queue.Queue()
        self.silent: set[str] = set()  # processes that do not acknowledge
        self._socket = ours
        self._changed = threading.Condition()
        self._reader = threading.Thread(target=self._read, daemon=True)

    def start(self) -> None:
        self.send("spec", spec=self.spec)
        self._reader.start()
        self.message("ready")

    def send(self, kind: str, **members: Any) -> None:
        line = json.dumps({"kind": kind, "from": "supervisor", **members}).encode() + b"\n"
        self._socket.sendall(line)

    def _read(self) -> None:
        with contextlib.suppress(OSError):
            for line in self._socket.makefile("rb"):
                message = json.loads(line)
                if message["kind"] == "snapshot":
                    self._apply(message)
                else:
                    self.messages.put(message)

    def _apply(self, message: dict[str, Any]) -> None:
        to = message["to"]
        with self._changed:
            self.bodies[to] = message["body"]
            self.snapshots.append((to, message["body"]))
            self._changed.notify_all()
        if to not in self.silent:
            self._socket.sendall(
                json.dumps({"kind": "applied", "from": to, "version": message["version"]}).encode()
                + b"\n"
            )

    def message(self, kind: str, within_s: float = 10.0) -> dict[str, Any]:
        """The next message of `kind`; others are dropped."""
        deadline = clock.monotonic() + within_s
        while True:
            message = self.messages.get(timeout=max(0.01, deadline - clock.monotonic()))
            if message["kind"] == kind:
                return message

    def wait_body(self, process: str, holds: Any, within_s: float = 10.0) -> Any:
        """The body of `process` for which `holds(body)` is true."""
        with self._changed:
            assert self._changed.wait_for(
                lambda: process in self.bodies and holds(self.bodies[process]), within_s
            ), f"{process} never got what was awaited, but {self.bodies.get(process)}"
            return self.bodies[process]

    def client(self, service: str, region: str = REGIONS[0], **config: Any) -> Any:
        return boto3.client(
            service,
            region_name=region,
            endpoint_url=self.endpoint,
            aws_access_key_id="test",
            aws_secret_access_key="test",
            config=Config(retries={"total_max_attempts": 1}, **config),
        )

    def http(self, method: str, path: str, body: bytes = b"", **headers: str) -> tuple[int, bytes]:
        request = urllib.request.Request(
            self.endpoint + path, method=method, data=body or None, headers=headers
        )
        try:
            with urllib.request.urlopen(request, timeout=10) as response:
                return response.status, response.read()
        except urllib.error.HTTPError as error:
            with error:
                return error.code, error.read()

    def stop(self) -> None:
        with contextlib.suppress(OSError):
            self._socket.shutdown(socket.SHUT_RDWR)
        self._socket.close()
        try:
            self.process.wait(5)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        self._reader.join(5)


@contextlib.contextmanager
def running(directory: Path, speed: float = 10.0, **regions: dict[str, Any]) -> Iterator[Cloud]:
    """A `cloud` process; `regions` overrides ports by Region (`us_east_1=...`)."""
    spec = {
        "name": "cloud", "lab": "test", "dir": str(directory), "speed": speed, "seed": 1,
        "account": ACCOUNT, "token": "secret-of-the-lab",
        "aws_endpoint": f"http://127.0.0.1:{free_port()}", "dns": ["127.0.0.1", 1],
        "regions": {
            name: {"address": f"127.0.{i}.1", "bind": "127.0.0.1", "http": 1, "https": 1,
                   "dynamodb": free_port(), "invoke": free_port()}
            | regions.get(name.replace("-", "_"), {})
            for i, name in enumerate(REGIONS, 1)
        },
        "networks": default_networks(REGIONS), "ca_file": "", "ca_key_file": "",
        "lag_s": [0.6, 1.2],
        "checker_count": 16, "propagation_s": 0.0,
    }  # fmt: skip
    ours, theirs = socket.socketpair()
    with theirs, (directory / "cloud.log").open("wb") as output:
        process = subprocess.Popen(
            [sys.executable, "-m", "gameday.lab.process", "cloud", str(theirs.fileno()),
             str(os.getpid())],
            pass_fds=[theirs.fileno()], stdin=subprocess.DEVNULL, stdout=output, stderr=output,
        )  # fmt: skip
    cloud = Cloud(spec, process, ours)
    try:
        cloud.start()
        yield cloud
    finally:
        cloud.stop()
