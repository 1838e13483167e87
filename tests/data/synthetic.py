"""A run directory out of a small simulation: checkers, DNS, resolver caches, connections, writes.

It knows nothing of the predictor's formulas: every probe, look-up and request is played one by
one, so that what is measured from its files can be compared with what was predicted.
"""

from __future__ import annotations

import json
import random
from collections import defaultdict
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from gameday.model import bucket

T0 = 1_763_886_014.0  # the fault's instant, unix seconds
LOST, SURVIVOR = "us-east-1", "eu-west-1"
REGIONS = [LOST, SURVIVOR]
NETWORKS = {"near-us-east-1": LOST, "near-eu-west-1": SURVIVOR}
ACTIONS = {
    "errors": "disable_region", "black-hole": "cut_region",
    "check-only": "fail_deep_check", "inverted": "fail_health_check",
}  # fmt: skip


@dataclass
class Plan:
    """What to simulate; times are AWS seconds from the fault."""

    clients: dict[str, int] = field(
        default_factory=lambda: {"per-request": 50, "pooled-max-age-30": 50}
    )
    per_population: int = 20
    mode: str = "errors"
    speed: float = 10.0
    seed: int = 4711
    rate_per_s: float = 8.0
    interval_s: float = 10.0
    threshold: int = 3
    ttl_s: float = 60.0
    lag_s: tuple[float, float] = (0.6, 1.2)
    baseline_s: float = 60.0
    fault_s: float = 400.0
    after_s: float = 120.0
    rto_s: float = 150.0
    rpo_s: float | None = 5.0
    kind: str = "recovery"


@dataclass
class Client:
    name: str
    profile: str
    network: str
    phase_s: float
    cached: str = ""
    expires_s: float = float("-inf")
    connected: str | None = None
    opened_s: float = 0.0


