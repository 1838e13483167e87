"""Where plain `chaos run` is green although nothing was shown: is a run of ours not?

Each row, G1 to G16, is one of the ways of Chaos Toolkit (chaostoolkit-lib 1.44 and 1.45), played
with the real `chaos` without our control, and with it. All vary the run that
`test_does_a_good_run_pass` plays: clients leave the lost Region in time, and all is put back.
"""

from __future__ import annotations

import getpass
import json
from collections.abc import Callable
from importlib import metadata
from pathlib import Path
from typing import Any

import pytest
from staging import LOST, SERVED, SPEED, Stage, a_good_run, chore
from test_chaos_run import activity

from gameday import report, runner
from gameday.errors import RunError

pytestmark = pytest.mark.scenario

Json = dict[str, Any]


def test_does_a_good_run_pass(stage: Stage) -> None:
    """And does what decides stand in Chaos Toolkit's journal, with the versions (G13)?"""
    assert stage.plain(a_good_run).exit_code == 0
    ours = stage.ours(a_good_run)
    assert (ours.exit_code, ours.verdict) == (0, "PASSED"), ours.output
    assert ours.concurrency == SERVED
    noted = ours.journal["gameday"]
    assert noted["verdict"] == "PASSED"
    marks = {(m["control"], m["step"]) for m in noted["marks"]}
    assert {("record", "before"), ("record", "baseline"), ("record", "after")} <= marks
    run = json.loads((stage.root / "ours" / "run" / "run.json").read_text())
    assert run["who"] == getpass.getuser()
    for name in ("chaostoolkit", "chaostoolkit-lib"):
        assert run["versions"][name] == metadata.version(name)


# G1, G2, G3, G4b, G8, G12, G14: what an experiment does by itself.


def deviates_meanwhile(folder: Path) -> Json:
    """G1: out of tolerance for a while, long after the objective, and in it again at the end."""
    state = str(folder / "state")
    body = a_good_run(folder)
    body["extensions"][0]["objectives"]["rto_s"] = 60
    body["method"] += [
        chore("probe", "until then", "wait", seconds=3.0),
        chore("action", "off", "write", path=state, text="2"),
        chore("probe", "meanwhile", "wait", seconds=1.5),
        chore("action", "on", "write", path=state, text="1"),
    ]
    return body


def baseline_missed(folder: Path) -> Json:
    body = a_good_run(folder)
    (folder / "state").write_text("2")
    return body


def action_fails(folder: Path) -> Json:
    body = a_good_run(folder)
    body["method"][0]["provider"]["arguments"]["stack"] = "nobody"
    return body


def rollback_fails(folder: Path) -> Json:
    back = chore("action", "back", "number", path="/no/where")
    return a_good_run(folder, rollbacks=[back])


def probe_of_the_method_misses(folder: Path) -> Json:
    """Chaos Toolkit takes a tolerance there, and judges it never."""
    body = a_good_run(folder)
    asks = chore("probe", "in the method", "number", path=str(folder / "state"))
    body["method"].append({**asks, "tolerance": 7})
    return body


def probe_of_the_method_raises(folder: Path) -> Json:
    body = a_good_run(folder)
    asks = chore("probe", "in the method", "number", path=str(folder / "nothing"))
    body["method"].append({**asks, "tolerance": 1})
    return body


def hypothesis_raises_after(folder: Path) -> Json:
    """G4b: the more complete the outage, the less likely the cleanup."""
    body = a_good_run(folder)
    body["method"].append(activity("action", "gone", "os", "unlink", path=str(folder / "state")))
    return body


def takes_longer_than_its_timeout(folder: Path) -> Json:
    body = a_good_run(folder)
    slow = chore("action", "slow", "wait", seconds=3.0, ended=str(folder / "slow"))
    slow["provider"]["timeout"] = 1
    body["method"].insert(1, slow)
    return body


def in_the_background(folder: Path) -> Json:
    """Nothing can interrupt a thread: that it took too long is found afterwards."""
    body = takes_longer_than_its_timeout(folder)
    body["method"][1]["background"] = True
    return body


CONTINUOUSLY = "--hypothesis-strategy=continuously"


