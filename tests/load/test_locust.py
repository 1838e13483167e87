"""What does Locust do when it is started by hand?"""

from __future__ import annotations

import json
import signal
import socket
import subprocess
import sys
import urllib.request
from collections import Counter
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pytest
from world import EU, NAME, ROOT, US, World, wait_until

from gameday.measure import run as measured
from gameday.measure.audit import Held, audit


def locust(
    *arguments: str, env: dict[str, str], timeout_s: float = 30
) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "locust", "-f", "loadtests/steady.py", "--headless", *arguments],
        cwd=ROOT, env=env, text=True, capture_output=True, timeout=timeout_s, check=False,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["--clients", "polled=100"], "gameday: clients: there is no profile 'polled'"),
        (["--rate", "many"], "gameday: rate: 'many' is not a number"),
        ([], "gameday: nothing to send to: set GAMEDAY_ENDPOINT"),
    ],
)
def test_is_a_mistake_one_clear_line(tmp_path: Path, arguments: list[str], says: str) -> None:
    env = {"PATH": "/usr/bin:/bin", "HOME": str(tmp_path), "PYTHONPATH": str(ROOT)}
    done = locust(*arguments, env=env)
    assert done.returncode != 0
    (line,) = [x for x in done.stderr.splitlines() if x.startswith("gameday:")]
    assert says in line
    assert "Traceback" not in done.stderr


def test_is_a_run_readable_by_who_measures_it(tmp_path: Path) -> None:
    with World(tmp_path, tls=True, ttl_s=60, lag_s=0.1) as world:
        world.dns.names[NAME] = ["127.0.2.1"]
        networks = tmp_path / "networks.yaml"
        networks.write_text(
            "- {id: near-us, cidr: 198.51.100.0/24, latency_ms: {us-east-1: 5, eu-west-1: 60}}\n"
            "- {id: near-eu, cidr: 203.0.113.0/24, latency_ms: {us-east-1: 60, eu-west-1: 5}}\n"
        )
        world.dns.by_subnet["198.51.100.0/24"] = {NAME: ["127.0.1.1"]}
        with world.load(GAMEDAY_NETWORKS_FILE=str(networks)):
            wait_until(lambda: len(world.events("load.sample")) > 10, "samples")
            wait_until(lambda: sum(world.counts().values()) > 150, "requests")
        (tmp_path / "run.json").write_text(json.dumps({"region": US, "speed": 10.0}))
        run = measured.load(tmp_path)
    assert len(run.segments) == 80  # 2 profiles, 2 networks, 20 each
    assert {(s.network, s.region) for s in run.segments} == {("near-us", US), ("near-eu", EU)}
    answered = sum(row["count"] for w in run.windows for row in w["rows"])
    assert answered == sum(s.count for s in run.segments)
    assert sum(w["unsent"] for w in run.windows) == 0
    acked = [w for w in run.writes if w["outcome"] == "acknowledged"]
    in_flight_at_the_end = len(run.writes) - len(acked)
    assert {w["id"] for w in acked} <= set(world.store.items)
    assert len(world.store.items) - len(acked) <= in_flight_at_the_end
    assert {w["region"] for w in acked} == {US, EU}
    assert len({w["key"] for w in run.writes}) == len(run.writes)
    behind = [s["behind_s"] for s in run.of("load.sample")]
    assert 0.0 < max(behind) < 3.0  # the lag is one AWS second


def test_is_a_404_of_another_region_no_error_and_of_the_same_region_one(tmp_path: Path) -> None:
    with (
        World(tmp_path, tls=False, ttl_s=1, lag_s=1000.0) as world,
        world.load("--load", "poisson", GAMEDAY_CLIENTS="per-request=100", GAMEDAY_RATE_PER_S="6"),
    ):
        wait_until(lambda: world.counts()[US, "ok"] > 100, "warm")
        world.dns.names[NAME] = ["127.0.2.1"]
        wait_until(lambda: world.counts()[EU, "ok"] > 60, "moved")
        (started,) = world.events("load.started")
        assert (started["workload"], started["course"]) == ("open", "poisson")
        (stale, *_) = world.events("load.read")  # the lag is longer than the test
        assert (stale["region"], stale["written_in"]) == (EU, US)
        assert stale["behind_s"] >= 5.0
        reads = Counter[str]()
        for window in world.events("load.window"):
            reads.update(window.get("reads", {}))
        assert 0 < reads["stale"] < reads["checked"]
        assert reads["own_writes"] > 0, "clients that moved miss what they wrote themselves"
        assert {outcome for _, outcome in world.counts()} == {"ok"}
        world.store.items.clear()  # the survivor forgets its own
        wait_until(lambda: world.counts()[EU, "http_4xx"] > 3, "lost items seen")


