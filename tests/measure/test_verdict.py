"""Is green earned? One row per rule: what is done to a good run, the verdict, what it says."""

from __future__ import annotations

import pytest
from synthetic import LOST, Plan, Synthetic

from gameday.measure import findings


def judge(run: Synthetic, tmp_path) -> dict:
    return findings.findings(run.write(tmp_path))


def test_does_a_good_run_pass(tmp_path) -> None:
    found = judge(Synthetic(), tmp_path)
    assert (found["verdict"], found["reasons"]) == ("PASSED", [])
    assert "No acknowledged write was lost." in found["sentence"]


def outside_fails(run: Synthetic) -> None:
    """Half of what was sent before the fault fails."""
    for event in run.events["load-0"]:
        if event["kind"] == "load.window" and event["at"] < run.at(0):
            for row in event["rows"]:
                row["outcome"] = "http_5xx" if row["profile"] == "per-request" else "ok"


def nobody_calls(run: Synthetic) -> None:
    for event in run.events["load-0"]:
        for row in event.get("rows", []):
            row["region"] = "eu-west-1"


def nothing_fails(run: Synthetic) -> None:
    for event in run.events["load-0"]:
        for row in event.get("rows", []):
            row["outcome"] = "ok"


def load_dies(run: Synthetic) -> None:
    run.events["load-0"] = [
        e for e in run.events["load-0"] if e["kind"] != "load.window" or e["at"] < run.at(300)
    ]


def forget_audit(run: Synthetic) -> None:
    run.items = None


def keep_no_ledger(run: Synthetic) -> None:
    """As with an HttpUser: nobody says what it wrote."""
    run.writes = []
    run.change("fault.read", checked=0, missing=0, oldest_age_s=0.0)


def lag(ms: float):
    return lambda run: run.add("lab.lag", 10, wall_p99_s=ms / 1000)


ERRORS = {
    "no hypothesis before": (lambda r: r.drop("hypothesis.before"), "was not judged before"),
    "hypothesis not met": (lambda r: r.change("hypothesis.before", met=False), "was not met"),
    "baseline failed": (outside_fails, "of requests succeeded before the fault"),
    "no safeguard": (lambda r: r.facts.update(stop_when=["alarm a"]), "safeguard left no mark"),
    "action failed": (lambda r: r.add("action.failed", 1, name="lose", reason="x"), "failed: x"),
    "never started": (lambda r: r.drop("fault.started"), "the fault was never started"),
    "no effect": (lambda r: r.drop("fault.applied"), "did not see its effect"),
    "no client there": (nobody_calls, f"no client talked to {LOST}"),
    "nothing failed": (nothing_fails, "no request failed"),
    "no mark before": (lambda r: r.drop("control.mark", step="before"), "no mark at step before"),
    "no mark after": (lambda r: r.drop("control.mark", step="after"), "no mark at step after"),
    "no watch": (lambda r: r.drop("watch.beat"), "nobody watched"),
    "load ended early": (load_dies, "the load ended 1 min 4"),
    "lab too slow": (lag(60), "too slow for this speed"),
    "data never read": (lambda r: r.drop("fault.read"), "was not read at the fault"),
    "nothing written": (keep_no_ledger, "was not measured, and an RPO asks for it"),
    "written elsewhere only": (lambda r: r.change("fault.read", checked=0), "was not measured"),
    "no audit": (forget_audit, "not audited"),
    "no hypothesis after": (lambda r: r.drop("hypothesis.after"), "while the fault lasted"),
    "no end": (lambda r: r.drop("run.ended"), "did not reach its end"),
    "chaos failed": (lambda r: r.change("run.ended", status="failed"), "status failed"),
    "rollback failed": (
        lambda r: r.change("run.ended", rollbacks_failed=["region-serves-again"]),
        "rollback region-serves-again failed",
    ),
    "probe raised": (
        lambda r: r.add("probe.judged", 40, name="dns", met=None, output="timed out"),
        "the probe dns could not answer: timed out",
    ),
    "hypothesis missed before": (
        lambda r: r.add("hypothesis.during", -5, met=False, probes=[]), "was not met before"
    ),
    "undo not proven": (lambda r: r.drop("put.back"), "nobody proved"),
    "undo incomplete": (lambda r: r.change("put.back", equal=4), "1 of 5 settings"),
}  # fmt: skip


