"""The journal and ledger of a long run, made up; and how long its findings take.

An hour at AWS's own pace with 1,000 clients in two Regions, a Region lost in the middle, a fifth of
the requests writes (as in loadtests/steady.py), all of them acknowledged, and in both tables.
"""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

US, EU = "us-east-1", "eu-west-1"
START = 1_780_000_000.0
HOUR_S, FAULT_S, LASTED_S, LOST_S = 3600.0, 1800.0, 900.0, 90.0
WINDOWS_PER_S, CLIENTS, WRITES_SHARE = 10, 1_000, 0.2
SAMPLE = Path(__file__).parents[1] / "reports" / "sample"
HIST = {str(b): 1 for b in range(120, 150)}  # 30 buckets, around 10 to 20 ms


def make(run_dir: Path, requests: int) -> None:
    """A run of so many requests in `run_dir`."""
    (run_dir / "events").mkdir(parents=True)
    (run_dir / "ledger").mkdir()
    for export in ("zone.json", "health-checks.json"):
        shutil.copy(SAMPLE / export, run_dir)
    facts = json.loads((SAMPLE / "run.json").read_text())
    facts |= {"speed": 1.0, "load": {**facts["load"], "rate_per_s": requests / HOUR_S}}
    (run_dir / "run.json").write_text(json.dumps(facts))
    with (run_dir / "events" / "chaos.jsonl").open("w") as log:
        log.writelines(line(at, kind, **members) for at, kind, members in _chaos())
    with (run_dir / "events" / "load-0.jsonl").open("w") as log:
        log.write(line(0.0, "load.started", process=0, clients=_clients(requests)))
        log.writelines(_windows(requests))
        log.writelines(_segments(requests))
    _ledger(run_dir / "ledger", int(requests * WRITES_SHARE))


def line(t_s: float, kind: str, **members: Any) -> str:
    return json.dumps({"at": START + t_s, "kind": kind, **members}) + "\n"


def _chaos() -> list[tuple[float, str, dict[str, Any]]]:
    end_s = FAULT_S + LASTED_S
    return [
        (0.0, "run.started", {"experiment": "region-outage"}),
        (60.0, "load.ready", {"steady": True}),
        (FAULT_S, "fault.started", {"action": "gameday.actions.disable_region", "region": US}),
        (FAULT_S + 1, "fault.read", {"lost_region": US, "survivor": EU, "checked": 900,
                                     "missing": 2, "oldest_age_s": 1.1, "missing_keys": []}),
        (end_s, "rollback.started", {}),
        (end_s + 1, "put.back", {"settings": 5, "equal": 5, "foreign": [], "failed": []}),
        (HOUR_S, "run.ended", {"status": "completed", "deviated": False, "rollbacks_failed": []}),
    ]  # fmt: skip


def _profile(client: int) -> str:
    return "per-request" if client % 2 else "pooled-max-age-30"


def _clients(requests: int) -> list[dict[str, Any]]:
    period_s = CLIENTS * HOUR_S / requests
    return [
        {"client": f"c{n}", "profile": _profile(n), "network": "near-us-east-1", "cache": f"k{n}",
         "period_s": period_s}
        for n in range(CLIENTS)
    ]  # fmt: skip


