"""Is a load over several processes one load, also when one of them is lost?"""

from __future__ import annotations

import contextlib
import json
import os
import signal
import socket
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from world import EU, NAME, ROOT, US, World, wait_until

from gameday import clock, settings
from gameday.journal import Event, EventLog, read_events, read_log
from gameday.load import logs
from gameday.load.options import load_options
from gameday.load.process import LoadProcess
from gameday.load.workers import CLOCK, Master, dealt, skew
from gameday.measure import run as measured
from gameday.measure.clients import recoveries

LOCUST = [sys.executable, "-m", "locust", "-f", "loadtests/steady.py", "--headless"]


def test_who_gets_which_clients() -> None:
    assert dealt(dict.fromkeys(range(5), "pooled.us"), ["a_2", "a_1"]) == {
        "a_1": [0, 2, 4], "a_2": [1, 3]
    }  # fmt: skip
    # as Locust deals its users: the first worker of each host, then the second
    assert dealt(dict.fromkeys(range(3), "pooled.us"), ["b_1", "a_1", "a_2"]) == {
        "a_1": [0], "b_1": [1], "a_2": [2]
    }  # fmt: skip


@pytest.mark.parametrize("workers", [2, 3, 7])
@pytest.mark.parametrize("populations", [1, 4, 5])
def test_has_every_worker_the_same_mix_also_of_what_a_lost_one_leaves(
    populations: int, workers: int
) -> None:
    """So that the loss of one looks like less load, not like clients that changed their Region."""
    kinds = {n: f"kind {n % populations}" for n in range(20 * populations)}
    ids = [f"h_{n}" for n in range(workers)]
    parts = dealt(kinds, ids)
    assert sorted(n for part in parts.values() for n in part) == list(kinds)
    for turn, part in enumerate(parts.values()):
        assert len(part) == len(range(turn, len(kinds), workers))  # as many as Locust gives users
        assert evenly(kinds, part, 20 / workers)
    lost = {n: kinds[n] for n in parts["h_0"]}
    assert all(
        evenly(kinds, part, len(lost) / populations / (workers - 1))
        for part in dealt(lost, ids[1:]).values()
    )


def evenly(kinds: dict[int, str], part: list[int], of_each: float) -> bool:
    counts = Counter(kinds[n] for n in part)
    return all(abs(counts[kind] - of_each) < 2 for kind in set(kinds.values()))


@pytest.mark.parametrize(
    ("asked", "answered", "received", "named"),
    [(100.0, 100.01, 100.02, False), (100.0, 105.0, 100.02, True), (100.0, 99.7, 100.02, True),
     (100.0, 100.2, 100.6, False), (100.0, 100.55, 101.0, False)],
)  # fmt: skip
def test_is_a_clock_named_only_when_it_is_surely_off_by_more_than_a_window(
    asked: float, answered: float, received: float, named: bool
) -> None:
    assert skew(asked, answered, received).beyond_a_window is named


class Runner:
    """What `Master` sees of Locust's: it keeps what it is handed."""

    def __init__(self) -> None:
        self.handlers: dict[str, Any] = {}

    def register_message(self, kind: str, handler: Any) -> None:
        self.handlers[kind] = handler

    def get_worker_index(self, worker_id: str) -> int:
        return {"near_1": 0, "far_1": 1}[worker_id]


