"""Where do clients of each profile go when the DNS answer moves, and what do they see till then?

One Locust process for each fault, with three kinds of client at once: 60 requests a second, each
client one a second, TTL 2 s, maximum age 1 s, all of wall time.
"""

from __future__ import annotations

import time
from collections import Counter
from pathlib import Path

import pytest
from world import EU, NAME, US, World, wait_until

PROFILES = {"per-request": 40, "pooled": 30, "pooled-max-age-10": 30}
MIX = ",".join(f"{name}={pct}" for name, pct in PROFILES.items())
WARM_REQUESTS = 90
MOVED_AFTER_S = 5.0
"""By then every cache (TTL, used up to the next request: 3 s) and every age (2 s) is over."""


class Run:
    """A fault, then the DNS answer moves; kept are the windows of the load."""

    def __init__(self, run_dir: Path, fault: str, hold_s: float = 0.0) -> None:
        with World(run_dir, tls=True, ttl_s=2, lag_s=0.05) as world:
            with world.load(GAMEDAY_CLIENTS=MIX, GAMEDAY_RATE_PER_S="6"):
                wait_until(lambda: sum(world.counts().values()) > WARM_REQUESTS, "warm")
                self.fault_at = time.time()
                if fault == "refuse":
                    world.us.stop()
                else:
                    world.us.mode = fault
                wait_until(lambda: time.time() > self.fault_at + hold_s, "held")
                self.moved_at = time.time()
                world.dns.names[NAME] = ["127.0.2.1"]
                wait_until(lambda: self._settled(world), "every profile seen after the move")
            self.windows = world.events("load.window")
            self.segments = world.events("client.segment")
            (self.ended,) = world.events("load.ended")
            self.clients = world.events("load.started")[0]["clients"]

    def _settled(self, world: World) -> bool:
        self.windows = world.events("load.window")
        return all(sum(self.after(profile).values()) >= 15 for profile in PROFILES)

    def seen(self, profile: str, since: float, until: float) -> Counter[tuple[str, str]]:
        """Requests of a profile meant to start then, by Region and outcome."""
        found: Counter[tuple[str, str]] = Counter()
        for window in self.windows:
            if since <= window["at"] < until:
                for row in window["rows"]:
                    if row["profile"] == profile:
                        found[row["region"], row["outcome"]] += row["count"]
        return found

    def after(self, profile: str) -> Counter[tuple[str, str]]:
        since = self.moved_at + MOVED_AFTER_S
        return self.seen(profile, since, float("inf"))

    def before(self, profile: str) -> Counter[tuple[str, str]]:
        """While the fault lasted and every turn was over before the answer moved."""
        return self.seen(profile, self.fault_at + 0.2, self.moved_at - 2.5)

    def first_there(self, profile: str, region: str) -> list[float]:
        """When each client that reached the Region did so first, seconds after the move."""
        first: dict[str, float] = {}
        for segment in self.segments:
            if segment["region"] == region and segment["profile"] == profile:
                first.setdefault(segment["client"], segment["first"] - self.moved_at)
        return sorted(first.values())

    def old_share(self, profile: str, since: float, until: float) -> float:
        seen = self.seen(profile, self.moved_at + since, self.moved_at + until)
        return sum(n for (region, _), n in seen.items() if region == US) / sum(seen.values())


def test_do_pooled_clients_stay_while_the_old_region_still_serves(tmp_path: Path) -> None:
    run = Run(tmp_path, "serve")
    assert set(run.after("per-request")) == {(EU, "ok")}
    assert set(run.after("pooled-max-age-10")) == {(EU, "ok")}
    assert set(run.after("pooled")) == {(US, "ok")}
    assert run.ended["failed"] == 0
    moved = run.first_there("per-request", EU)
    assert len(moved) == 20
    assert moved[-1] < 3.5  # TTL and one more turn
    assert moved[-1] - moved[0] > 1.0  # one cache after another, not all in one instant
    shares = [run.old_share("per-request", s, s + 1.0) for s in (0.0, 1.0, 4.0)]
    assert shares[0] > 0.3 >= shares[1] >= shares[2] == 0.0
    everybody = {s["client"] for s in run.segments}
    assert everybody == {c["client"] for c in run.clients}
    assert len(everybody) == len({c["cache"] for c in run.clients}) == 60
    last = {s["client"]: s for s in run.segments}
    for client, segment in last.items():
        assert segment["region"] == (US if client.startswith("pooled.") else EU), segment


def test_does_a_region_that_answers_503_keep_its_pooled_clients(tmp_path: Path) -> None:
    run = Run(tmp_path, "error")
    assert set(run.after("pooled")) == {(US, "http_5xx")}
    assert set(run.after("per-request")) == {(EU, "ok")}
    assert set(run.after("pooled-max-age-10")) == {(EU, "ok")}


@pytest.mark.parametrize(
    ("fault", "outcome"),
    [("reset", "reset"), ("hang", "read_timeout"), ("refuse", "refused")],
)
def test_does_a_broken_connection_set_every_client_free(
    tmp_path: Path, fault: str, outcome: str
) -> None:
    run = Run(tmp_path, fault, hold_s=3.5)
    for profile in PROFILES:
        # A turn that a hung request delayed beyond the move may already be answered by the other.
        assert {o for (region, o) in run.before(profile) if region == US} == {outcome}, profile
        assert set(run.after(profile)) == {(EU, "ok")}, profile
    assert_all_accounted_for(run)


def assert_all_accounted_for(run: Run) -> None:
    """What was offered is answered or counted as not; nothing waits unseen behind a server."""
    ended = run.ended
    assert ended["offered"] == ended["sent"] + ended["unsent"]
    assert ended["sent"] == ended["answered"] + ended["unanswered"]
    assert sum(w["offered"] for w in run.windows) == ended["offered"]
    assert sum(w["unsent"] for w in run.windows) == ended["unsent"]
    assert sum(r["count"] for w in run.windows for r in w["rows"]) == ended["answered"]
    broken = [w for w in run.windows if run.fault_at + 0.2 <= w["at"] < run.moved_at - 2.5]
    offered = sum(w["offered"] for w in broken)
    assert len({w["at"] for w in broken}) * 6 == pytest.approx(offered, rel=0.15)
    assert sum(r["count"] for w in broken for r in w["rows"]) == offered
