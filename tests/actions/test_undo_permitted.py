"""Is the undo proven permitted before anything is changed?"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any

import boto3
import pytest
from aws_double import BEHIND, AwsDouble
from botocore.stub import Stubber
from chaoslib.exceptions import ActivityFailed

from gameday import aws
from gameday.actions.health_check import fail_deep_check, fail_health_check
from gameday.actions.region import disable_region
from gameday.errors import AwsError
from gameday.undo import Concurrency, Need, Owner, Replication
from gameday.undo.permission import refuse_denied_by

US = "us-east-1"
ACCOUNT = "123456789012"


def test_is_the_present_value_written_back_before_anything_is_changed(
    shop: AwsDouble, lambda_api: Any, tmp_path: Path
) -> None:
    lambda_api.put_function_concurrency(FunctionName="shop-health", ReservedConcurrentExecutions=7)
    with aws.recorded() as calls:
        disable_region(US, "shop", replication="untouched")
    names = [c.operation for c in calls if "FunctionConcurrency" in c.operation]
    writes = [name for name in names if not name.startswith("Get")]
    proofs = ["PutFunctionConcurrency", *["DeleteFunctionConcurrency"] * 3]
    assert sorted(writes[:4]) == sorted(proofs)  # 7 again, and none again
    assert writes[4:] == ["PutFunctionConcurrency"] * 4  # 0


@pytest.mark.parametrize("function", ["shop-health", "shop-items-write"])
def test_is_nothing_changed_when_one_of_them_cannot_be_undone(
    shop: AwsDouble,
    lambda_api: Any,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    function: str,
) -> None:
    real = Concurrency.write

    def denied(setting: Concurrency, value: int | None) -> None:
        if setting.function == function:
            raise AwsError("AccessDeniedException: no")
        real(setting, value)

    monkeypatch.setattr(Concurrency, "write", denied)
    said = f"not running: cannot undo reserved concurrency of {function} in us-east-1: AccessDenied"
    with pytest.raises(ActivityFailed, match=said):
        disable_region(US, "shop")
    answers = [lambda_api.get_function_concurrency(FunctionName=f"shop-{n}") for n in BEHIND]
    assert [a.get("ReservedConcurrentExecutions") for a in answers] == [None] * 4
    assert shop.experiments == {}
    assert not (tmp_path / "events").exists()
    assert not (tmp_path / "undo.sh").exists()


def test_do_health_checks_and_variables_stay_as_they_are_by_the_proof(shop: AwsDouble) -> None:
    for action in (fail_health_check, fail_deep_check):
        with aws.recorded() as calls:
            action(US, "shop")
        changing = [c.operation for c in calls if c.operation.startswith("Update")]
        assert len(changing) == 2, changing  # as it is, and as it is to be


class Iam:
    """STS and IAM that answer once each, by botocore's models."""

    def __init__(self, arn: str) -> None:
        keys = {"aws_access_key_id": "k", "aws_secret_access_key": "s", "region_name": US}
        self.sts, self.iam = boto3.client("sts", **keys), boto3.client("iam", **keys)
        self.stub_sts, self.stub_iam = Stubber(self.sts), Stubber(self.iam)
        answer = {"Arn": arn, "Account": ACCOUNT, "UserId": "AIDA"}
        self.stub_sts.add_response("get_caller_identity", answer, {})
        self.stub_sts.activate()
        self.stub_iam.activate()

    def role(self, arn: str) -> Iam:
        role = {"Path": "/x/", "RoleName": "drills", "RoleId": "AROA" + "X" * 17, "Arn": arn}
        body = {"Role": {**role, "CreateDate": 0}}
        self.stub_iam.add_response("get_role", body, {"RoleName": "drills"})
        return self

    def decides(self, principal: str, resource: str, **decisions: str) -> Iam:
        actions = [f"fis:{name}" for name in decisions]
        results = [
            {"EvalActionName": a, "EvalDecision": d}
            for a, d in zip(actions, decisions.values(), strict=True)
        ]
        self.stub_iam.add_response(
            "simulate_principal_policy",
            {"EvaluationResults": results},
            {"PolicySourceArn": principal, "ActionNames": actions, "ResourceArns": [resource]},
        )
        return self

    def ask(self) -> None:
        refuse_denied_by(self.sts, self.iam, undo_of_a_pause)
        self.stub_iam.assert_no_pending_responses()


def undo_of_a_pause(owner: Owner) -> Iterable[Need]:
    assert owner == Owner("aws", ACCOUNT)
    return owner.needs("*", "fis:ListExperiments") + owner.needs("arn:x", "fis:StopExperiment")


ROLE = f"arn:aws:iam::{ACCOUNT}:role/x/drills"
ASSUMED = f"arn:aws:sts::{ACCOUNT}:assumed-role/drills/ada"
USER = f"arn:aws:iam::{ACCOUNT}:user/ada"


def test_is_iam_asked_for_the_role_that_was_assumed_with_its_path() -> None:
    iam = Iam(ASSUMED).role(ROLE)
    iam.decides(ROLE, "*", ListExperiments="allowed")
    iam.decides(ROLE, "arn:x", StopExperiment="allowed").ask()


def test_is_what_iam_denies_named() -> None:
    iam = Iam(USER).decides(USER, "*", ListExperiments="allowed")
    iam.decides(USER, "arn:x", StopExperiment="implicitDeny")
    with pytest.raises(AwsError, match="ada may not fis:StopExperiment on arn:x: implicitDeny"):
        iam.ask()


def test_does_iam_that_cannot_be_asked_count_as_denied() -> None:
    iam = Iam(USER)
    iam.stub_iam.add_client_error("simulate_principal_policy", "AccessDenied", "no")
    with pytest.raises(AwsError, match="asking IAM whether the undo is permitted: AccessDenied"):
        iam.ask()


def test_may_the_root_user_do_everything() -> None:
    Iam(f"arn:aws:iam::{ACCOUNT}:root").ask()


def test_is_a_caller_that_nobody_can_judge_refused() -> None:
    with pytest.raises(AwsError, match=r"nobody can tell what .*federated-user/ada may do"):
        Iam(f"arn:aws:sts::{ACCOUNT}:federated-user/ada").ask()


def test_what_does_ending_a_pause_need() -> None:
    pause = Replication(US, (f"arn:aws:dynamodb:{US}:{ACCOUNT}:table/items",), "role", "token")
    asked: list[Need] = []

    def ask(region: str, needs_of: Any) -> None:
        asked.extend(needs_of(Owner("aws", ACCOUNT)))

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("gameday.undo.permission.refuse_denied", ask)
        pause.prove_undo(False)
    assert {n.action for n in asked} == {
        "fis:ListExperiments",
        "fis:ListExperimentTemplates",
        "fis:StopExperiment",
        "fis:DeleteExperimentTemplate",
    }
