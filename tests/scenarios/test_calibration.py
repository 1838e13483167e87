"""Do measured numbers fall into their bands as often as they should, with no machine in between?

The runs are simulated turn by turn (tests/data/synthetic.py), which shares no code with the
prediction; `benchmarks/prediction.py` asks the same of the lab.
"""

from __future__ import annotations

import random
import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parents[1] / "data"))

from synthetic import Plan, Synthetic

from gameday.measure import fault
from gameday.measure.findings import findings
from gameday.measure.track_record import EXPECTED, track_record

pytestmark = pytest.mark.scenario

RUNS = 60
MIXES = ({"per-request": 100}, {"per-request": 50, "pooled-max-age-30": 50})


class OwnTtl(Synthetic):
    """Records with a TTL of their own."""

    def _zone(self) -> dict:
        zone = super()._zone()
        for record in zone["ResourceRecordSets"]:
            del record["AliasTarget"]
            record |= {"TTL": int(self.plan.ttl_s), "ResourceRecords": [{"Value": "192.0.2.1"}]}
        return zone


def simulated(seed: int, folder: Path) -> dict:
    dice = random.Random(seed)
    interval_s, threshold = dice.choice([(10, 1), (10, 2), (10, 3), (30, 2)])
    plan = Plan(seed=seed, interval_s=interval_s, threshold=threshold, clients=dice.choice(MIXES),
                ttl_s=dice.choice([10, 20, 40, 60]))  # fmt: skip
    return findings(OwnTtl(plan).write(folder / str(seed)))


def test_is_the_expected_share_within_its_confidence_interval(tmp_path, monkeypatch) -> None:
    monkeypatch.setattr(fault, "POLL_S", 0.0)  # a simulated instant is seen at once
    record = track_record(simulated(seed, tmp_path) for seed in range(RUNS))
    found = {n.name: n for n in record.numbers}
    assert record.without == 0
    for name in ("recovery time", "detect", "resolver caches", "connections"):
        assert found[name].interval[1] >= EXPECTED, str(found[name])
    low, _ = found["detect"].interval  # the others are of whole seconds or often 0: held more often
    assert low <= EXPECTED
