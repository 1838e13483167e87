"""Does Locust's page show the failover, in a real browser, with the numbers of the events?"""

from __future__ import annotations

import contextlib
import json
import os
import re
import shutil
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from world import EU, NAME, ROOT, US, World, wait_until

from gameday.journal import EventLog, read_events
from gameday.measure.expected import expected

CHROMIUM = shutil.which("chromium")
ARGS = [
    "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
    "--disable-background-networking", "--disable-component-update", "--disable-sync",
]  # fmt: skip
SHOTS = os.environ.get("GAMEDAY_TEST_SCREENSHOTS")

browser_wanted = pytest.mark.skipif(CHROMIUM is None, reason="no chromium on this machine")


class Dashboard:
    """A Locust with its web pages, on a port of its own."""

    def __init__(self, world: World, *arguments: str, **environ: str | None) -> None:
        with socket.create_server(("127.0.0.1", 0)) as free:
            self.port = free.getsockname()[1]
        env = world.environ() | {k: v for k, v in environ.items() if v is not None}
        for name in (k for k, v in environ.items() if v is None):
            env.pop(name)
        self.url = f"http://127.0.0.1:{self.port}"
        self.log = world.run_dir / "web.log"
        with self.log.open("wb") as log:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "locust", "-f", "loadtests/steady.py", "--autostart",
                 "--web-port", str(self.port), *arguments],
                cwd=ROOT, env=env, stdout=log, stderr=log,
            )  # fmt: skip

    def get(self, path: str) -> tuple[int, bytes]:
        try:
            with urllib.request.urlopen(f"{self.url}{path}", timeout=5) as page:
                return page.status, page.read()
        except urllib.error.HTTPError as error:
            return error.code, b""
        except OSError:  # not up yet
            return 0, b""

    def data(self) -> dict[str, Any]:
        status, body = self.get("/failover/data")
        return json.loads(body) if status == 200 else {}

    def answered(self) -> int:
        return int(self.data().get("totals", {}).get("answered", 0))

    def end(self) -> None:
        self._process.terminate()
        try:
            self._process.wait(timeout=20)
        finally:
            self._process.kill()
            self._process.wait()


@contextlib.contextmanager
def dashboard(world: World, *arguments: str, **environ: str | None) -> Iterator[Dashboard]:
    shown = Dashboard(world, *arguments, **environ)
    try:
        yield shown
    finally:
        shown.end()


@contextlib.contextmanager
def page_of(url: str, width: int = 1280, height: int = 900) -> Iterator[Any]:
    from playwright.sync_api import sync_playwright

    with sync_playwright() as p:
        browser = p.chromium.launch(executable_path=CHROMIUM, args=ARGS)
        page = browser.new_page(viewport={"width": width, "height": height})
        page.goto(url)
        yield page
        browser.close()


def shoot(page: Any, name: str) -> None:
    if SHOTS:
        page.screenshot(path=str(Path(SHOTS) / f"{name}.png"), full_page=True)


def tell(run_dir: Path, writer: str, kind: str, **members: Any) -> None:
    log = EventLog(run_dir / "events" / f"{writer}.jsonl")
    log.append(kind, **members)
    log.close()


def number(text: str) -> int:
    return int(re.sub(r"\D", "", text))


@browser_wanted
def test_is_a_failover_followed_to_its_end_with_the_numbers_of_the_events(tmp_path: Path) -> None:
    facts = {"region": US, "regions": [US, EU], "endpoint": NAME, "speed": 10.0, "seed": 4711,
             "objectives": {"rto_s": 60.0, "rpo_s": 5.0},
             "hypothesis": {"success_pct": 99.0, "window_s": 10.0},
             "load": {"rate_per_s": 4.0}}  # fmt: skip
    (tmp_path / "run.json").write_text(json.dumps(facts))
    for export in ("zone.json", "health-checks.json"):  # of the reference backend
        shutil.copy(ROOT / "reports" / "sample" / export, tmp_path)
    with World(tmp_path, tls=True, ttl_s=1, lag_s=0.05) as world:
        with dashboard(world, GAMEDAY_CLIENTS="per-request=100") as shown:
            wait_until(lambda: shown.answered() > 100, "requests")
            health = {"check": "c1", "region": US, "of": 16}
            tell(tmp_path, "watch", "health.status", **health, healthy=True, votes=16)
            with page_of(f"{shown.url}/?tab=failover") as page:
                tab = page.frame_locator("iframe[title=Failover]")
                tab.get_by_text("no fault yet").wait_for()
                legend = tab.locator("#legend").inner_text().split("\n")
                assert legend == [f"{US} 100 %", f"{EU} 0 %", "failed", "offered"]
                tell(tmp_path, "chaos", "fault.started", action="x", region=US)
                world.us.mode = "error"
                tab.get_by_text("not recovered yet; objective 60 s").wait_for()
                tab.get_by_text("predicted recovery").wait_for()
                band = (expected(tmp_path) or {})["recovery"]
                text = tab.locator("#clock .small").inner_text()
                said = re.search(r"predicted (\d+) to (\d+) s", text)
                assert said, text
                # more of each client's pace is known by now than when the page asked
                assert int(said[1]) == pytest.approx(band["p5_s"], abs=10)
                assert int(said[2]) == pytest.approx(band["p95_s"], abs=10)
                shown_to = float(tab.locator("rect.band").evaluate("b => b.x.baseVal.value"))
                assert shown_to > 0
                tell(tmp_path, "watch", "health.status", **health, healthy=False, votes=1)
                world.dns.names[NAME] = ["127.0.2.1"]
                tab.get_by_text(re.compile("^recovered; objective 60 s")).wait_for(timeout=30_000)
                seen = number(tab.locator("#clock .big").inner_text())
                page.wait_for_timeout(1_100)
                shoot(page, "light")
                around = tab.locator("#around").inner_text()
                assert "UNHEALTHY, 1 of 16 checkers" in around
                assert f"{US} unhealthy" in tab.locator("#events").inner_text()
                assert "HTTP/1.1" in tab.locator(".note").inner_text()
                for name in ("Statistics", "Charts", "Failures", "Exceptions", "Failover"):
                    page.get_by_role("tab", name=name).click()
                    shown_here = page.locator("iframe[title=Failover]").count()
                    assert shown_here == (name == "Failover"), name
                page.get_by_role("tab", name="Statistics").click()
                page.get_by_text(f"/items [{EU}]").first.wait_for()
        ended = [e for e in read_events(tmp_path) if e["kind"] == "load.ended"]
        assert len(ended) == 1
        fault_at = next(e["at"] for e in read_events(tmp_path) if e["kind"] == "fault.started")
        failing = [
            w["at"] for w in read_events(tmp_path)
            if w["kind"] == "load.window" and any(r["outcome"] != "ok" for r in w["rows"])
        ]  # fmt: skip
        assert seen == pytest.approx((max(failing) - fault_at) * 10, abs=10.5)  # one window


