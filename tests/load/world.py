"""Two small Regions, their DNS and a Locust process in front of them, as one thing to stand in."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import ssl
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import trustme
from fake_region import FakeDns, FakeRegion, Store

from gameday.journal import read_log

ROOT = Path(__file__).parents[2]
US, EU = "us-east-1", "eu-west-1"
NAME = "api.example.test"
DEADLINE_S = 30.0
SPEED = 10.0

Event = dict[str, Any]


class World:
    """`us` serves everybody until `dns.names[NAME]` says otherwise."""

    def __init__(self, run_dir: Path, *, tls: bool, ttl_s: int, lag_s: float) -> None:
        self.run_dir, self.ttl_s, self.store = run_dir, ttl_s, Store(lag_s)
        self.tls = tls

    def __enter__(self) -> World:
        with contextlib.ExitStack() as stack:
            context = self._authority() if self.tls else None
            self.us, self.eu = self._regions(context)
            stack.enter_context(self.us)
            stack.enter_context(self.eu)
            names = {
                NAME: ["127.0.1.1"],
                f"{US}.{NAME}": ["127.0.1.1"],
                f"{EU}.{NAME}": ["127.0.2.1"],
            }
            self.dns = stack.enter_context(FakeDns(names, ttl_s=self.ttl_s))
            self._stack = stack.pop_all()
        return self

    def __exit__(self, *exc: object) -> None:
        self._stack.close()

    def _authority(self) -> ssl.SSLContext:
        authority = trustme.CA()
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        authority.issue_cert(NAME, f"*.{NAME}").configure_cert(context)
        authority.cert_pem.write_to_path(str(self.run_dir / "ca.pem"))
        return context

    def _regions(self, tls: ssl.SSLContext | None) -> tuple[FakeRegion, FakeRegion]:
        """Both Regions on one port, whichever is free on both addresses."""
        for _ in range(20):
            us = FakeRegion(US, "127.0.1.1", self.store, tls=tls)
            try:
                return us, FakeRegion(EU, "127.0.2.1", self.store, port=us.port, tls=tls)
            except OSError:
                us._server.server_close()
        raise RuntimeError("no port is free on both addresses")

    def environ(self, **more: str) -> dict[str, str]:
        """A bare environment with the target in it."""
        env = {
            "PATH": os.environ["PATH"], "HOME": str(self.run_dir), "PYTHONPATH": str(ROOT),
            "GAMEDAY_DNS": f"127.0.0.1:{self.dns.address[1]}", "GAMEDAY_ENDPOINT": NAME,
            "GAMEDAY_REGIONS": f"{US},{EU}", "GAMEDAY_SPEED": str(SPEED), "GAMEDAY_SEED": "4711",
            "GAMEDAY_HTTPS_PORT": str(self.us.port), "GAMEDAY_RUN_DIR": str(self.run_dir),
            "GAMEDAY_RATE_PER_S": "4", "GAMEDAY_CLIENTS_PER_POPULATION": "20",
        }  # fmt: skip
        if self.tls:
            env["GAMEDAY_CA_FILE"] = str(self.run_dir / "ca.pem")
        return {**env, **more}

    @contextlib.contextmanager
    def load(
        self,
        *arguments: str,
        end: signal.Signals = signal.SIGTERM,
        file: str | Path = "loadtests/steady.py",
        **more: str,
    ) -> Iterator[subprocess.Popen[str]]:
        """Steady traffic without a web page, ended by a signal; its exit code must be 0."""
        host = [] if self.tls else ["--host", f"http://{NAME}:{self.us.port}"]
        locust = [sys.executable, "-m", "locust", "-f", str(file), "--headless"]
        process = subprocess.Popen(
            [*locust, *host, *arguments],
            cwd=ROOT, env=self.environ(**more), text=True,
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
        )  # fmt: skip
        try:
            yield process
            process.send_signal(end)
            output, _ = process.communicate(timeout=DEADLINE_S)
            (self.run_dir / "locust.log").write_text(output)
            assert process.returncode == 0, output
        finally:
            if process.poll() is None:
                process.kill()
            process.communicate()

    def events(self, *kinds: str) -> list[Event]:
        """What the load process has written so far."""
        path = self.run_dir / "events" / "load-0.jsonl"
        return [e for e in read_log(path) if e["kind"] in kinds] if path.exists() else []

    def counts(self, since: float = 0.0) -> Counter[tuple[str, str]]:
        """Requests meant to start since then, by Region and outcome."""
        found: Counter[tuple[str, str]] = Counter()
        for window in self.events("load.window"):
            if window["at"] >= since:
                for row in window["rows"]:
                    found[row["region"], row["outcome"]] += row["count"]
        return found

    def ledger(self) -> list[Event]:
        """The writes of the run."""
        path = self.run_dir / "ledger" / "writes-0.jsonl"
        return [json.loads(line) for line in path.read_text().splitlines()]


def wait_until(condition: Callable[[], Any], what: str, within_s: float = DEADLINE_S) -> None:
    """Come back when it is true; fail when it does not become so in time."""
    deadline = time.monotonic() + within_s
    while not condition():
        assert time.monotonic() < deadline, f"never happened: {what}"
        time.sleep(0.05)
