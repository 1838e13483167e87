"""A whole Region as its own process, started as the supervisor starts it, on ports of its own."""

from __future__ import annotations

import contextlib
import http.client
import json
import os
import socket
import ssl
import subprocess
import sys
import threading
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import boto3
from botocore.config import Config

from gameday import clock
from gameday.lab import authority

REGION = "us-east-1"
DEADLINE_S = 30.0


def wait_until(condition: Callable[[], Any], within_s: float = DEADLINE_S) -> Any:
    """What `condition()` answers once it is true."""
    deadline = clock.monotonic() + within_s
    while not (answer := condition()):
        assert clock.monotonic() < deadline, f"not within {within_s} s: {condition}"
        clock.sleep_wall(0.01)
    return answer


def free_ports(count: int) -> list[int]:
    with contextlib.ExitStack() as stack:
        socks = [stack.enter_context(socket.socket()) for _ in range(count)]
        for sock in socks:
            sock.bind(("127.0.0.1", 0))
        return [s.getsockname()[1] for s in socks]


def function(code: Path, handler: str, **members: Any) -> dict[str, Any]:
    """A function of a snapshot."""
    return {
        "arn": f"arn:aws:lambda:{REGION}:123456789012:function:f", "handler": handler,
        "runtime": "python3.11", "code": str(code), "timeout_s": 10, "memory_mb": 128,
        "environment": {}, "reserved": None, "revision": "1", **members,
    }  # fmt: skip


def api(*routes: tuple[str, str, str], **members: Any) -> dict[str, Any]:
    """An API of a snapshot, from (method, path, function)."""
    return {
        "id": "abc123", "name": "shop", "kind": "rest", "stage": "prod", "stage_variables": {},
        "binary_types": [], "gateway_responses": {},
        "routes": [
            {"method": m, "path": p,
             "integration": {"type": "AWS_PROXY", "function": f, "timeout_ms": 29000}}
            for m, p, f in routes
        ], **members,
    }  # fmt: skip


def spec(tmp_path: Path, **members: Any) -> dict[str, Any]:
    """The spec of a lab with one Region, on free ports of 127.0.0.1."""
    ca_file, ca_key_file = authority.create(tmp_path)
    http_port, https_port, dynamodb, invoke, endpoint = free_ports(5)
    return {
        "name": f"region/{REGION}", "lab": "test", "dir": str(tmp_path), "speed": 10.0, "seed": 1,
        "account": "123456789012", "token": "t0ken", "dns": ["127.0.0.1", 1],
        "aws_endpoint": f"http://127.0.0.1:{endpoint}", "region": REGION,
        "regions": {REGION: {"address": "127.0.1.1", "bind": "127.0.0.1", "http": http_port,
                             "https": https_port, "dynamodb": dynamodb, "invoke": invoke}},
        "networks": [], "ca_file": str(ca_file), "ca_key_file": str(ca_key_file),
        "lag_s": [0.6, 1.2], "checker_count": 16, "propagation_s": 0.0, **members,
    }  # fmt: skip


