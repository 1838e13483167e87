"""Does somebody else's locustfile work as it is?"""

from __future__ import annotations

import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest
from test_workers import of_kind
from world import EU, NAME, ROOT, US, World, wait_until

from gameday.controls.load import BESIDE
from gameday.controls.locustfile import unusable, why_ended

FILE = """
from locust import HttpUser, FastHttpUser, constant, task

class Shopper({base}):
    wait_time = constant(0.5)
    host = "https://{name}"

    @task
    def write(self):
        self.client.post("/items", json={{"value": "x"}}, headers={{"Idempotency-Key": "k"}})

    @task
    def read(self):
        with self.client.get("/items/none?x=1", name="/items/[id]", catch_response=True) as r:
            if r.status_code == 404:
                r.success()
"""


OWN_WAYS = """
from locust import LoadTestShape, events

class NineUsers(LoadTestShape):
    def tick(self):
        return 9, 9

@events.quitting.add_listener
def judge(environment, **_):
    environment.process_exit_code = 7
"""


OF_0 = """
from locust import HttpUser, TaskSet, task
class T(TaskSet):
    @task
    def t(self): ...
class U(HttpUser):
    """


@pytest.mark.parametrize("base", ["HttpUser", "FastHttpUser"])
def test_do_its_users_follow_dns_as_their_profiles_say(tmp_path: Path, base: str) -> None:
    file = tmp_path / "shop.py"
    own_ways = base == "HttpUser"  # its shape and its verdict stay its own
    file.write_text(FILE.format(base=base, name=NAME) + (OWN_WAYS if own_ways else ""))
    with World(tmp_path, tls=True, ttl_s=1, lag_s=0.0) as world:
        process = subprocess.Popen(
            [sys.executable, "-m", "locust", "-f", f"{BESIDE},{file}", "--headless"], cwd=ROOT,
            env=world.environ(GAMEDAY_CLIENTS="per-request=50,pooled=50",
                              GAMEDAY_CLIENTS_PER_POPULATION="5"),
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        )  # fmt: skip
        try:
            wait_until(lambda: world.counts()[US, "ok"] > 40, "warm")
            world.dns.names[NAME] = ["127.0.2.1"]
            wait_until(lambda: world.counts()[EU, "ok"] > 20, "moved")
            world.us.mode = "error"
            wait_until(lambda: world.counts()[US, "http_5xx"] > 3, "the pooled ones fail")
            world.us.mode = "reset"
            wait_until(lambda: world.counts()[US, "reset"] > 3, "reset")
        finally:
            process.terminate()
            assert process.wait(timeout=20) == (7 if own_ways else 1)  # as without us
        if own_ways:
            assert len({s["client"] for s in world.events("client.segment")}) == 9
        (started,) = of_kind(tmp_path, "load.started")
        assert (started["workload"], started["rate_per_s"]) == ("closed", None)
        seen: Counter[tuple[str, str]] = Counter()
        for window in world.events("load.window"):
            for row in window["rows"]:
                seen[row["profile"], row["outcome"]] += row["count"]
        assert seen["pooled", "http_5xx"]
        assert {o for (profile, o), n in seen.items() if profile == "per-request" and n} == {"ok"}
        assert world.store.items


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("import nosuchpackage\n", "does not import: the package nosuchpackage is not installed"),
        ("from locust import HttpLocust, TaskSet\n", "written for Locust 0.x (HttpLocust)"),
        (OF_0 + "task_set = T", "U has a task_set, as in Locust 0.x: since 1.0 it is `tasks ="),
        ("x = 1\n", "has no user class"),
        ("def f(:\n", "does not import: SyntaxError"),
        ("import os\nos.environ['OF_THE_TARGET']\n", None),  # which a run may have
    ],
)
def test_what_is_known_of_a_locustfile_before_anything_is_started(
    tmp_path: Path, text: str, says: str | None
) -> None:
    file = tmp_path / "shop.py"
    file.write_text(text)
    line = unusable(file)
    assert line is None if says is None else line and line.startswith(f"{file}: {says}")
    assert "\n" not in str(line)


def test_is_a_load_without_a_target_one_clear_line(tmp_path: Path) -> None:
    file = tmp_path / "bad.py"
    file.write_text(OF_0 + "tasks = [T]")
    done = subprocess.run(
        [sys.executable, "-m", "locust", "-f", f"{BESIDE},{file}", "--headless", "-t", "1"],
        cwd=ROOT, env={"PATH": "/usr/bin:/bin", "HOME": str(tmp_path), "PYTHONPATH": str(ROOT)},
        capture_output=True, text=True, timeout=30, check=False,
    )  # fmt: skip
    assert done.returncode != 0
    line = why_ended("bad.py", (done.stdout + done.stderr).strip().splitlines())
    assert line is not None
    assert line.startswith("bad.py: nothing to send to")