CRUD = """
from locust import constant, task
from gameday.load.user import FailoverUser

class CrudUser(FailoverUser):
    wait_time = constant(0.4)

    @task(2)
    def write(self):
        with self.writing() as write:
            headers = {"Idempotency-Key": write.key}
            with self.client.post("/items", json={}, headers=headers, catch_response=True) as r:
                write.answer(r)

    @task(1)
    def read(self):
        if item := self.known_item(0.0):
            with self.client.get(f"/items/{item.id}", name="/items/{id}", catch_response=True) as r:
                self.saw(item, r)

    @task(1)
    def delete(self):
        if item := self.known_item(0.0):
            url = f"/items/{item.id}"
            with self.deleting(item) as write:
                with self.client.delete(url, name="/items/{id}", catch_response=True) as r:
                    write.answer(r)
"""


def test_are_unknown_and_refused_changes_told_apart_and_deletes_audited(tmp_path: Path) -> None:
    (tmp_path / "crud.py").write_text(CRUD)
    with World(tmp_path, tls=False, ttl_s=60, lag_s=0.0) as world:
        file = tmp_path / "crud.py"
        with world.load(end=signal.SIGINT, file=file, GAMEDAY_CLIENTS="pooled=100"):
            wait_until(lambda: len(rows(world, "put", "acknowledged")) > 60, "items to delete")
            for mode, known in (("throttled", "failed"), ("error", "unknown")):
                world.us.mode = mode
                for op in ("put", "delete"):
                    wait_until(lambda op=op, known=known: rows(world, op, known), f"{op} {known}")
        refused = [w for w in world.ledger() if w["outcome"] != "acknowledged"]
        assert all(w["acked_at"] is None for w in refused)
        assert len(world.events("load.ended")) == 1  # Ctrl-C flushes as SIGTERM does
        (started,) = world.events("load.started")
        own_pace = (started["workload"], started["rate_per_s"])
        assert own_pace == ("closed", None), "its users wait as they like"
        assert world.events("load.read") == [], "who looks for what was deleted is not astonished"
        deleted = rows(world, "delete", "acknowledged")[0]["id"]
        found = audit(world.ledger(), held(world.store.items, world.store.items))
        assert (found.lost, found.diverged, found.resurrected) == (0, 0, 0)
        assert found.deleted == len(rows(world, "delete", "acknowledged"))
        back = held([*world.store.items, deleted], world.store.items)
        assert audit(world.ledger(), back).resurrected_ids == (deleted,)


def held(*ids_by_region: Iterable[str]) -> Held:
    """The tables of both Regions, by the ids of their items."""
    found = Held([US, EU])
    for region, ids in zip((US, EU), ids_by_region, strict=True):
        found.take({"region": region, "id": i, "key": i.removeprefix("id-")} for i in ids)
    return found


def rows(world: World, op: str, outcome: str) -> list[dict[str, Any]]:
    """The rows of the ledger so far."""
    if not (world.run_dir / "ledger" / "writes-0.jsonl").exists():
        return []
    return [w for w in world.ledger() if (w["op"], w["outcome"]) == (op, outcome)]


def test_does_it_run_without_a_run_directory_and_for_a_given_time(tmp_path: Path) -> None:
    with World(tmp_path, tls=True, ttl_s=60, lag_s=0.0) as world:
        env = world.environ()
        del env["GAMEDAY_RUN_DIR"]
        done = locust("--run-time", "6", "--json", "--load", "closed", env=env)
        assert done.returncode == 0, done.stderr
        stats = json.loads(done.stdout)
        assert {s["name"] for s in stats} <= {f"/items [{US}]", f"/items/{{id}} [{US}]"}
        assert sum(s["num_requests"] for s in stats) > 60  # 40 a second, on an idle machine
        assert sum(s["num_failures"] for s in stats) == 0
    assert not (tmp_path / "events").exists()


def test_does_locust_s_own_page_show_the_regions_and_know_how_many_users(tmp_path: Path) -> None:
    with World(tmp_path, tls=True, ttl_s=60, lag_s=0.0) as world:
        with socket.create_server(("127.0.0.1", 0)) as free:
            port = free.getsockname()[1]
        process = subprocess.Popen(
            [sys.executable, "-m", "locust", "-f", "loadtests/steady.py", "--autostart",
             "--web-host", "127.0.0.1", "--web-port", str(port)],
            cwd=ROOT, env=world.environ(), stderr=subprocess.DEVNULL,
        )  # fmt: skip
        try:
            url = f"http://127.0.0.1:{port}/stats/requests"

            def stats() -> dict[str, Any]:
                try:
                    with urllib.request.urlopen(url, timeout=5) as page:
                        found: dict[str, Any] = json.load(page)
                        return found
                except OSError:  # not up yet
                    return {}

            wait_until(lambda: f"/items [{US}]" in str(stats()), "a row of the Region")
            assert stats()["user_count"] == 40
        finally:
            process.terminate()
            process.communicate(timeout=20)