class RegionProcess:
    """The supervisor's end of one Region."""

    def __init__(
        self, spec: dict[str, Any], environ: Mapping[str, str] | None = None,
        must_start: bool = True,
    ) -> None:  # fmt: skip
        self.spec = spec
        self.log = Path(spec["dir"]) / "region.log"
        ours, theirs = socket.socketpair()
        with self.log.open("w") as log:
            self.process = subprocess.Popen(
            [sys.executable, "-m", "gameday.lab.process", "region", str(theirs.fileno()),
             str(os.getpid())],
            pass_fds=[theirs.fileno()], env=None if environ is None else dict(environ),
            stderr=log,
        )  # fmt: skip
        theirs.close()
        self._file = ours.makefile("rw")
        self._sock = ours
        self.messages: list[dict[str, Any]] = []
        self._reading = threading.Thread(target=self._read, daemon=True)
        self._reading.start()
        self._asks = self._version = 0
        self._send(kind="spec", spec=spec)
        if must_start:
            self.wait_for("ready")

    @property
    def ports(self) -> dict[str, Any]:
        ports: dict[str, Any] = self.spec["regions"][REGION]
        return ports

    def wait_for(self, kind: str, **members: Any) -> dict[str, Any]:
        """The first message of `kind` that has `members`."""

        def found() -> dict[str, Any] | None:
            assert self.process.poll() is None, self.log.read_text()
            return next((m for m in self.messages
                         if m["kind"] == kind and members.items() <= m.items()), None)  # fmt: skip

        answer: dict[str, Any] = wait_until(found)
        return answer

    def first_message(self) -> dict[str, Any]:
        """What the process says first, whether it starts or not."""
        wait_until(lambda: self.messages)
        return self.messages[0]

    def apply(self, **body: Any) -> None:
        """Send a snapshot and wait until it holds."""
        self._version += 1
        self._send(kind="snapshot", version=self._version, body=body, **{"from": "cloud"})
        self.wait_for("applied", version=self._version)

    def fault(self, cut: list[str]) -> None:
        """Cut or heal, and wait until it is so."""
        self._send(kind="fault", cut=cut, lag_s=[0.6, 1.2])
        wait_until(lambda: self.status()["cut"] == (REGION in cut))

    def status(self) -> dict[str, Any]:
        self._asks += 1
        self._send(kind="report", ask=self._asks)
        status: dict[str, Any] = self.wait_for("answer", ask=self._asks)["status"]
        return status

    def request(
        self, method: str, path: str, body: Any = None, headers: Mapping[str, str] | None = None,
        port: str = "http", timeout_s: float = DEADLINE_S,
    ) -> http.client.HTTPResponse:  # fmt: skip
        """One request on a connection of its own; the answer is read into `.text`."""
        client = self.connect(port, timeout_s)
        try:
            client.request(method, path, body, dict(headers or {}))
            answer = client.getresponse()
            answer.text = answer.read().decode()  # type: ignore[attr-defined]
            return answer
        finally:
            client.close()

    def connect(self, port: str = "http", timeout_s: float = DEADLINE_S) -> Any:
        if port == "https":
            context = ssl.create_default_context(cafile=self.spec["ca_file"])
            return http.client.HTTPSConnection(
                "127.0.0.1", self.ports["https"], timeout=timeout_s, context=context
            )
        return http.client.HTTPConnection("127.0.0.1", self.ports[port], timeout=timeout_s)

    def get(self, path: str, **headers: str) -> http.client.HTTPResponse:
        """GET of the API abc123's stage prod."""
        return self.request("GET", f"/_aws/execute-api/abc123/prod{path}", headers=headers)

    def close(self) -> None:
        """End the Region as a supervisor that goes away does: by end of file."""
        with contextlib.suppress(OSError):
            self._sock.shutdown(socket.SHUT_RDWR)
        self._reading.join()
        self._file.close()
        self._sock.close()
        try:
            self.process.wait(10)
        finally:
            self.process.kill()
            self.process.wait()

    def _send(self, **message: Any) -> None:
        self._sock.sendall(json.dumps(message).encode() + b"\n")

    def _read(self) -> None:
        with contextlib.suppress(OSError, ValueError):
            for line in self._file:
                self.messages.append(json.loads(line))


def client(region: RegionProcess) -> Any:
    """A client of the Region's Lambda API; it asks once."""
    return boto3.client(
        "lambda", REGION, endpoint_url=f"http://127.0.0.1:{region.ports['invoke']}",
        aws_access_key_id="x", aws_secret_access_key="x",
        config=Config(retries={"total_max_attempts": 1}),
    )  # fmt: skip


def invoke(region: RegionProcess, name: str, event: Any = None, **more: Any) -> Any:
    return client(region).invoke(FunctionName=name, Payload=json.dumps(event or {}), **more)
