"""Do the numbers of a simulated run agree with what was simulated, and with what was predicted?"""

from __future__ import annotations

import json
import tempfile
from collections.abc import Iterator
from importlib import resources
from pathlib import Path

import pytest
from jsonschema import Draft202012Validator
from synthetic import LOST, SURVIVOR, Plan, Synthetic

from gameday.errors import RunError
from gameday.measure.clients import by_kind, recoveries
from gameday.measure.fault import prediction, settings
from gameday.measure.findings import findings
from gameday.measure.run import load

SCHEMA = json.loads(resources.files("gameday").joinpath("schemas/findings.json").read_text())


def found(plan: Plan, run_dir: Path) -> dict:
    return findings(Synthetic(plan).write(run_dir))


def moments(value: dict) -> dict[str, float]:
    return {m["name"]: m["t_s"] for m in value["timeline"]}


def test_is_the_story_told_in_order(tmp_path) -> None:
    value = found(Plan(), tmp_path)
    times = moments(value)
    order = ["fault", "first_error", "detected", "dns_moved", "first_alarm", "last_error",
             "put_back", "failed_back"]  # fmt: skip
    assert [name for name in times if name in order] == order
    assert 20 <= times["detected"] <= 30
    assert times["recovered"] == value["recovery"]["recovery_s"]
    assert times["last_error"] <= times["recovered"] <= times["last_error"] + 1.0
    assert (times["put_back"], times["failed_back"]) == (404.0, 495.0)
    assert {m["source"] for m in value["timeline"]} >= {"fault.started", "health.status",
            "dns.answer", "alarm.state", "load.window", "client.segment"}  # fmt: skip


def test_is_a_kind_that_nobody_can_predict_named_and_the_rest_predicted(tmp_path) -> None:
    run = Synthetic(Plan(clients={"per-request": 50, "odd-30": 50}))
    value = findings(run.write(tmp_path / "unsaid"))
    said = "No prediction for odd-30, and none for the recovery time: the run does not say how"
    assert any(said in text for text in value["surprises"])
    assert list(value["predicted"]["clients"]) == ["per-request"]
    assert value["recovery"]["predicted"] is None
    assert value["chain"]["links"][0]["predicted"]["mean_s"] > 20
    Draft202012Validator(SCHEMA).validate(json.loads(json.dumps(value)))
    run.add("load.profiles", -60, profiles={"odd-30": {"max_age_s": 30.0}, "per-request": None})
    told = findings(run.write(tmp_path / "told"))
    as_if = found(Plan(clients={"per-request": 50, "pooled-max-age-30": 50}), tmp_path / "as")
    assert told["recovery"]["predicted"] is not None
    of = [next(k for k in v["clients"] if "-30" in k["profile"]) for v in (told, as_if)]
    means = [k["predicted"]["mean"]["mean_s"] for k in of]
    assert means[0] == pytest.approx(means[1], abs=1.0)


def test_do_the_links_add_up(tmp_path) -> None:
    value = found(Plan(), tmp_path)
    links = value["chain"]["links"]
    assert [link["name"] for link in links] == ["detect", "DNS", "resolver caches", "connections"]
    total = sum(link["measured_s"] for link in links)
    assert total == pytest.approx(value["recovery"]["recovery_s"], abs=0.3)
    assert value["chain"]["longest"] == "resolver caches"
    assert "60 s" in value["chain"]["advice"]


def test_is_the_last_link_open_when_nobody_recovers(tmp_path) -> None:
    value = found(Plan(clients={"per-request": 50, "pooled": 50}), tmp_path)
    assert value["chain"]["links"][-1] == {
        "name": "connections", "measured_s": None,
        "predicted": value["predicted"]["connections"],
        "difference": {"by_s": None, "beyond_s": None, "agrees": True}}  # fmt: skip
    assert value["recovery"]["predicted"]["mean_s"] is None
    pooled = next(k for k in value["clients"] if k["profile"] == "pooled")
    assert (pooled["counted"], pooled["censored"]) == (20, 20)
    assert pooled["mean"] == {"s": 400.0, "at_least": True}


def test_what_did_users_see(tmp_path) -> None:
    value = found(Plan(), tmp_path)
    seen = value["availability"]
    assert seen["users_with_error_pct"] == 50.0
    assert seen["requests"] == pytest.approx(8 * 520, abs=8)
    assert seen["failed_pct"] == pytest.approx(100 * seen["failed"] / seen["requests"], abs=0.01)
    month = 8 * 30 * 86400 * 0.001
    assert seen["month_budget_pct"] == pytest.approx(100 * seen["failed"] / month, abs=0.01)
    assert seen["latency_ms"]["baseline"][LOST]["p50"] == pytest.approx(25, rel=0.03)
    assert seen["outcomes"][LOST] == {"http_5xx": seen["failed"]}
    traffic = value["traffic"]
    assert traffic["ok"][SURVIVOR][-1] > 0
    whole = traffic["offered"][:-1]  # the last step may be cut short
    assert whole == pytest.approx([8.0] * len(whole), rel=0.02)


def test_do_parts_of_a_load_window_add_up(tmp_path) -> None:
    """Offers are written at once, answers when they come: two parts of one window."""
    run = Synthetic()
    whole = findings(run.write(tmp_path / "whole"))
    for event in [e for e in run.events["load-0"] if e["kind"] == "load.window"]:
        run.events["load-0"].append(event | {"offered": 0})
        event["rows"] = []
    assert findings(run.write(tmp_path / "parts"))["traffic"] == whole["traffic"]


