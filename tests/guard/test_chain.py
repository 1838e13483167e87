"""Does every guard ask what it should, in an account played by moto, and refuse when it cannot?"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from aws_double import BEHIND, FAILURE, AwsDouble
from botocore.stub import Stubber

from gameday import aws, clock, experiment, guard, kill_switch, plan, settings
from gameday.actions.region import disable_region, enable_region
from gameday.errors import Refused
from gameday.guard import Ruling, Scope
from gameday.journal import EventLog
from gameday.undo import Concurrency, Planned

US, EU = "us-east-1", "eu-west-1"
ACCOUNT = "123456789012"


def body(func: str = "disable_region", **extension: Any) -> dict[str, Any]:
    """An experiment whose action is `func`."""
    module = "health_check" if func == "fail_health_check" else "region"
    lose = {
        "type": "python",
        "module": f"gameday.actions.{module}",
        "func": func,
        "arguments": {"region": "${region}", "stack": "shop"},
    }
    return {
        "title": "t",
        "configuration": {"region": {"type": "env", "key": "GAMEDAY_REGION"}},
        "extensions": [{"name": "gameday", "kind": "recovery", **extension}],
        "method": [{"type": "action", "name": "lose", "provider": lose}],
        "rollbacks": [],
    }


_plans: dict[str, plan.Plan] = {}


def scope(run_dir: Path | None = None, func: str = "disable_region", **extension: Any) -> Scope:
    """A run that loses us-east-1; what it would change is looked up once."""
    asked = body(func, **extension)
    key = settings.current().aws_endpoint or ""
    if (key + func) not in _plans:
        _plans[key + func] = plan.make(body(func))
    found = _plans[key + func]
    return Scope(
        settings.current(), US, "region-outage", experiment.extension(asked, {}), Path.cwd(),
        clock.now(), 600.0, found.changes, found.unknown, run_dir,
    )  # fmt: skip


def refusals(of: Scope, names: tuple[str, ...] = tuple(guard.CHAIN)) -> dict[str, str]:
    return {n: a.text for n, a in guard.answers(of, names) if a.ruling is Ruling.REFUSED}


def refusal(of: Scope, by: str) -> str:
    return refusals(of, (by,))[by]


def test_does_a_run_with_everything_in_order_pass(account: AwsDouble) -> None:
    given = guard.refuse(scope())
    assert list(given) == list(guard.CHAIN)
    asked = {name for name, answer in given.items() if answer.ruling is Ruling.PASSED}
    assert asked == set(guard.CHAIN) - {"opening hours", "frequency", "replication lag"}
    assert given["opt-in"].text == "5 resources carry ChaosAllowed=true"
    assert given["load share"].text == (
        "50 % of the load reaches us-east-1 (of 2000 requests in the last hour)"
    )


def setting(name: str, value: str) -> Callable[..., None]:
    return lambda double, monkeypatch: monkeypatch.setenv(name, value)


def unset(name: str) -> Callable[..., None]:
    return lambda double, monkeypatch: monkeypatch.delenv(name)


def alarm(double: AwsDouble, monkeypatch: pytest.MonkeyPatch) -> None:
    api = aws.client("cloudwatch", EU)
    api.put_metric_alarm(
        AlarmName="loud", Namespace="n", MetricName="m", Period=60, Statistic="Sum",
        EvaluationPeriods=1, Threshold=1, ComparisonOperator="GreaterThanThreshold",
    )  # fmt: skip
    api.set_alarm_state(AlarmName="loud", StateValue="ALARM", StateReason="test")
    double.mend.append(lambda: api.delete_alarms(AlarmNames=["loud"]))


def composite(double: AwsDouble, monkeypatch: pytest.MonkeyPatch) -> None:
    stub = Stubber(aws.client("cloudwatch", US))  # moto has no composite alarms
    double.mend.append(stub.deactivate)
    stub.add_response("describe_alarms", {"MetricAlarms": []}, {})
    found = {"CompositeAlarms": [{"AlarmName": "all-lost", "StateValue": "ALARM"}]}
    stub.add_response("describe_alarms", found, {"AlarmTypes": ["CompositeAlarm"]})
    stub.activate()


def switched(double: AwsDouble, monkeypatch: pytest.MonkeyPatch) -> None:
    assert kill_switch.write(settings.current(), "release day") == ([US, EU], [])
    double.mend.append(lambda: kill_switch.write(settings.current(), kill_switch.OFF))


def sick(double: AwsDouble, monkeypatch: pytest.MonkeyPatch) -> None:
    for check in aws.client("route53", US).list_health_checks()["HealthChecks"]:
        double.observations[check["Id"]] = [FAILURE] * 16


def untagged(double: AwsDouble, monkeypatch: pytest.MonkeyPatch) -> None:
    arn = f"arn:aws:lambda:{US}:{ACCOUNT}:function:shop-{BEHIND[0]}"
    api = aws.client("lambda", US)
    api.untag_resource(Resource=arn, TagKeys=["ChaosAllowed"])
    double.mend.append(lambda: api.tag_resource(Resource=arn, Tags={"ChaosAllowed": "true"}))


def busy(double: AwsDouble, monkeypatch: pytest.MonkeyPatch) -> None:
    double.concurrency[EU] = 0


def engaged(double: AwsDouble, monkeypatch: pytest.MonkeyPatch) -> None:
    double.levers[EU] = "engaged"


def unreachable(path: str) -> Callable[..., None]:
    def refuse(double: AwsDouble, monkeypatch: pytest.MonkeyPatch) -> None:
        double.refuse = path

    return refuse


@pytest.mark.parametrize(
    ("wrong", "by", "says"),
    [
        (switched, "kill switch", "/gameday/shop/kill-switch in us-east-1 is set (release day)"),
        (engaged, "kill switch", "safety lever in eu-west-1 is engaged"),
        (setting("GAMEDAY_ALLOW", f"{ACCOUNT}:{EU}"), "allow list", "is not in GAMEDAY_ALLOW"),
        (unset("GAMEDAY_ALLOW"), "allow list", "the target allows no account"),
        (unset("GAMEDAY_CONFIRM"), "confirmation", f"without --confirm {ACCOUNT}:{US}"),
        (setting("GAMEDAY_CONFIRM", f"{ACCOUNT}:{EU}"), "confirmation", "is not what would be hit"),
        (setting("GAMEDAY_HOURS", "Mon/00:00-00:01"), "opening hours", "it may last from"),
        (setting("GAMEDAY_UNATTENDED", "1"), "opening hours", "needs GAMEDAY_HOURS"),
        (setting("GAMEDAY_RUNS_PER_DAY_MAX", "0"), "frequency", "at most 0 are allowed"),
        (unset("GAMEDAY_WITHOUT_PREREQUISITES"), "prerequisites", "run health-check-failure first"),
        (unset("GAMEDAY_RUNNER_REGION"), "locations", "set GAMEDAY_RUNNER_REGION"),
        (setting("GAMEDAY_RUNNER_REGION", US), "locations", "the runner is in us-east-1"),
        (setting("GAMEDAY_UNDO_COPY", f"ssm://{US}/undo"), "locations", "the undo copy is in us-"),
        (setting("GAMEDAY_REPORT_BUCKET", "none"), "locations", "nobody can tell (locations)"),
        (untagged, "opt-in", "lacks the tag ChaosAllowed=true"),
        (setting("GAMEDAY_OPT_IN_TAG", "team=a"), "opt-in", "and 4 more lacks the tag team=a"),
        (sick, "last Region", "us-east-1 is the last healthy Region"),
        (alarm, "alarms", "the alarm loud in eu-west-1 is in ALARM"),
        (composite, "alarms", "the alarm all-lost in us-east-1 is in ALARM"),
        (busy, "survivor capacity", "of its 0 concurrent executions"),
    ],
    ids=lambda v: v if isinstance(v, str) else "",
)
def test_is_what_is_not_in_order_refused(
    account: AwsDouble, monkeypatch: pytest.MonkeyPatch, wrong: Any, by: str, says: str
) -> None:
    wrong(account, monkeypatch)
    assert says in refusal(scope(), by)


def test_does_the_first_refusal_end_the_chain(
    account: AwsDouble, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("GAMEDAY_ALLOW")
    monkeypatch.delenv("GAMEDAY_CONFIRM")
    with pytest.raises(Refused, match="not running: the target allows no account"):
        guard.refuse(scope())


def test_may_no_experiment_break_every_region_at_once(account: AwsDouble) -> None:
    both = replace(scope(), changes=(Planned(Concurrency(EU, "shop-health"), None, 0),))
    assert refusal(both, "last Region") == (
        "no Region beside us-east-1 is left alone; nothing would survive it"
    )
    assert f"{ACCOUNT}:{EU} is not in GAMEDAY_ALLOW" in refusal(both, "allow list")
    assert f"{ACCOUNT}:{EU} would be hit, too" in refusal(both, "confirmation")


def test_are_the_stop_alarms_looked_for(account: AwsDouble) -> None:
    of = scope(stop_when=["alarm nowhere"])
    assert refusal(of, "locations") == "nobody can tell where the stop alarm nowhere is"


@pytest.mark.parametrize(
    ("path", "by"),
    [
        ("/safetyLevers", "kill switch"),
        ("/2016-08-19/account-settings", "survivor capacity"),
        ("/2013-04-01/hostedzone", "last Region"),
        ("/2013-04-01/tags", "opt-in"),
    ],
)
def test_does_a_question_without_answer_refuse(account: AwsDouble, path: str, by: str) -> None:
    found = scope(func="fail_health_check" if by == "opt-in" else "disable_region")
    account.refuse = path
    assert f"nobody can tell ({by})" in refusal(found, by)


def test_does_a_guard_that_breaks_refuse(
    account: AwsDouble, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(region: str) -> Any:
        raise KeyError("MetricAlarms")

    monkeypatch.setattr("gameday.discover.alarms", broken)
    assert refusal(scope(), "alarms") == "nobody can tell (alarms): KeyError: 'MetricAlarms'"


def test_is_a_lag_that_nobody_measured_refused(account: AwsDouble) -> None:
    said = refusal(scope(objectives={"rpo_s": 5}), "replication lag")
    assert "nobody can tell (replication lag): no ReplicationLatency" in said


def test_what_does_the_baseline_say(account: AwsDouble, tmp_path: Path) -> None:
    log = EventLog(tmp_path / "events" / "load-0.jsonl")
    rows = [{"region": r, "count": n} for r, n in ((US, 4), (EU, 96))]
    log.append("load.window", at=clock.now() - 60, rows=[{"region": US, "count": 10_000}])
    log.append("load.ready", at=clock.now() - 50)
    log.append("load.window", rows=rows)
    for behind_s in (1.0, 1.2, 7.5, 7.5):
        log.append("load.sample", behind_s=behind_s)
    log.close()
    load = {"file": "loadtests/steady.py"}
    bounds = {"replication_lag_max_s": 6}
    measured = scope(tmp_path, load=load, objectives={"rpo_s": 5}, guard=bounds)
    with pytest.raises(Refused, match=r"4.0 % of the load reaches us-east-1 \(of 100 requests"):
        guard.refuse(measured, guard.AT_THE_FAULT)
    assert refusal(measured, "replication lag") == (
        "data is 7.5 s behind (p99 of the baseline); at most 6 s are allowed"
    )
    later = scope(load=load, objectives={"rpo_s": 5})
    assert refusals(later, ("load share", "replication lag")) == {}


def test_does_an_earlier_run_on_the_target_count(
    account: AwsDouble, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.delenv("GAMEDAY_WITHOUT_PREREQUISITES")
    stamp = clock.utc(clock.now() - 86_400)[:19].replace(":", "-") + "Z"

    def ran(name: str, **facts: Any) -> None:
        run_dir = tmp_path / "reports" / "runs" / name / stamp
        run_dir.mkdir(parents=True, exist_ok=True)
        told = {
            "id": stamp, "experiment": name, "region": US, "target": "staging", "stack": "shop",
            "regions": [US, EU], "accounts": {US: ACCOUNT}, **facts,
        }  # fmt: skip
        (run_dir / "run.json").write_text(json.dumps(told))
        (run_dir / "findings.json").write_text(json.dumps({"verdict": "PASSED"}))

    ran("health-check-failure")
    assert "planned-evacuation did not pass" in refusal(scope(), "prerequisites")
    for other in ({"region": EU}, {"accounts": {US: "210987654321"}}, {"target": "production"}):
        ran("planned-evacuation", **other)
        assert "planned-evacuation did not pass" in refusal(scope(), "prerequisites")
    ran("planned-evacuation")
    assert refusals(scope(), ("prerequisites",)) == {}


def reserved() -> list[Any]:
    api = aws.client("lambda", US)
    answers = [api.get_function_concurrency(FunctionName=f"shop-{name}") for name in BEHIND]
    return [a.get("ReservedConcurrentExecutions") for a in answers]


@pytest.mark.parametrize("written", [None, False, "damaged"])
def test_does_an_action_change_nothing_that_no_guard_let_pass(
    account: AwsDouble, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, written: Any
) -> None:
    monkeypatch.setenv("GAMEDAY_RUN_DIR", str(tmp_path))
    if written == "damaged":
        (tmp_path / "guard.json").write_text("{")
    elif written is not None:
        guard.write(tmp_path, {}, {}, passed=written)
    with pytest.raises(Exception, match="not running: no guard let this run pass"):
        disable_region(US, "shop")
    assert reserved() == [None] * 4


def test_does_it_change_what_they_let_pass(
    account: AwsDouble, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("GAMEDAY_RUN_DIR", str(tmp_path))
    guard.write(tmp_path, guard.refuse(scope()), {US: ACCOUNT}, passed=True)
    disable_region(US, "shop")
    assert reserved() == [0] * 4
    enable_region(US, "shop")
    assert reserved() == [None] * 4
    assert json.loads((tmp_path / "guard.json").read_text())["answers"]["alarms"] == {
        "ruling": "passed",
        "text": "none of 0 alarms is in ALARM",
    }


def test_does_each_region_get_its_own_account(
    account: AwsDouble, monkeypatch: pytest.MonkeyPatch
) -> None:
    role = "arn:aws:iam::210987654321:role/gameday"
    monkeypatch.setenv("GAMEDAY_CREDENTIALS", f"{US}={role},route53={role}")
    assert aws.account(US) == "210987654321"
    assert aws.account(EU) == ACCOUNT
    found = scope(func="fail_health_check")
    assert found.places == ("route53", US)
    assert refusal(found, "allow list").startswith("210987654321:route53 is not in GAMEDAY_ALLOW")


def test_what_is_asked_where_no_account_is_meant(
    account: AwsDouble, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("GAMEDAY_TARGET")
    given = guard.refuse(scope(load={"file": "loadtests/steady.py"}, objectives={"rpo_s": 5}))
    asked = {name for name, answer in given.items() if answer.ruling is Ruling.PASSED}
    assert asked == {"kill switch", "last Region", "alarms", "load share"}


@pytest.mark.parametrize(
    ("wrong", "by"),
    [
        (switched, "kill switch"),
        (sick, "last Region"),
        (alarm, "alarms"),
        (setting("GAMEDAY_OPT_IN_TAG", "team=a"), "opt-in"),
        (setting("GAMEDAY_BLACKOUT", "2026-01-01..2099-12-31"), "opening hours"),
        (setting("GAMEDAY_RUNS_PER_DAY_MAX", "0"), "frequency"),
    ],
)
def test_what_is_refused_there_all_the_same(
    account: AwsDouble, monkeypatch: pytest.MonkeyPatch, wrong: Any, by: str
) -> None:
    monkeypatch.delenv("GAMEDAY_TARGET")
    wrong(account, monkeypatch)
    assert list(refusals(scope(), (by,))) == [by]


def test_is_the_loss_of_the_last_region_tried_where_no_check_stands_for_another(
    account: AwsDouble, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GAMEDAY_REGIONS", f"{US},ap-south-1")
    assert "no health check" in refusal(scope(), "last Region")
    monkeypatch.delenv("GAMEDAY_TARGET")
    assert refusals(scope(), ("last Region",)) == {}