@pytest.mark.parametrize(
    ("make", "options", "exit_code", "left", "verdict", "said"),
    [
        pytest.param(deviates_meanwhile, [CONTINUOUSLY], 0, SERVED, "FAILED",
                     "The hypothesis was not met at T+", id="G1"),
        pytest.param(baseline_missed, [], 0, SERVED, "ERROR",
                     "the steady state was not met before the fault", id="G2"),
        pytest.param(action_fails, [], 0, SERVED, "ERROR",
                     "the action lose failed: ", id="G3-action"),
        pytest.param(rollback_fails, [], 0, LOST, "ERROR",
                     "rollback back failed", id="G3-rollback"),
        pytest.param(probe_of_the_method_misses, [], 0, SERVED, "FAILED",
                     "Not within its tolerance: in the method.", id="G3-probe"),
        pytest.param(probe_of_the_method_raises, [], 0, SERVED, "ERROR",
                     "the probe in the method could not answer", id="G3-probe-raises"),
        pytest.param(hypothesis_raises_after, [], 1, LOST, "ERROR",
                     "chaos ended with status failed", id="G4b"),
        pytest.param(takes_longer_than_its_timeout, [], 0, SERVED, "ERROR",
                     "its timeout is over", id="G8"),
        pytest.param(in_the_background, [], 0, SERVED, "ERROR",
                     "its timeout is 0.25 s", id="G8-background"),
    ],
)  # fmt: skip
def test_is_ours_not_green_where_plain_chaos_is_or_leaves_the_fault(
    stage: Stage, make: Callable[[Path], Json], options: list[str], exit_code: int,
    left: list[int | None], verdict: str, said: str,
) -> None:  # fmt: skip
    frequency = ["--hypothesis-frequency", "0.3"] if options else []
    plain = stage.plain(make, *options, *frequency)
    assert (plain.exit_code, plain.concurrency) == (exit_code, left), plain.output
    frequency = ["--hypothesis-frequency", f"{0.3 * SPEED}"] if options else []
    ours = stage.ours(make, *options, *frequency)
    assert (ours.exit_code, ours.verdict) == (1, verdict), ours.output
    assert ours.said(said), ours.findings["reasons"]
    assert ours.journal["gameday"]["verdict"] == verdict
    assert ours.concurrency == SERVED
    if make is takes_longer_than_its_timeout:  # plain `chaos` lets it run to its end
        assert (stage.root / "plain" / "slow").exists()
        assert not (stage.root / "ours" / "slow").exists()


# G9, G10, G11: what an experiment says and Chaos Toolkit does not hear.


def one_configuration_for_all(folder: Path) -> Json:
    """G9: the argument `configuration` names eu-west-1; the experiment's own replaces it."""
    throttle = activity(
        "action", "throttle", "chaosaws.awslambda.actions", "put_function_concurrency",
        function_name="shop-items-read", concurrent_executions=0,
        configuration={"aws_region": "eu-west-1"},
    )  # fmt: skip
    body = a_good_run(folder, rollbacks=[])
    body["configuration"] |= {"aws_region": "us-east-1"}
    body["method"][0] = throttle
    return body


def the_other_region(folder: Path) -> Json:
    """The same wish, by an action of ours."""
    body = a_good_run(folder)
    body["configuration"] |= {"aws_region": "us-east-1", "region": "eu-west-1"}
    for one in (body["method"][0], body["rollbacks"][0]):
        one["provider"]["arguments"]["region"] = "eu-west-1"
    return {**body, "method": body["method"][:1]}


def test_is_the_region_hit_that_was_named(stage: Stage) -> None:
    plain = stage.plain(one_configuration_for_all)
    assert plain.exit_code == 0
    assert plain.concurrency == [0, None, None, None]  # of us-east-1
    ours = stage.ours(one_configuration_for_all)
    assert (ours.exit_code, ours.verdict) == (1, "ERROR"), ours.output
    assert ours.said("the fault was never started")
    stage.restore()
    other = Stage(stage.double, stage.target, stage.root / "other")
    other.root.mkdir()
    named = other.ours(the_other_region)
    assert {e["region"] for e in named.of("fault.applied")} == {"eu-west-1"}
    assert named.of("put.back")[-1]["equal"] == named.of("put.back")[-1]["settings"] == 5


def misspelt_control(folder: Path) -> Json:
    control = {"type": "python", "module": "gameday.controls.recrod"}
    return a_good_run(folder, controls=[{"name": "gameday", "provider": control}])


def as_gameday_run_has_it(folder: Path) -> Json:
    """The experiment that `gameday run` gives to `chaos`."""
    (folder / "theirs.json").write_text(json.dumps(misspelt_control(folder)))
    body: Json = json.loads(runner._with_control(folder / "theirs.json", folder).read_text())
    return body


def test_does_a_misspelt_control_leave_nothing_that_could_be_green(stage: Stage) -> None:
    """G10: Chaos Toolkit warns, goes on, and exits with 0; `gameday run` brings the control."""
    misspelt = stage.plain(misspelt_control, keep_controls=True)
    assert misspelt.exit_code == 0
    assert "gameday" not in misspelt.journal
    with pytest.raises(RunError, match=r"has no run\.json"):
        report.write(stage.root / "plain" / "run")
    brought = stage.ours(as_gameday_run_has_it)
    assert (brought.exit_code, brought.verdict) == (0, "PASSED"), brought.output


def with_default_region(folder: Path) -> Json:
    region = {"type": "env", "key": "GAMEDAY_REGION", "default": "us-east-1"}
    body = a_good_run(folder, configuration={"region": region})
    body["method"][0]["provider"]["arguments"]["region"] = "${region}"
    return body


@pytest.mark.parametrize("kind", ["--var", "--var-file"])
def test_is_a_variable_that_nobody_declared_refused(stage: Stage, kind: str) -> None:
    """G11: plain `chaos` drops it, and loses the default Region."""
    given = "regoin=eu-west-1"
    if kind == "--var-file":
        given = str(stage.root / "vars.json")
        Path(given).write_text(json.dumps({"configuration": {"regoin": "eu-west-1"}}))
    plain = stage.plain(with_default_region, kind, given)
    assert plain.exit_code == 0
    ours = stage.ours(with_default_region, kind, given)
    assert ours.exit_code == 1
    said = "--var regoin: the experiment declares no such configuration; it has region"
    assert said in ours.output
    assert not ours.of("fault.started")