def test_is_data_behind_read_at_the_fault_and_over_the_baseline(tmp_path) -> None:
    run = Synthetic(Plan())
    value = findings(run.write(tmp_path))["data_behind"]
    assert value["at_fault"]["missing"] == len(run.missing)
    assert value["at_fault"]["oldest_age_s"] == pytest.approx(max(run.missing))
    assert 0 < value["baseline"]["p50_s"] < value["baseline"]["p99_s"] <= 1.2
    assert value["after_fail_back"]["acknowledged"] == len(run.writes)


def test_are_alarms_sorted_into_expected_silent_and_unexpected(tmp_path) -> None:
    run = Synthetic()
    alarms = findings(run.write(tmp_path))["alarms"]
    assert [(a["alarm"], a["t_s"], a["expected"]) for a in alarms["fired"]] == [
        (f"gameday-api-5xx-{LOST}", 65.0, True)]  # fmt: skip
    run.facts["expect_alarms"] = ["throttles-us-east-1"]
    alarms = findings(run.write(tmp_path))["alarms"]
    assert alarms["silent"] == alarms["unseen"] == ["throttles-us-east-1"]
    assert [a["alarm"] for a in alarms["unexpected"]] == [f"gameday-api-5xx-{LOST}"]


def test_are_surprises_named(tmp_path) -> None:
    run = Synthetic()
    run.change("load.window", unsent=1)
    said = findings(run.write(tmp_path))["surprises"]
    assert any("could not be sent" in s for s in said)


@pytest.mark.parametrize("kind", ["check-only", "inverted"])
def test_do_clients_move_without_an_error_when_only_the_check_fails(kind, tmp_path) -> None:
    """Published: with only the health check failed, clients see no error while DNS moves."""
    value = found(Plan(mode=kind), tmp_path)
    assert value["availability"]["failed"] == 0
    for clients in value["clients"]:
        assert clients["max"]["s"] == 0
        low, high = (clients["predicted"]["mean"][p] for p in ("p0_1_s", "p99_9_s"))
        assert low <= clients["moved"]["s"] <= high


def test_is_the_result_the_same_at_speed_1_and_10(tmp_path) -> None:
    slow, fast = (found(Plan(speed=s), tmp_path / str(s)) for s in (1.0, 10.0))
    for one, other in zip(slow["clients"], fast["clients"], strict=True):
        assert one["mean"]["s"] == pytest.approx(other["mean"]["s"], rel=0.02)
        assert one["p95"]["s"] == pytest.approx(other["p95"]["s"], rel=0.02)
    assert slow["recovery"]["recovery_s"] == pytest.approx(fast["recovery"]["recovery_s"], abs=1.0)


def test_is_what_the_run_said_of_its_fault_and_its_checkers_predicted_with(tmp_path) -> None:
    synthetic = Synthetic()
    run = load(synthetic.write(tmp_path / "said"))
    run.facts["lab"]["probe_s"] = 0.12
    asked = settings(run)
    assert (asked.effect_s, asked.answer_s) == (pytest.approx(0.4, abs=1e-3), 0.12)
    synthetic.drop("fault.applied")
    asked = settings(load(synthetic.write(tmp_path / "unsaid")))
    assert (asked.effect_s, asked.answer_s) == (0.0, 0.0)


def runs(mode: str, count: int) -> Iterator[tuple]:
    for seed in range(count):
        with tempfile.TemporaryDirectory() as name:
            run = load(Synthetic(Plan(seed=seed, mode=mode, fault_s=200)).write(Path(name)))
            counted = recoveries(run)
            yield by_kind(run, counted), prediction(run, counted)


@pytest.mark.parametrize("mode", ["errors", "black-hole", "check-only"])
def test_does_what_is_measured_fall_into_the_predicted_band(mode) -> None:
    """The simulation plays every look-up; the prediction is a formula: 16 seeds must agree."""
    for kinds, expected in runs(mode, 16):
        for kind in kinds:
            mean = expected.clients[kind.profile].mean
            assert mean.p0_1_s <= kind.moved.s <= mean.p99_9_s, kind


def test_is_a_segment_that_was_rewritten_while_it_grew_counted_once(tmp_path) -> None:
    run = Synthetic()
    grown = next(e for e in run.events["load-0"] if e["kind"] == "client.segment")
    run.events["load-0"].insert(0, grown | {"last": grown["first"], "count": 1})
    assert len(load(run.write(tmp_path)).segments) == len(
        [e for e in run.events["load-0"] if e["kind"] == "client.segment"]) - 1  # fmt: skip


@pytest.mark.parametrize(
    "change",
    [lambda r: None, lambda r: r.drop("fault.started"), lambda r: r.drop("load.window"),
     lambda r: r.drop("dns.answer"), lambda r: r.drop("health.status"),
     lambda r: r.drop("client.segment"), lambda r: r.drop("put.back")],
    ids=["whole", "no fault", "no load", "no DNS", "no health", "no clients", "no undo"],
)  # fmt: skip
def test_do_findings_keep_to_their_schema(change, tmp_path) -> None:
    run = Synthetic()
    change(run)
    value = json.loads(json.dumps(findings(run.write(tmp_path)), allow_nan=False))
    Draft202012Validator.check_schema(SCHEMA)
    errors = [
        f"{e.json_path}: {e.message}" for e in Draft202012Validator(SCHEMA).iter_errors(value)
    ]
    assert errors == []


def test_is_a_directory_that_is_no_run_refused(tmp_path) -> None:
    with pytest.raises(RunError, match=r"no run\.json"):
        findings(tmp_path)
    (tmp_path / "run.json").write_text("{")
    with pytest.raises(RunError, match="damaged"):
        findings(tmp_path)