def _windows(requests: int) -> Any:
    count = int(HOUR_S * WINDOWS_PER_S)
    for n in range(count):
        t_s = n / WINDOWS_PER_S
        offered = requests * (n + 1) // count - requests * n // count
        lost = FAULT_S <= t_s < FAULT_S + LOST_S
        region = EU if FAULT_S + LOST_S <= t_s < FAULT_S + LASTED_S else US
        rows = [
            {"profile": profile, "region": where, "outcome": outcome, "count": share, "hist": HIST}
            for profile, share in (("per-request", offered // 2),
                                   ("pooled-max-age-30", offered - offered // 2))
            for where, outcome in ((region, "http_5xx" if lost else "ok"),)
        ]  # fmt: skip
        yield line(t_s, "load.window", process=0, wall_s=0.1, offered=offered, unsent=0,
                   waiting=0, rows=rows)  # fmt: skip


def _segments(requests: int) -> Any:
    """Every client before, in and after the fault; a row while it lasts every ten seconds."""
    per_s = requests / HOUR_S / CLIENTS
    parts = [(0.0, FAULT_S, US, "ok"), (FAULT_S, FAULT_S + LOST_S, US, "http_5xx"),
             (FAULT_S + LOST_S, FAULT_S + LASTED_S, EU, "ok"),
             (FAULT_S + LASTED_S, HOUR_S, US, "ok")]  # fmt: skip
    for first_s, last_s, region, outcome in parts:
        until_s = first_s
        while until_s < last_s:
            until_s = min(until_s + 10.0, last_s)
            for n in range(CLIENTS):
                offset = n / CLIENTS
                yield line(
                    until_s, "client.segment", client=f"c{n}", profile=_profile(n),
                    network="near-us-east-1", region=region, ok=outcome == "ok", outcome=outcome,
                    first=START + first_s + offset, last=START + until_s - 1 + offset,
                    count=max(1, int(per_s * (until_s - first_s))),
                )  # fmt: skip


def _ledger(folder: Path, writes: int) -> None:
    """So many writes, acknowledged; half of them in each Region, and both tables hold all."""
    with (
        (folder / "writes-0.jsonl").open("w") as ledger,
        (folder / "audit.jsonl").open("w") as held,
    ):
        for n in range(writes):
            at = START + n * HOUR_S / writes
            key, item = f"c{n % CLIENTS}.{n}.4711.0123456789ab", f"{n:032x}"
            region = US if n % 2 else EU
            ledger.write(
                f'{{"at":{at:.4f},"key":"{key}","id":"{item}","client":"c{n % CLIENTS}","region":'
                f'"{region}","op":"put","outcome":"acknowledged","acked_at":{at:.4f}}}\n'
            )
            for where in (US, EU):
                held.write(
                    f'{{"region":"{where}","id":"{item}","key":"{key}","written_in":"{region}",'
                    f'"written_at":{at:.4f}}}\n'
                )


TIMED = """
import json, resource, sys, time
from pathlib import Path
from gameday.journal import read_log
from gameday.measure import rpo, run as runs
from gameday.measure.findings import of
folder = Path(sys.argv[1])
begun = time.perf_counter()
run = runs.load(folder)
found = of(run)
whole_s, cpu_s = time.perf_counter() - begun, time.process_time()
memory_mb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
begun, spent = time.perf_counter(), time.process_time()
for _ in read_log(folder / "ledger" / "writes-0.jsonl"):
    pass
audited = rpo.after_fail_back(run)
print(json.dumps({
    "whole_s": whole_s, "cpu_s": cpu_s, "memory_mb": memory_mb,
    "audit_s": time.perf_counter() - begun, "audit_cpu_s": time.process_time() - spent,
    "requests": sum(r["count"] for w in run.windows for r in w["rows"]),
    "acknowledged": audited.acknowledged, "lost": audited.lost,
    "recovery_s": found["recovery"]["recovery_s"],
}))
"""


def timed(run_dir: Path) -> dict[str, float]:
    """How long the findings of a run take, in a process of their own."""
    done = subprocess.run(
        [sys.executable, "-c", TIMED, str(run_dir)],
        check=True, stdout=subprocess.PIPE, text=True, cwd=Path(__file__).parents[1],
    )  # fmt: skip
    found: dict[str, float] = json.loads(done.stdout)
    return found


if __name__ == "__main__":
    where, count = Path(sys.argv[1]), int(sys.argv[2])
    begun = time.perf_counter()
    make(where, count)
    print(f"made in {time.perf_counter() - begun:.1f} s")
    print(timed(where))
