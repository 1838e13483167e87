"""How often a measured number falls into the band that was predicted for it.

python benchmarks/prediction.py [--runs 30] [--seed 1]      plays the main experiment that often
python benchmarks/prediction.py --read reports/runs         only reads runs that there are

Each run has a seed, a health-check setting and a mix of clients of its own, at speed 10. The band
is that of 5 to 95 %, so the expected share is 0.9; it is shown with its 95 % confidence interval
(Wilson). A run without a verdict is counted apart, never as a hit. Thirty runs take half an hour.
"""

from __future__ import annotations

import argparse
import json
import math
import random
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parent.parent
SETTINGS = ((10, 2), (10, 3), (10, 4), (30, 2))
MIXES = ("per-request=100", "per-request=50,pooled-max-age-30=50", "pooled-max-age-10=100")


def within(measured: float | None, band: dict[str, Any] | None) -> bool | None:
    """Whether a number lies in its 5 to 95 % band; None where there is no number or no band."""
    if measured is None or not band or band.get("p5_s") is None or band.get("p95_s") is None:
        return None
    return bool(band["p5_s"] <= measured <= band["p95_s"])


def compared(findings: dict[str, Any]) -> Iterator[tuple[str, bool]]:
    """`(number, in its band)`: the recovery time and each link of the chain."""
    pairs = [
        ("recovery", findings["recovery"]["recovery_s"], findings["recovery"]["predicted"]),
        *((k["name"], k["measured_s"], k["predicted"]) for k in findings["chain"]["links"]),
    ]
    for name, measured, band in pairs:
        hit = within(measured, band)
        if hit is not None:
            yield name, hit


def wilson(hits: int, of: int) -> tuple[float, float]:
    """The 95 % confidence interval of a share."""
    z, share = 1.96, hits / of
    centre = (share + z * z / (2 * of)) / (1 + z * z / of)
    half = z / (1 + z * z / of) * math.sqrt(share * (1 - share) / of + z * z / (4 * of * of))
    return max(0.0, centre - half), min(1.0, centre + half)


def play(seed: int, folder: Path) -> dict[str, Any] | None:
    """The findings of one run with settings that the seed chooses; None without any."""
    rng = random.Random(seed)
    interval_s, threshold = rng.choice(SETTINGS)
    for part in ("app", "deploy"):
        shutil.copytree(ROOT / part, folder / part)
    routing = folder / "deploy" / "routing.yaml"
    text = re.sub(r"RequestInterval: \d+", f"RequestInterval: {interval_s}", routing.read_text())
    routing.write_text(re.sub(r"FailureThreshold: \d+", f"FailureThreshold: {threshold}", text))
    command = [
        sys.executable, "-m", "gameday", "run", "experiments/region-outage.yaml", "--json",
        "--lab", f"prediction-{seed}", "--seed", str(seed), "--clients", rng.choice(MIXES),
        "--stacks", str(folder / "deploy" / "stacks.yaml"),
    ]  # fmt: skip
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    try:
        found: dict[str, Any] = json.loads(done.stdout)
    except ValueError:
        print(f"seed {seed}: {done.stderr.strip().splitlines()[-1:]}", file=sys.stderr)
        return None
    return found


def played(runs: int, first_seed: int) -> Iterator[dict[str, Any] | None]:
    for seed in range(first_seed, first_seed + runs):
        with tempfile.TemporaryDirectory() as folder:
            yield play(seed, Path(folder))


def read(folder: Path) -> Iterator[dict[str, Any] | None]:
    for path in sorted(folder.rglob("findings.json")):
        yield json.loads(path.read_text(encoding="utf-8"))


def summary(runs: Iterable[dict[str, Any] | None]) -> Iterator[str]:
    """A line for each number, and one for what could not be counted."""
    hits: dict[str, list[bool]] = {}
    total = without = 0
    for findings in runs:
        total += 1
        if findings is None or findings["verdict"] not in ("PASSED", "FAILED"):
            without += 1
            continue
        for name, hit in compared(findings):
            hits.setdefault(name, []).append(hit)
    for name, found in hits.items():
        low, high = wilson(sum(found), len(found))
        yield (f"{name:<24} {sum(found):>3} of {len(found):>3} in the 5 to 95 % band: "
               f"{sum(found) / len(found):.2f} ({low:.2f}..{high:.2f}), expected 0.90")  # fmt: skip
    yield f"{total} runs, {without} without a verdict"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=30)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--read", type=Path)
    asked = parser.parse_args()
    for line in summary(read(asked.read) if asked.read else played(asked.runs, asked.seed)):
        print(line)


if __name__ == "__main__":
    main()