@browser_wanted
def test_does_it_say_what_could_not_be_sent_in_the_dark_and_on_a_telephone(tmp_path: Path) -> None:
    """A server that hangs: Locust's own figures stay green, since nothing is asked any more."""
    with (
        World(tmp_path, tls=True, ttl_s=60, lag_s=0.05) as world,
        dashboard(
            world,
            GAMEDAY_CLIENTS="pooled=100",
            GAMEDAY_RUN_DIR=None,
            GAMEDAY_CLIENTS_PER_POPULATION="4",
        ) as shown,
    ):
        wait_until(lambda: shown.answered() > 60, "requests")
        world.us.mode = "hang"
        wait_until(lambda: shown.data()["totals"]["not_sent_pct"] > 25, "many wait")
        with page_of(f"{shown.url}/?tab=failover", width=390, height=844) as page:
            page.evaluate("localStorage.theme = 'dark'")
            page.reload()
            frame = page.frame_locator("iframe[title=Failover]")
            line = frame.locator("#unsent")
            line.wait_for()
            said = re.fullmatch(
                r"(\d+) % of the offered requests could not be sent", line.inner_text()
            )
            assert said
            totals = shown.data()["totals"]
            assert int(said[1]) == pytest.approx(totals["not_sent_pct"], abs=8)
            assert totals["sent"] == totals["offered"] - totals["waiting"] - totals["unsent"]
            page.wait_for_timeout(1_100)
            shoot(page, "dark-narrow")
            wider = "document.documentElement.scrollWidth - innerWidth"
            inner = page.frames[-1]
            assert inner.evaluate(wider) <= 0
            hidden = (
                "[...document.querySelectorAll('.scroll')].map(e => e.scrollWidth - e.clientWidth)"
            )
            assert inner.evaluate(hidden) == [0, 0]  # no column is out of sight
            assert inner.evaluate("document.documentElement.dataset.theme") == "dark"
            page.set_viewport_size({"width": 1280, "height": 900})
            page.wait_for_timeout(1_100)
            shoot(page, "dark")
        assert not (tmp_path / "events").exists()  # without a run nothing is left


def test_is_the_page_only_here_and_locusts_own_page_otherwise_unchanged(tmp_path: Path) -> None:
    with World(tmp_path, tls=True, ttl_s=60, lag_s=0.05) as world, dashboard(world) as shown:
        wait_until(lambda: shown.get("/failover/")[0] == 200, "up")
        assert shown.get("/failover/../web.py")[0] == 404
        assert shown.get("/failover/board.py")[0] == 404
        index = shown.get("/")[1].decode()
        assert index.count("./failover/tab.js") == 1
        for address in ("127.0.0.2", "127.0.1.1"):  # neighbours of the one it is bound to
            with pytest.raises(ConnectionRefusedError):
                socket.create_connection((address, shown.port), 1)


def test_does_a_master_show_its_workers_without_a_run(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = str(free.getsockname()[1])
    arguments = ("--processes", "2", "--master-bind-port", port, "--master-port", port)
    with (
        World(tmp_path, tls=True, ttl_s=60, lag_s=0.05) as world,
        dashboard(world, *arguments, GAMEDAY_RUN_DIR=None) as shown,
    ):
        wait_until(lambda: shown.data().get("clients") == 40, "the clients of both")
        wait_until(lambda: shown.answered() > 100, "requests of both")
        deadline = time.monotonic() + 5
        while shown.data()["running"] is not True:
            assert time.monotonic() < deadline