@pytest.mark.parametrize("name", ERRORS)
def test_is_anything_unknown_an_error(name, tmp_path) -> None:
    change, says = ERRORS[name]
    run = Synthetic()
    change(run)
    found = judge(run, tmp_path)
    assert found["verdict"] == "ERROR", found["sentence"]
    assert any(says in reason for reason in found["reasons"]), found["reasons"]
    assert found["sentence"].startswith("No verdict: ")


def test_is_a_run_that_never_came_to_its_fault_one_sentence(tmp_path) -> None:
    run = Synthetic().add("control.failed", -60, reason="load.py: does not import")
    for kind in ("fault.started", "hypothesis.before", "control.mark", "hypothesis.after"):
        run.drop(kind)
    assert judge(run, tmp_path)["reasons"] == ["load.py: does not import"]
    assert len(judge(run.drop("put.back"), tmp_path)["reasons"]) == 1


@pytest.mark.parametrize(("until_s", "verdict"), [(-10.0, "ERROR"), (0.0, "PASSED")])
def test_is_what_was_under_way_when_the_fault_came_the_faults(
    until_s: float, verdict: str, tmp_path
) -> None:
    run = Synthetic()
    for event in run.events["load-0"]:
        if event["kind"] == "load.window" and run.at(until_s - 4.9) < event["at"] < run.at(until_s):
            for row in event["rows"]:
                row["outcome"] = "http_5xx"
    assert judge(run, tmp_path)["verdict"] == verdict


def test_is_a_lab_that_was_a_little_late_good_enough(tmp_path) -> None:
    run = Synthetic()
    lag(40)(run)
    assert judge(run, tmp_path)["verdict"] == "PASSED"


@pytest.mark.parametrize("mode", ["check-only", "inverted"])
def test_must_a_failed_health_check_show(mode, tmp_path) -> None:
    run = Synthetic(Plan(mode=mode))
    run.drop("health.status", healthy=False)
    for event in run.events["watch"]:
        if event["kind"] == "dns.answer" and event["network"] == "near-us-east-1":
            event["regions"] = [LOST]
    found = judge(run, tmp_path)
    assert found["verdict"] == "ERROR"
    assert "stayed healthy" in found["sentence"]


@pytest.mark.parametrize("mode", ["errors", "black-hole", "check-only", "inverted"])
def test_does_each_kind_of_fault_pass_when_all_is_well(mode, tmp_path) -> None:
    found = judge(Synthetic(Plan(mode=mode)), tmp_path)
    assert found["verdict"] == "PASSED", found["reasons"]
    assert (found["recovery"]["recovery_s"] == 0) is (mode in ("check-only", "inverted"))


def test_are_clients_that_never_leave_named(tmp_path) -> None:
    found = judge(Synthetic(Plan(clients={"pooled": 100})), tmp_path)
    assert found["verdict"] == "FAILED"
    assert found["sentence"] == (
        "50 % of requests still failed after 6 min 40 s. They come from clients that keep their "
        "connection; DNS moved at T+27 s. Nothing on the AWS side can move them."
    )


def test_is_a_region_that_dns_never_left_the_cause(tmp_path) -> None:
    run = Synthetic(Plan(clients={"pooled": 100}))
    run.events["watch"] = [
        e for e in run.events["watch"] if e["kind"] != "dns.answer" or e["at"] < run.at(0)
    ]
    assert f"DNS still answers {LOST}" in judge(run, tmp_path)["sentence"]
    run.drop("health.status")
    assert "Route 53 never noticed" in judge(run, tmp_path)["sentence"]


def test_is_a_survivor_that_breaks_down_the_cause(tmp_path) -> None:
    run = Synthetic()
    for event in run.events["load-0"]:
        if event["kind"] == "load.window" and run.at(200) < event["at"] < run.at(400):
            for row in event["rows"]:
                row["outcome"] = "http_429"
    found = judge(run, tmp_path)
    assert found["verdict"] == "FAILED"
    assert (
        "Most of them failed in eu-west-1, which was to serve them (http 429)."
        in (found["sentence"])
    )
    assert any(s.startswith("eu-west-1 failed") for s in found["surprises"])


def test_is_a_late_recovery_a_failure(tmp_path) -> None:
    found = judge(Synthetic(Plan(rto_s=60)), tmp_path)
    assert found["verdict"] == "FAILED"
    assert "the objective is 1 min." in found["sentence"]