def test_is_a_worker_whose_clock_is_off_named_and_the_other_not(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    runner = Runner()
    load = LoadProcess(
        settings.current({"GAMEDAY_RUN_DIR": str(tmp_path)}), load_options(environ={})
    )
    master = Master(runner, load)
    master._log = EventLog(tmp_path / "events" / "load-master.jsonl")
    now = clock.now()
    for worker, ahead_s in (("near_1", 0.0), ("far_1", 2.0)):
        data = {"asked": now, "answered": now + ahead_s}
        runner.handlers[CLOCK](environment=None, msg=SimpleNamespace(node_id=worker, data=data))
    assert [e["agrees"] for e in of_kind(tmp_path, "load.clock")] == [True, False]
    (line,) = caplog.messages
    assert "clock of worker far_1 (load process 1) is +2.00 s off; set it by NTP" in line


class Workers:
    """A Locust master and workers, each a process of its own."""

    def __init__(self, world: World) -> None:
        self.world = world
        with socket.create_server(("127.0.0.1", 0)) as free:
            self._port = str(free.getsockname()[1])
        self.started: list[subprocess.Popen[bytes]] = []

    def start(self, *arguments: str, **environ: str | None) -> subprocess.Popen[bytes]:
        env = self.world.environ() | {k: v for k, v in environ.items() if v is not None}
        for name in (k for k, v in environ.items() if v is None):
            env.pop(name, None)
        with (self.world.run_dir / f"locust-{len(self.started)}.log").open("wb") as log:
            process = subprocess.Popen(
                [*LOCUST, *arguments], cwd=ROOT, env=env, stdout=log, stderr=log
            )
        self.started.append(process)
        return process

    def master(self, workers: int, **environ: str | None) -> subprocess.Popen[bytes]:
        return self.start(
            "--master", "--expect-workers", str(workers),
            "--master-bind-host", "127.0.0.1", "--master-bind-port", self._port, **environ,
        )  # fmt: skip

    def worker(self, **environ: str | None) -> subprocess.Popen[bytes]:
        return self.start("--worker", "--master-port", self._port, **environ)

    def log(self, number: int) -> str:
        return (self.world.run_dir / f"locust-{number}.log").read_text()

    def end(self) -> None:
        for process in self.started:
            if process.poll() is None:
                process.kill()
            process.wait()


@contextlib.contextmanager
def workers_of(world: World) -> Iterator[Workers]:
    workers = Workers(world)
    try:
        yield workers
    finally:
        workers.end()


def windows(run_dir: Path, process: int) -> list[Event]:
    path = logs.path_of(run_dir, logs.EVENTS, process)
    return [e for e in read_log(path) if e["kind"] == "load.window"] if path.exists() else []


def answered(run_dir: Path, process: int) -> int:
    return sum(row["count"] for w in windows(run_dir, process) for row in w["rows"])


def of_kind(run_dir: Path, kind: str) -> list[Event]:
    return [e for e in read_events(run_dir) if e["kind"] == kind]


def offered_per_s(run_dir: Path, since: float, until: float) -> float:
    total = sum(
        w["offered"] for n in (0, 1) for w in windows(run_dir, n) if since <= w["at"] < until
    )
    return total / (until - since)


def test_do_workers_share_one_plan_with_and_without_a_disk_in_common(tmp_path: Path) -> None:
    with World(tmp_path, tls=True, ttl_s=60, lag_s=0.05) as world, workers_of(world) as workers:
        workers.worker()
        workers.worker(GAMEDAY_RUN_DIR=None, GAMEDAY_CLIENTS="pooled=100")  # elsewhere; ignorant
        master = workers.master(2, GAMEDAY_LOAD="surge=2")
        wait_until(lambda: answered(tmp_path, 0) > 80 and answered(tmp_path, 1) > 80, "requests")
        EventLog(tmp_path / "events" / "chaos.jsonl").append("fault.started", region=US)
        wait_until(lambda: len(of_kind(tmp_path, "load.surge")) == 2, "both surge")
        master.terminate()
        assert master.wait(timeout=20) == 0, workers.log(2)
        ended = of_kind(tmp_path, "load.ended")
        assert len(ended) == 2  # before the master was gone, whichever way the lines went
        started = of_kind(tmp_path, "load.started")
        clients = Counter(c["client"] for e in started for c in e["clients"])
        assert len(clients) == 40
        assert set(clients.values()) == {1}
        assert {e["rate_per_s"] for e in started} == {4.0}
        first = max(windows(tmp_path, n)[0]["at"] for n in (0, 1))
        # 40 a wall second in all; every client once a second, so whole seconds hold as many
        assert offered_per_s(tmp_path, first + 1, first + 2) == pytest.approx(40, abs=3)
        for total in ended:
            assert total["offered"] == total["sent"] + total["unsent"]
        (tmp_path / "run.json").write_text(json.dumps({"region": US, "speed": 10.0}))
        run = measured.load(tmp_path)
        assert {s.client for s in run.segments} <= set(clients)
        assert sum(s.count for s in run.segments) == sum(e["answered"] for e in ended)
        acked = [w for w in run.writes if w["outcome"] == "acknowledged"]
        assert {w["id"] for w in acked} <= set(world.store.items)
        for process in (0, 1):
            assert logs.path_of(tmp_path, logs.WRITES, process).stat().st_size > 0
        assert all(e["agrees"] for e in of_kind(tmp_path, "load.clock"))


def test_is_a_lost_worker_named_and_its_clients_not_mistaken_for_stuck_ones(tmp_path: Path) -> None:
    with World(tmp_path, tls=True, ttl_s=1, lag_s=0.05) as world, workers_of(world) as workers:
        workers.start("--worker", "--master-port", workers._port)
        lost = workers.worker()
        master = workers.master(2)
        wait_until(lambda: answered(tmp_path, 0) > 60 and answered(tmp_path, 1) > 60, "requests")
        world.us.mode = "error"
        fault_at = windows(tmp_path, 0)[-1]["at"]
        wait_until(lambda: _failed(tmp_path) > 40, "both hit")
        os.kill(lost.pid, signal.SIGKILL)
        wait_until(lambda: of_kind(tmp_path, "load.lost"), "the loss was seen")
        world.dns.names[NAME] = ["127.0.2.1"]
        left = answered(tmp_path, 0), answered(tmp_path, 1)
        wait_until(
            lambda: any(answered(tmp_path, n) > left[n] + 80 for n in (0, 1)), "the rest goes on"
        )
        master.terminate()
        assert master.wait(timeout=20) == 0, workers.log(2)
        (event,) = of_kind(tmp_path, "load.lost")
        assert event["clients"] == 20
        assert "is lost with 20 of 40 clients" in workers.log(2)
        assert len(of_kind(tmp_path, "load.ended")) == 1
        facts = {"region": US, "regions": [US, EU], "speed": 10.0}
        (tmp_path / "run.json").write_text(json.dumps(facts))
        with (tmp_path / "events" / "chaos.jsonl").open("w") as chaos:
            chaos.write(json.dumps({"at": fault_at, "kind": "fault.started", "region": US}) + "\n")
        run = measured.load(tmp_path)
        assert run.lost_processes == {event["process"]}
        assert len(run.lost_clients) == 20
        counted = {r.client for r in recoveries(run)}
        assert counted
        assert not counted & run.lost_clients


def _failed(run_dir: Path) -> int:
    return min(
        sum(
            row["count"] for w in windows(run_dir, n) for row in w["rows"] if row["outcome"] != "ok"
        )
        for n in (0, 1)
    ) * 2  # fmt: skip


def test_is_one_command_enough(tmp_path: Path) -> None:
    """`--processes 2`, as `LOCUST_PROCESSES=2 gameday run` starts it."""
    with (
        World(tmp_path, tls=True, ttl_s=60, lag_s=0.05) as world,
        workers_of(world) as workers,
    ):
        with world.load(
            "--processes", "2", "--master-bind-host", "127.0.0.1",
            "--master-bind-port", workers._port, "--master-port", workers._port,
        ):  # fmt: skip
            wait_until(lambda: answered(tmp_path, 0) > 60 and answered(tmp_path, 1) > 60, "both")
        assert len(of_kind(tmp_path, "load.ended")) == 2
