"""How often a measured number falls into the band that was predicted for it.

python benchmarks/prediction.py [--runs 30] [--seed 1]     plays short outages in one lab
python benchmarks/prediction.py --read reports/runs        only reads runs that there are

Each run has health checks, a TTL and a mix of clients of its own, chosen by its seed and set
through the Route 53 API in a lab that stays up; nothing else differs from `gameday run`, which
measures. The band is that of 5 to 95 %, so the expected share is 0.9; it is shown with its 95 %
confidence interval (Wilson). A run without a verdict is counted apart, never as a hit.

What was played is kept under `--out`, by the code that played it: results of other code, or of
other settings, do not count. A benchmark that was interrupted goes on where it stopped, plays again
what had no verdict, and only reads when all is done. Thirty runs take about a quarter of an hour of
a quiet machine; on a busy one the lab measures the machine, so each line says how busy it was.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import random
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from gameday import clock
from gameday.errors import GamedayError, LabError
from gameday.lab import handle
from gameday.measure.track_record import read, track_record

ROOT = Path(__file__).parent.parent
EXPERIMENT = Path("benchmarks/prediction.yaml")
CHECKS = ((10, 1), (10, 2), (10, 3), (30, 1))
"""Interval and threshold; slower ones detect in more than a minute and say nothing else."""

TTLS_S = (10, 20, 40, 60)
MIXES = (
    "per-request=100",
    "per-request=50,pooled-max-age-30=50",
    "pooled-max-age-10=100",
    "per-request=50,per-request+name-cache-20=50",
    "per-request=50,pooled+drop-on-5xx-2=50",
)
CODE = ("gameday", "app", "deploy", "loadtests", "benchmarks/prediction.py", str(EXPERIMENT))
"""What decides a prediction or its measurement."""

HEALTHY_WITHIN_S = 120.0
RUN_WITHIN_S = 300


@dataclass(frozen=True)
class Setting:
    """What one run is about; seconds on the AWS clock."""

    seed: int
    interval_s: int
    threshold: int
    ttl_s: int
    clients: str

    @classmethod
    def of(cls, seed: int) -> Setting:
        """The one that a seed chooses."""
        dice = random.Random(f"prediction {seed}")
        interval_s, threshold = dice.choice(CHECKS)
        return cls(seed, interval_s, threshold, dice.choice(TTLS_S), dice.choice(MIXES))

    def __str__(self) -> str:
        return f"seed {self.seed}: {self.interval_s} s x {self.threshold}, TTL {self.ttl_s} s, " \
               f"{self.clients}"  # fmt: skip


class Zone:
    """The shared name of a lab, whose health checks and TTL are set anew for each run."""

    def __init__(self, env: Mapping[str, str]) -> None:
        import boto3

        self.env, self.endpoint = env, env["GAMEDAY_ENDPOINT"]
        self.route53 = boto3.client(
            "route53", region_name="us-east-1", endpoint_url=env["AWS_ENDPOINT_URL"],
            aws_access_key_id=env["AWS_ACCESS_KEY_ID"],
            aws_secret_access_key=env["AWS_SECRET_ACCESS_KEY"],
        )  # fmt: skip
        self.id = self.route53.list_hosted_zones()["HostedZones"][0]["Id"]
        status = handle.call(dict(env), "GET", "/status")
        self.addresses = {name: about["address"] for name, about in status["regions"].items()}

    def set(self, setting: Setting) -> None:
        """Give each Region's record a new health check and the TTL; return when all is healthy."""
        old = [r for r in self._records() if r.get("HealthCheckId")]
        checks = {r["Region"]: self._check(r["HealthCheckId"], setting) for r in old}
        changes = [
            {"Action": "UPSERT", "ResourceRecordSet": {
                "Name": r["Name"], "Type": "A", "SetIdentifier": r["SetIdentifier"],
                "Region": r["Region"], "TTL": setting.ttl_s, "HealthCheckId": checks[r["Region"]],
                "ResourceRecords": [{"Value": self.addresses[r["Region"]]}]}}
            for r in old
        ]  # fmt: skip
        self.route53.change_resource_record_sets(
            HostedZoneId=self.id, ChangeBatch={"Changes": changes}
        )
        for record in old:
            self.route53.delete_health_check(HealthCheckId=record["HealthCheckId"])
        speed = clock.Clock(float(self.env["GAMEDAY_SPEED"]))
        settled = speed.wall(setting.interval_s * setting.threshold + 5.0)
        clock.sleep_wall(settled)
        if not speed.wait_for(lambda: self._healthy(checks.values()), HEALTHY_WITHIN_S):
            raise LabError(f"{setting}: the health checks did not turn healthy")

    def _records(self) -> list[dict[str, Any]]:
        found = self.route53.list_resource_record_sets(HostedZoneId=self.id)["ResourceRecordSets"]
        return [r for r in found if r["Name"].rstrip(".") == self.endpoint and r["Type"] == "A"]

    def _check(self, like: str, setting: Setting) -> str:
        """A health check of the same target with the setting's interval and threshold."""
        config = self.route53.get_health_check(HealthCheckId=like)["HealthCheck"]
        made = self.route53.create_health_check(
            CallerReference=f"{like}-{setting.seed}-{random.getrandbits(32):x}",
            HealthCheckConfig=config["HealthCheckConfig"] | {
                "RequestInterval": setting.interval_s, "FailureThreshold": setting.threshold},
        )  # fmt: skip
        return str(made["HealthCheck"]["Id"])

    def _healthy(self, checks: Any) -> bool:
        for check in checks:
            seen = self.route53.get_health_check_status(HealthCheckId=check)
            reports = [o["StatusReport"]["Status"] for o in seen["HealthCheckObservations"]]
            if not reports or not all(r.startswith("Success") for r in reports):
                return False
        return True


