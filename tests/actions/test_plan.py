"""Does a plan say what a run does, change nothing, and ask for exactly what the run calls?"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from aws_double import BEHIND, AwsDouble

from gameday import aws, plan
from gameday.actions.health_check import (
    fail_deep_check,
    fail_health_check,
    restore_deep_check,
    restore_health_check,
)
from gameday.actions.region import disable_region, enable_region
from gameday.errors import AwsError, UsageError
from gameday.plan.policy import need_of
from gameday.plan.stake import budget_pct
from gameday.undo import Need, Owner

US, EU = "us-east-1", "eu-west-1"
OWNER = Owner("aws", "123456789012")


def body(func: str = "disable_region", module: str = "region", **arguments: Any) -> dict[str, Any]:
    provider = {
        "type": "python",
        "module": f"gameday.actions.{module}",
        "func": func,
        "arguments": {"region": "${region}", "stack": "shop", **arguments},
    }
    wait = {"type": "python", "arguments": {"within_s": "${rto_s}", "then_holds_s": 300}}
    return {
        "title": "t",
        "configuration": {
            "region": {"type": "env", "key": "GAMEDAY_REGION"},
            "rto_s": {"type": "env", "key": "GAMEDAY_RTO_S", "env_var_type": "float"},
        },
        "method": [
            {"type": "action", "name": "lose", "provider": provider, "pauses": {"after": 10}},
            {"type": "probe", "name": "recover", "provider": wait},
        ],
        "rollbacks": [{"type": "action", "name": "back", "provider": provider}],
    }


def concurrency() -> list[Any]:
    api = aws.client("lambda", US)
    answers = [api.get_function_concurrency(FunctionName=f"shop-{n}") for n in BEHIND]
    return [a.get("ReservedConcurrentExecutions") for a in answers]


def test_what_would_be_changed_and_is_nothing(shop: AwsDouble, tmp_path: Path) -> None:
    aws.client("lambda", US).put_function_concurrency(
        FunctionName="shop-health", ReservedConcurrentExecutions=7
    )
    before = concurrency()
    found = plan.make(body())
    assert found.headline == "Will change 5 settings in us-east-1 and nothing else"
    assert [(c.setting.kind, c.before, c.after) for c in found.changes] == [
        ("replication", False, True),
        ("concurrency", 7, 0),
        ("concurrency", None, 0),
        ("concurrency", None, 0),
        ("concurrency", None, 0),
    ]
    assert found.left_alone == ("shop-mailer (not behind the API)",)
    assert found.fault_s_max == 150 + 300 + 10
    assert found.steps == ("recover: waits 450 s at most", "rollback back")
    assert concurrency() == before
    assert (shop.templates, shop.experiments) == ({}, {})
    assert list(tmp_path.iterdir()) == []  # no undo journal, no event


def test_is_what_nobody_can_tell_said_and_not_called(shop: AwsDouble, tmp_path: Path) -> None:
    made = tmp_path / "made"
    process = {"type": "process", "path": "touch", "arguments": str(made)}
    foreign = {"type": "python", "module": "pathlib", "func": "Path.cwd"}
    method = [
        {"type": "action", "name": "shell", "provider": process},
        {"type": "action", "name": "stranger", "provider": foreign},
    ]
    found = plan.make({**body(), "method": method})
    assert found.unknown == ("shell", "stranger")
    assert "nobody can tell what shell, stranger will change" in found.headline
    assert "nothing else" not in found.headline
    assert not made.exists()


@pytest.mark.parametrize(
    ("made", "error", "said"),
    [
        (body("disable_regoin"), UsageError, "there is no gameday.actions.region.disable_regoin"),
        (body(color="red"), UsageError, "unexpected keyword argument 'color'"),
        (body("disable_region", replication="off"), AwsError, "paused or untouched"),
    ],
)
def test_is_a_mistake_one_line(
    shop: AwsDouble, made: dict[str, Any], error: type[Exception], said: str
) -> None:
    with pytest.raises(error, match=said):
        plan.make(made)


@pytest.mark.parametrize(
    ("lose", "back", "module", "arguments"),
    [
        (disable_region, enable_region, "region", {}),
        (fail_health_check, restore_health_check, "health_check", {}),
        (fail_deep_check, restore_deep_check, "health_check", {}),
    ],
)
def test_does_the_policy_allow_every_call_of_the_run(
    shop: AwsDouble, lose: Any, back: Any, module: str, arguments: dict[str, Any]
) -> None:
    with aws.recorded() as asked:
        found = plan.make(body(lose.__name__, module))
    document = plan.policy(asked, found.changes, owner=OWNER, tables=["items"], regions=(US, EU))
    with aws.recorded() as made:
        lose(US, "shop")
        back(US, "shop")
    assert made
    for call in made:
        for need in need_of(call, OWNER):
            assert allowed(document, need), f"{call}: {need}"
    assert allowed(
        document, Need("dynamodb:Scan", f"arn:aws:dynamodb:{EU}:123456789012:table/items")
    )
    for need in (
        Need("lambda:DeleteFunction", "*"),
        Need("lambda:PutFunctionConcurrency", OWNER.arn("lambda", EU, "function:shop-health")),
        Need("lambda:PutFunctionConcurrency", OWNER.arn("lambda", US, "function:shop-mailer")),
    ):
        assert not allowed(document, need)


TOPIC = "arn:aws:sns:eu-west-1:123456789012:gamedays"


@pytest.mark.parametrize(
    ("service", "operation", "names", "action", "resource"),
    [
        ("ssm", "GetParameter", {"Name": "/gameday/shop/kill-switch"}, "ssm:GetParameter",
         OWNER.arn("ssm", US, "parameter/gameday/shop/kill-switch")),
        ("fis", "GetSafetyLever", {"id": "default"}, "fis:GetSafetyLever",
         OWNER.arn("fis", US, "safety-lever/default")),
        ("lambda", "ListTags", {"Resource": OWNER.arn("lambda", US, "function:f")},
         "lambda:ListTags", OWNER.arn("lambda", US, "function:f")),
        ("route53", "ListTagsForResource", {"ResourceType": "healthcheck", "ResourceId": "h"},
         "route53:ListTagsForResource", "arn:aws:route53:::healthcheck/h"),
        ("s3", "GetBucketLocation", {"Bucket": "b"}, "s3:GetBucketLocation", "arn:aws:s3:::b"),
        ("sns", "Publish", {"TopicArn": TOPIC}, "sns:Publish", TOPIC),
        ("lambda", "GetAccountSettings", {}, "lambda:GetAccountSettings", "*"),
        ("resourcegroupstaggingapi", "GetResources", {}, "tag:GetResources", "*"),
    ],
)  # fmt: skip
def test_what_does_iam_call_what_a_guard_asks(
    service: str, operation: str, names: dict[str, str], action: str, resource: str
) -> None:
    call = aws.Call(service, operation, US, tuple(sorted(names.items())))
    assert need_of(call, OWNER) == (Need(action, resource),)


def allowed(document: dict[str, Any], need: Need) -> bool:
    """Whether the policy allows it; FIS names what it makes only afterwards."""
    return any(
        need.action in s["Action"]
        and (
            need.resource in s["Resource"]
            or "*" in s["Resource"]
            or (need.action.startswith("fis:") and any("fis" in r for r in s["Resource"]))
        )
        for s in document["Statement"]
    )


def test_what_is_at_stake() -> None:
    assert budget_pct(50.0, 150.0) == pytest.approx(2.894, abs=0.001)
    assert budget_pct(100.0, 2592.0) == pytest.approx(100.0)
