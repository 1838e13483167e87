"""How many asked when, and what did sessions see?"""

from __future__ import annotations

import csv
import io
from pathlib import Path

from synthetic import LOST, SURVIVOR, Synthetic

from gameday.measure import requests
from gameday.measure.findings import findings
from gameday.measure.run import load
from gameday.report import data


def test_is_every_request_in_the_table_by_second(tmp_path: Path) -> None:
    run = load(Synthetic().write(tmp_path))
    rows = requests.by_second(run)
    asked = sum(n for *_, outcome, n in rows if outcome == "offered")
    answered = sum(n for *_, outcome, n in rows if outcome not in ("offered", "unsent"))
    assert asked == answered == sum(w["offered"] for w in run.windows)
    failed = {(p, r) for t, p, r, outcome, n in rows if outcome == "http_5xx"}
    assert failed == {("per-request", LOST), ("pooled-max-age-30", LOST)}
    assert min(t for t, *_, outcome, _ in rows if outcome == "http_5xx") == 0
    assert {r for t, _, r, outcome, _ in rows if outcome == "ok" and 150 < t < 390} == {SURVIVOR}
    read = list(csv.DictReader(io.StringIO(requests.table(run))))
    assert [int(row["t_s"]) for row in read] == [row[0] for row in rows]
    assert read[0].keys() == {"t_s", "profile", "region", "outcome", "requests"}


def test_does_the_share_of_each_kind_add_up_to_the_whole(tmp_path: Path) -> None:
    found = findings(Synthetic().write(tmp_path))["availability"]
    whole: dict[str, dict[str, int]] = {}
    for regions in found["profiles"].values():
        for region, outcomes in regions.items():
            for outcome, count in outcomes.items():
                into = whole.setdefault(region, {})
                into[outcome] = into.get(outcome, 0) + count
    assert whole == found["outcomes"]
    assert found["sent"] == found["offered"] - found["unsent"] == found["requests"]
    assert found["unanswered"] == 0


def test_is_what_never_came_back_unanswered_and_not_forgotten(tmp_path: Path) -> None:
    run = Synthetic()
    (window, *_) = [
        e for e in run.events["load-0"] if e["kind"] == "load.window" and e["at"] > run.at(5)
    ]
    window["offered"] += 3
    window["unsent"] += 1
    found = findings(run.write(tmp_path))["availability"]
    assert (found["offered"] - found["requests"], found["unsent"], found["unanswered"]) == (3, 1, 2)


def test_is_a_load_predicted_whose_requests_come_when_they_like(tmp_path: Path) -> None:
    run = Synthetic().change("load.started", even=False)
    found = findings(run.write(tmp_path))
    assert found["recovery"]["predicted"] is None
    (said, _) = [s for s in found["surprises"] if s.startswith("No prediction")]
    assert said.endswith("their requests do not come at even intervals.")


def test_what_did_sessions_see_before_the_fault_and_from_it_on(tmp_path: Path) -> None:
    run = Synthetic()
    assert findings(run.write(tmp_path / "none"))["data_behind"]["reads"] is None
    windows = [e for e in run.events["load-0"] if e["kind"] == "load.window"]
    before = [w for w in windows if w["at"] < run.at(-1)]
    after = [w for w in windows if w["at"] > run.at(1)]
    for window in (*before[:10], *after[:20]):
        window.update(reads={"checked": 2}, behind={})
    after[0].update(reads={"checked": 4, "stale": 3, "monotonic": 1}, behind={"465": 2, "581": 1})
    found = findings(run.write(tmp_path / "some"))
    told = found["data_behind"]["reads"]
    assert (told["baseline"]["checked"], told["baseline"]["stale"]) == (20, 0)
    assert (told["fault"]["checked"], told["fault"]["monotonic"]) == (42, 1)
    assert 9.0 < told["fault"]["stale_p50_s"] < 11.0 < 90.0 < told["fault"]["stale_max_s"]
    said = dict(data.rows(found))
    assert said["what sessions saw before the fault"].startswith("of 20 reads: 0 stale, 0 without")
    assert (
        "of 42 reads: 3 stale (p50 10 s, max 99 s)" in said["what sessions saw from the fault on"]
    )
    assert not any("reads" in s for s in found["surprises"])
    before[0].update(reads={"checked": 2, "own_writes": 1})
    (surprise,) = [
        s for s in findings(run.write(tmp_path / "early"))["surprises"] if "own writes" in s
    ]
    assert surprise == "Before the fault 1 reads were older than their session's own writes."