def code() -> str:
    """A digest of the code as it is now, in the files of `CODE`."""
    found = (path for name in CODE for path in ((ROOT / name), *(ROOT / name).rglob("*")))
    digest = hashlib.sha256()
    for path in sorted(p for p in found if p.suffix in (".py", ".yaml")):
        digest.update(f"{path.relative_to(ROOT)}\n".encode() + path.read_bytes())
    return digest.hexdigest()[:12]


def gameday(*words: str, env: Mapping[str, str] | None = None) -> tuple[str, str]:
    """What a command of gameday says and complains of; interrupted, it puts things back first.

    It has a process group of its own, so that Ctrl-C reaches it once, from here: a second one would
    end it at once.

    :raises LabError: it does not end.
    """
    child = subprocess.Popen(
        [sys.executable, "-m", "gameday", *words], cwd=ROOT, env={**os.environ, **(env or {})},
        stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        process_group=0,
    )  # fmt: skip
    try:
        return child.communicate(timeout=RUN_WITHIN_S)
    except subprocess.TimeoutExpired:
        raise LabError(f"gameday {words[0]} did not end within {RUN_WITHIN_S} s") from None
    finally:
        if child.poll() is None:
            child.send_signal(signal.SIGINT)
            child.communicate()


def play(setting: Setting, env: Mapping[str, str], out: Path) -> None:
    """Play one run; its findings are in `out`, whole or not at all."""
    given = {**env, "GAMEDAY_SEED": str(setting.seed)}
    said, complaints = gameday(
        "run", str(EXPERIMENT), "--json", "--clients", setting.clients, env=given
    )
    try:
        findings = json.loads(said)
    except ValueError:
        last = (complaints.strip().splitlines() or ["it said nothing"])[-1]
        raise LabError(f"gameday run left no findings: {last}") from None
    folder = out / f"{setting.seed:04d}"
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "new.json").write_text(json.dumps(findings))
    (folder / "new.json").rename(folder / "findings.json")


def kept(out: Path, setting: Setting) -> dict[str, Any] | None:
    """The findings of a run that was played; None of one that was not."""
    file = out / f"{setting.seed:04d}" / "findings.json"
    found: dict[str, Any] | None = json.loads(file.read_text()) if file.exists() else None
    return found


def has_verdict(out: Path, setting: Setting) -> bool:
    """Whether a run was played to its end."""
    findings = kept(out, setting)
    return findings is not None and findings["verdict"] in ("PASSED", "FAILED")


def told(findings: Mapping[str, Any]) -> str:
    """A run in one line."""
    recovery = findings["recovery"]
    band = recovery["predicted"] or {"p5_s": None, "p95_s": None}
    return (f"{findings['verdict']}: {recovery['recovery_s']} s, predicted {band['p5_s']} to "
            f"{band['p95_s']} s. {findings['chain']['compared']}")  # fmt: skip


def played(settings: list[Setting], lab: str, out: Path) -> Iterator[str]:
    """Play what has not been played yet, in one lab of that name; a line for each run."""
    missing = [s for s in settings if not has_verdict(out, s)]
    yield f"{len(settings) - len(missing)} of {len(settings)} have been played; see {out}"
    if not missing:
        return
    folder = ROOT / ".gameday" / lab
    was_up = handle.is_up(folder)
    try:
        if not was_up:
            _, complaints = gameday("lab", "up", "--lab", lab)
            if not handle.is_up(folder):
                raise LabError(f"the lab is not up: {complaints.strip()}")
        env = handle.environment(folder)
        zone = Zone(env)
        for setting in missing:
            start = clock.monotonic()
            try:
                zone.set(setting)
                play(setting, env, out)
                text = told(kept(out, setting) or {})
            except GamedayError as e:
                text = f"not played: {e}"
            took = f"{clock.monotonic() - start:.0f} s of wall time, load {os.getloadavg()[0]:.1f}"
            yield f"{setting}: {text} ({took})"
    finally:
        if not was_up:
            gameday("lab", "down", "--lab", lab)


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--runs", type=int, default=30)
    parser.add_argument("--seed", type=int, default=1, help="of the first run")
    parser.add_argument("--lab", default="prediction", help="its name; one that is up is used")
    parser.add_argument("--out", type=Path, default=ROOT / ".gameday" / "prediction-runs")
    parser.add_argument("--read", type=Path, help="only read the runs that are there")
    asked = parser.parse_args()
    folder = asked.read or asked.out / code()
    if not asked.read:
        settings = [Setting.of(seed) for seed in range(asked.seed, asked.seed + asked.runs)]
        try:
            for line in played(settings, asked.lab, folder):
                print(line, flush=True)
        except KeyboardInterrupt:
            kept = sum(has_verdict(folder, setting) for setting in settings)
            sys.exit(f"interrupted: {kept} of {len(settings)} are kept; the same command goes on")
        except GamedayError as error:
            sys.exit(f"{error}")
    for line in track_record(read(folder)).lines():
        print(line)


if __name__ == "__main__":
    main()