class Synthetic:
    """The files of one simulated run, to be changed by a test before they are written."""

    def __init__(self, plan: Plan | None = None) -> None:
        self.plan = plan or Plan()
        self.rng = random.Random(self.plan.seed)
        self.events: dict[str, list[dict[str, Any]]] = defaultdict(list)
        self.writes: list[dict[str, Any]] = []
        self.items: list[dict[str, Any]] | None = []
        self.turns: list[tuple[float, bool]] = []  # (t, healthy) of the lost Region's check
        self._simulate_checkers()
        self._simulate_clients()
        self._chaos()
        self.facts = self._facts()

    # -- what tests change

    def drop(self, kind: str, **members: Any) -> Synthetic:
        """Remove events of a kind (with these members)."""
        for name, events in self.events.items():
            self.events[name] = [
                e for e in events
                if e["kind"] != kind or any(e.get(k) != v for k, v in members.items())
            ]  # fmt: skip
        return self

    def change(self, kind: str, **members: Any) -> Synthetic:
        """Set members of every event of a kind."""
        for events in self.events.values():
            for event in events:
                if event["kind"] == kind:
                    event.update(members)
        return self

    def add(self, kind: str, t_s: float, **members: Any) -> Synthetic:
        """Add an event at `t_s`."""
        self.events["chaos"].append({"at": self.at(t_s), "kind": kind, **members})
        return self

    def write(self, run_dir: Path) -> Path:
        """Put the files into `run_dir`."""
        (run_dir / "events").mkdir(parents=True, exist_ok=True)
        (run_dir / "ledger").mkdir(exist_ok=True)
        for name, events in self.events.items():
            _lines(run_dir / "events" / f"{name}.jsonl", sorted(events, key=lambda e: e["at"]))
        _lines(run_dir / "ledger" / "writes-0.jsonl", self.writes)
        if self.items is not None:
            _lines(run_dir / "ledger" / "audit.jsonl", self.items)
        (run_dir / "run.json").write_text(json.dumps(self.facts))
        (run_dir / "zone.json").write_text(json.dumps(self._zone()))
        (run_dir / "health-checks.json").write_text(json.dumps(self._checks()))
        return run_dir

    def at(self, t_s: float) -> float:
        return T0 + t_s / self.plan.speed

    # -- the simulation

    def _serves(self, t: float) -> bool:
        return not 0 <= t < self.plan.fault_s or self.plan.mode in ("check-only", "inverted")

    def _probe_ok(self, t: float) -> bool:
        return not 0 <= t < self.plan.fault_s or self.plan.mode == "inverted"

    def _simulate_checkers(self) -> None:
        plan = self.plan
        hang = 4.0 if plan.mode == "black-hole" else 0.0
        changes: list[tuple[float, int, bool]] = []
        for i in range(16):
            t, state, streak = -plan.baseline_s - self.rng.uniform(0, plan.interval_s), True, 0
            while t < plan.fault_s + plan.after_s:
                ok = self._probe_ok(t)
                done = t + (0.0 if ok else hang)
                streak = 0 if ok == state else streak + 1
                if streak == plan.threshold:
                    state, streak = ok, 0
                    changes.append((done, i, state))
                t = done + plan.interval_s
        states = [True] * 16
        self._health(-plan.baseline_s, LOST, 16, True)
        self._health(-plan.baseline_s, SURVIVOR, 16, True)
        if plan.mode == "inverted":
            self.turns += [(0.0, False), (plan.fault_s, True)]
            self._health(0.0, LOST, 16, False)
            self._health(plan.fault_s, LOST, 16, True)
        healthy = True
        for t, i, state in sorted(changes):
            states[i] = state
            if (sum(states) > 2) != healthy:
                healthy = not healthy
                self.turns.append((t, healthy))
            self._health(t, LOST, sum(states), healthy)
        self._dns_events()

    def _health(self, t: float, region: str, votes: int, healthy: bool) -> None:
        self.events["watch"].append(
            {"at": self.at(t), "kind": "health.status", "check": f"hc-{region}", "region": region,
             "healthy": healthy, "votes": votes, "of": 16}
        )  # fmt: skip

    def _healthy(self, t: float) -> bool:
        state = True
        for at, healthy in self.turns:
            state = healthy if at <= t else state
        return state

    def _answer(self, network: str, t: float) -> str:
        near = NETWORKS[network]
        return SURVIVOR if near == LOST and not self._healthy(t) else near

    def _dns_events(self) -> None:
        for network in NETWORKS:
            for t in [-self.plan.baseline_s, *(t for t, _ in self.turns)]:
                region = self._answer(network, t)
                self.events["watch"].append(
                    {"at": self.at(t) + 0.001, "kind": "dns.answer", "name": "api.example.test",
                     "network": network, "addresses": [f"127.0.{REGIONS.index(region) + 1}.1"],
                     "regions": [region], "rcode": "NOERROR"}
                )  # fmt: skip
        for t in range(-60, int(self.plan.fault_s), 10):
            self.events["watch"].append({"at": self.at(t), "kind": "watch.beat"})

    def _clients(self) -> list[Client]:
        plan, made = self.plan, []
        kinds = [k for k, share in plan.clients.items() if share]
        total = len(kinds) * len(NETWORKS) * plan.per_population
        period = total / plan.rate_per_s
        for kind in kinds:
            for network in NETWORKS:
                for i in range(plan.per_population):
                    made.append(Client(f"c{len(made)}", kind, network, self.rng.uniform(0, period)))
                    made[-1].expires_s = -plan.baseline_s + i / plan.per_population * plan.ttl_s
                    made[-1].cached = NETWORKS[network]
                    # connections are of every age when load begins, as in life
                    made[-1].connected = NETWORKS[network]
                    made[-1].opened_s = -plan.baseline_s - self.rng.uniform(0, 40)
        return made

    def _simulate_clients(self) -> None:
        plan, clients = self.plan, self._clients()
        period = len(clients) / plan.rate_per_s
        rows: dict[int, dict[tuple[str, str, str], int]] = defaultdict(lambda: defaultdict(int))
        self.events["load-0"].append(
            {"at": self.at(-plan.baseline_s), "kind": "load.started", "rate_per_s": plan.rate_per_s,
             "profiles": sorted(plan.clients), "clients": [
                {"client": c.name, "profile": c.profile, "network": c.network, "cache": c.name}
                for c in clients]}
        )  # fmt: skip
        for client in clients:
            t = -plan.baseline_s + client.phase_s
            segment: dict[str, Any] | None = None
            while t < plan.fault_s + plan.after_s:
                region, outcome = self._request(client, t)
                # wall time in tenths, counted from the fault
                rows[int((t / plan.speed) // 0.1)][client.profile, region, outcome] += 1
                if segment and (segment["region"], segment["outcome"]) == (region, outcome):
                    segment["last"], segment["count"] = self.at(t), segment["count"] + 1
                else:
                    segment = {
                        "at": self.at(t), "kind": "client.segment", "client": client.name,
                        "profile": client.profile, "network": client.network, "region": region,
                        "ok": outcome == "ok", "outcome": outcome, "first": self.at(t),
                        "last": self.at(t), "count": 1,
                    }  # fmt: skip
                    self.events["load-0"].append(segment)
                t += period
        self._windows(rows)
        self._replicate()

    def _request(self, client: Client, t: float) -> tuple[str, str]:
        """The Region that was asked, and how it ended."""
        age = t - client.opened_s
        limit = {"per-request": 0.0, "pooled": float("inf")}.get(client.profile)
        if limit is None:
            limit = float(client.profile.rpartition("-")[2])
        if client.connected is None or age >= limit:
            if client.expires_s <= t:
                client.cached = self._answer(client.network, t)
                client.expires_s = t + 0.01 + self.plan.ttl_s
            client.connected, client.opened_s = client.cached, t + 0.01
        region = client.connected
        if region == LOST and not self._serves(t):
            if self.plan.mode == "black-hole":
                client.connected = None
                return region, "connect_timeout" if age >= limit else "read_timeout"
            return region, "http_5xx"
        if self.rng.random() < 0.2:
            self._post(client, region, t)
        return region, "ok"

    def _post(self, client: Client, region: str, t: float) -> None:
        n = len(self.writes)
        self.writes.append(
            {"at": self.at(t), "key": f"k{n}", "id": f"i{n}", "client": client.name,
             "region": region, "outcome": "acknowledged", "acked_at": self.at(t) + 0.004}
        )  # fmt: skip

    def _windows(self, rows: dict[int, dict[tuple[str, str, str], int]]) -> None:
        for index in range(min(rows), max(rows) + 1):
            found = [
                {"profile": p, "region": r, "outcome": o, "count": n,
                 "hist": {str(bucket(25.0 if r == LOST else 95.0)): n}}
                for (p, r, o), n in rows.get(index, {}).items()
            ]  # fmt: skip
            offered = sum(row["count"] for row in found)
            self.events["load-0"].append(
                {"at": T0 + index * 0.1, "kind": "load.window", "wall_s": 0.1, "offered": offered,
                 "unsent": 0, "rows": found}
            )  # fmt: skip

    def _replicate(self) -> None:
        assert self.items is not None
        missing = []
        for write in self.writes:
            lag = self.rng.uniform(*self.plan.lag_s)
            t = (write["acked_at"] - T0) * self.plan.speed
            if write["region"] == LOST and t <= 0 < t + lag:
                missing.append(-t)
            for region in REGIONS:
                self.items.append(
                    {"region": region, "id": write["id"], "key": write["key"],
                     "written_in": write["region"], "written_at": write["at"]}
                )  # fmt: skip
        self.missing = missing
        for n in range(int(self.plan.baseline_s * 2)):
            t = -self.plan.baseline_s + n / 2
            self.events["load-0"].append(
                {"at": self.at(t), "kind": "load.sample", "writer": LOST, "reader": SURVIVOR,
                 "behind_s": self.rng.uniform(0, self.plan.lag_s[1]), "read": 3, "missing": 1}
            )  # fmt: skip

    # -- what controls and actions write

    def _chaos(self) -> None:
        plan = self.plan
        b, f, e = -plan.baseline_s, plan.fault_s, plan.fault_s + plan.after_s
        fault = {"action": ACTIONS[plan.mode], "region": LOST}
        self.add("run.started", b - 20, experiment="region-outage")
        self.add("control.mark", b - 20, control="record", step="before")
        self.add("load.ready", b)
        self.add("hypothesis.before", -1, met=True, probes=[])
        self.add("fault.started", 0, **fault)
        effects = ["4 functions at 0", "replication paused"]
        self.add("fault.applied", 0.4, **fault, effects=effects, left_alone=[])
        self.add("fault.read", 1.5, lost_region=LOST, survivor=SURVIVOR, checked=48,
                 missing=len(self.missing), oldest_age_s=max(self.missing, default=0.0),
                 missing_keys=[])  # fmt: skip
        self.add("hypothesis.after", f - 1, met=True, probes=[])
        self.add("rollback.started", f)
        self.add("put.back", f + 4, settings=5, equal=5)
        self.add("failed.back", f + 95)
        self.add("control.mark", e, control="record", step="after")
        self.add("run.ended", e, status="completed", deviated=False, rollbacks_failed=[])
        if plan.mode in ("errors", "black-hole"):
            for t, state in ((b, "OK"), (65, "ALARM"), (200, "OK")):
                self.events["watch"].append(
                    {"at": self.at(t), "kind": "alarm.state", "alarm": f"gameday-api-5xx-{LOST}",
                     "region": LOST, "state": state, "reason": "threshold crossed"}
                )  # fmt: skip

    def _facts(self) -> dict[str, Any]:
        plan = self.plan
        return {
            "schema": 1, "id": "2026-11-23T08-20-14Z", "experiment": "region-outage",
            "experiment_file": "experiments/region-outage.yaml",
            "title": "Losing a Region is survivable", "kind": plan.kind, "region": LOST,
            "regions": REGIONS, "endpoint": "api.example.test", "stack": "gameday",
            "target": "lab", "speed": plan.speed, "seed": plan.seed,
            "objectives": {"rto_s": plan.rto_s, "rpo_s": plan.rpo_s},
            "expect_alarms": [f"api-5xx-{LOST}"] if plan.mode == "errors" else [],
            "stop_when": [],
            "load": {"file": "loadtests/steady.py", "rate_per_s": plan.rate_per_s,
                     "clients": plan.clients, "networks": [],
                     "clients_per_population": plan.per_population},
            "hypothesis": {"success_pct": 99.0, "window_s": 10.0},
            "level": 2, "who": "ada", "commit": "0123abc", "versions": {"gameday": "0.1.0"},
            "lab": {"lag_s": list(plan.lag_s), "checker_count": 16, "propagation_s": 0.0},
        }  # fmt: skip

    def _zone(self) -> dict[str, Any]:
        return {"ResourceRecordSets": [
            {"Name": "api.example.test.", "Type": "A", "SetIdentifier": r, "Region": r,
             "AliasTarget": {"HostedZoneId": "Z2", "DNSName": f"d-1.execute-api.{r}.amazonaws.com.",
                             "EvaluateTargetHealth": True},
             "HealthCheckId": f"hc-{r}"} for r in REGIONS]}  # fmt: skip

    def _checks(self) -> dict[str, Any]:
        return {"HealthChecks": [
            {"Id": f"hc-{r}", "CallerReference": r, "HealthCheckVersion": 1,
             "HealthCheckConfig": {"Type": "HTTPS", "RequestInterval": int(self.plan.interval_s),
                                   "FailureThreshold": self.plan.threshold, "ResourcePath":
                                   "/health/deep", "FullyQualifiedDomainName":
                                   f"{r}.api.example.test"}} for r in REGIONS]}  # fmt: skip


def _lines(path: Path, rows: list[dict[str, Any]]) -> None:
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