def test_is_data_too_far_behind_a_failure(tmp_path) -> None:
    found = judge(Synthetic().change("fault.read", missing=9, oldest_age_s=6.2), tmp_path)
    assert found["verdict"] == "FAILED"
    assert found["sentence"] == (
        "eu-west-1 lacked 9 writes, the oldest 6.2 s old; the objective is 5 s."
    )


@pytest.mark.parametrize(("t_s", "verdict"), [(-2.0, "PASSED"), (-30.0, "FAILED"), (50, "FAILED")])
def test_which_acknowledged_write_may_be_lost(t_s, verdict, tmp_path) -> None:
    """An RPO of 5 s permits the loss of what was written in the last 5 s, and of nothing else."""
    run = Synthetic()
    run.writes.append(
        {"at": run.at(t_s), "key": "gone", "id": "gone", "client": "c0", "region": LOST,
         "outcome": "acknowledged", "acked_at": run.at(t_s)}
    )  # fmt: skip
    found = judge(run, tmp_path)
    assert found["verdict"] == verdict
    assert list(found["data_behind"]["after_fail_back"]["lost_keys"]) == ["gone"]


def test_is_an_unmet_hypothesis_a_failure(tmp_path) -> None:
    probes = [{"name": "requests-succeed", "tolerance_met": False, "output": 98.0}]
    found = judge(Synthetic().change("hypothesis.after", met=False, probes=probes), tmp_path)
    assert found["verdict"] == "FAILED"
    assert "requests-succeed" in found["sentence"]


@pytest.mark.parametrize(
    ("kind", "t_s", "verdict"),
    [
        ("recovery", 60, "PASSED"),  # clients may be without service until the objective
        ("recovery", 180, "PASSED"),  # the probe looked at what was before
        ("recovery", 300, "FAILED"),
        ("sustained", 60, "FAILED"),
    ],
)
def test_when_may_a_continuous_hypothesis_be_missed(kind, t_s, verdict, tmp_path) -> None:
    """Chaos Toolkit forgets it as soon as it is met again."""
    run = Synthetic(Plan(kind=kind, mode="check-only" if kind == "sustained" else "errors"))
    for t, met in ((t_s - 20, True), (t_s, False), (t_s + 20, True)):
        probes = [{"name": "served", "tolerance_met": met, "output": 1}]
        run.add("hypothesis.during", t, met=met, probes=probes)
    found = judge(run, tmp_path)
    assert found["verdict"] == verdict
    if verdict == "FAILED":
        assert found["sentence"] == f"The hypothesis was not met at T+{t_s} s (served)."


def test_does_a_tolerance_in_the_method_count(tmp_path) -> None:
    run = Synthetic().add("probe.judged", 90, name="dns-leaves", met=False, output=False)
    run.add("probe.judged", 95, name="other", met=True, output=True)
    found = judge(run, tmp_path)
    assert (found["verdict"], found["sentence"]) == (
        "FAILED",
        "Not within its tolerance: dns-leaves.",
    )


def test_must_a_sustained_hypothesis_hold_throughout(tmp_path) -> None:
    assert judge(Synthetic(Plan(kind="sustained")), tmp_path)["verdict"] == "FAILED"
    kept = Plan(kind="sustained", mode="check-only")
    assert judge(Synthetic(kept), tmp_path / "kept")["verdict"] == "PASSED"


def test_is_a_stopped_run_stopped_only_when_it_was_put_back(tmp_path) -> None:
    run = Synthetic().add("stop", 30, reason="q was pressed").drop("hypothesis.after")
    found = judge(run, tmp_path)
    assert (found["verdict"], found["sentence"]) == ("STOPPED", "Stopped: q was pressed.")
    assert judge(run.change("put.back", equal=3), tmp_path)["verdict"] == "ERROR"


def test_is_an_interrupted_run_stopped(tmp_path) -> None:
    run = Synthetic().change("run.ended", status="interrupted")
    assert judge(run, tmp_path)["verdict"] == "STOPPED"


def test_is_data_behind_never_zero_without_a_write(tmp_path) -> None:
    run = Synthetic(Plan(rpo_s=None))
    keep_no_ledger(run)
    found = judge(run, tmp_path)
    assert (found["verdict"], found["reasons"]) == ("PASSED", [])
    assert "No acknowledged write was lost." not in found["sentence"]
    assert found["data_behind"]["at_fault"] is None
    assert found["data_behind"]["after_fail_back"] is None
