"""Does losing a Region change what it says, and does getting it back restore it exactly?"""

from __future__ import annotations

import json
import os
import shlex
import stat
from pathlib import Path
from typing import Any

import pytest
from aws_double import BEHIND, AwsDouble
from chaoslib.exceptions import ActivityFailed

from gameday import aws, undo
from gameday.actions.region import cut_region, disable_region, enable_region, heal_region
from gameday.actions.replication import pause_replication, resume_replication
from gameday.journal import read_log


def reserved(api: Any, name: str) -> int | None:
    answer = api.get_function_concurrency(FunctionName=name)
    return answer.get("ReservedConcurrentExecutions")


def test_does_every_function_behind_the_api_stop_and_no_other(lambda_api: Any) -> None:
    seen = disable_region("us-east-1", "shop")
    assert seen["effects"] == ["4 functions at 0", "replication paused"]
    assert seen["left_alone"] == ["shop-mailer (not behind the API)"]
    assert [reserved(lambda_api, f"shop-{n}") for n in BEHIND] == [0, 0, 0, 0]
    assert reserved(lambda_api, "shop-mailer") is None


def test_is_a_function_left_alone_whose_alias_has_an_event_source(lambda_api: Any) -> None:
    """Reserved concurrency 0 would stop the source, too, and send its messages away."""
    aws.client("sqs", "us-east-1").create_queue(QueueName="orders")
    lambda_api.publish_version(FunctionName="shop-health")
    lambda_api.create_alias(FunctionName="shop-health", Name="live", FunctionVersion="1")
    lambda_api.create_event_source_mapping(
        EventSourceArn="arn:aws:sqs:us-east-1:123456789012:orders",
        FunctionName="shop-health:live",
    )
    seen = disable_region("us-east-1", "shop")
    assert seen["effects"] == ["3 functions at 0", "replication paused"]
    assert "shop-health (1 event source)" in seen["left_alone"]
    assert reserved(lambda_api, "shop-health") is None


def test_is_the_other_region_untouched(lambda_api: Any) -> None:
    disable_region("us-east-1", "shop")
    other = aws.client("lambda", "eu-west-1")
    assert [reserved(other, f"shop-{n}") for n in BEHIND] == [None] * 4


def test_do_former_values_come_back_exactly(shop: AwsDouble, lambda_api: Any) -> None:
    lambda_api.put_function_concurrency(FunctionName="shop-health", ReservedConcurrentExecutions=7)
    disable_region("us-east-1", "shop")
    assert enable_region("us-east-1", "shop") == {"settings": 5, "equal": 5}
    assert reserved(lambda_api, "shop-health") == 7
    assert reserved(lambda_api, "shop-items-read") is None
    assert shop.templates == {}
    assert [e["state"]["status"] for e in shop.experiments.values()] == ["stopped"]


def test_may_it_be_enabled_twice_and_disabled_twice(lambda_api: Any) -> None:
    assert enable_region("us-east-1", "shop") == {"settings": 0, "equal": 0}
    disable_region("us-east-1", "shop")
    disable_region("us-east-1", "shop")
    assert enable_region("us-east-1", "shop") == {"settings": 6, "equal": 6}
    assert enable_region("us-east-1", "shop") == {"settings": 6, "equal": 6}
    assert reserved(lambda_api, "shop-health") is None


def test_what_does_fis_get(shop: AwsDouble) -> None:
    pause_replication("us-east-1", "shop")
    (template,) = shop.templates.values()
    assert template["targets"]["tables"]["resourceArns"] == [
        "arn:aws:dynamodb:us-east-1:123456789012:table/items"
    ]
    assert template["actions"]["pause"]["actionId"] == (
        "aws:dynamodb:global-table-pause-replication"
    )
    assert template["roleArn"] == "arn:aws:iam::123456789012:role/fis"
    assert resume_replication("us-east-1", "shop") == {"settings": 1, "equal": 1}


def test_is_the_fault_announced_after_its_undo_is_on_disk(shop: AwsDouble, tmp_path: Path) -> None:
    disable_region("us-east-1", "shop")
    started, applied = read_log(tmp_path / "events" / "chaos.jsonl")
    assert (started["kind"], applied["kind"]) == ("fault.started", "fault.applied")
    written = [line["at"] for line in read_log(tmp_path / "undo.jsonl") if "setting" in line]
    assert len(written) == 5
    assert max(written) <= started["at"] <= applied["at"]


def test_is_nothing_changed_when_the_undo_cannot_be_written(
    lambda_api: Any, tmp_path: Path
) -> None:
    undo.current_journal()
    (tmp_path / "undo.sh").mkdir()
    with pytest.raises(ActivityFailed, match="nothing was changed: its undo cannot be written"):
        disable_region("us-east-1", "shop")
    assert reserved(lambda_api, "shop-health") is None


def test_does_a_setting_that_somebody_else_changed_stay(lambda_api: Any) -> None:
    disable_region("us-east-1", "shop")
    lambda_api.put_function_concurrency(FunctionName="shop-health", ReservedConcurrentExecutions=3)
    with pytest.raises(ActivityFailed, match=r"left alone: .*shop-health.* is 3"):
        enable_region("us-east-1", "shop")
    assert reserved(lambda_api, "shop-health") == 3
    assert reserved(lambda_api, "shop-items-read") is None


def test_does_undo_sh_hold_plain_exact_commands(shop: AwsDouble, tmp_path: Path) -> None:
    api = aws.client("lambda", "us-east-1")
    api.put_function_concurrency(FunctionName="shop-health", ReservedConcurrentExecutions=7)
    disable_region("us-east-1", "shop")
    script = tmp_path / "undo.sh"
    lines = [shlex.split(line, comments=True) for line in script.read_text().splitlines()]
    assert [
        "aws", "lambda", "put-function-concurrency", "--function-name", "shop-health",
        "--reserved-concurrent-executions", "7", "--region", "us-east-1",
    ] in lines  # fmt: skip
    assert [
        "aws", "lambda", "delete-function-concurrency", "--function-name", "shop-items-read",
        "--region", "us-east-1",
    ] in lines  # fmt: skip
    assert os.system(f"sh -n {script}") == 0
    assert stat.S_IMODE(script.stat().st_mode) == 0o700
    assert stat.S_IMODE((tmp_path / "undo.jsonl").stat().st_mode) == 0o600


def test_can_another_process_put_it_back_from_the_directory_alone(
    lambda_api: Any, tmp_path: Path
) -> None:
    disable_region("us-east-1", "shop")
    result = undo.replay(undo.UndoJournal(tmp_path))
    assert str(result) == "5 of 5 settings equal to before"
    assert {r.state for r in undo.UndoJournal(tmp_path).records()} == {"put back"}
    assert undo.replay(undo.UndoJournal(tmp_path)).complete


def test_is_a_failing_api_reported_and_tried_again(shop: AwsDouble, tmp_path: Path) -> None:
    disable_region("us-east-1", "shop")
    shop.refuse = "/functions/shop-health/"
    result = undo.replay(undo.UndoJournal(tmp_path), try_for_wall_s=0.1)
    assert (result.total, result.equal) == (5, 4)
    assert result.failed[0].startswith("not put back: reserved concurrency of shop-health")
    shop.refuse = None
    assert undo.replay(undo.UndoJournal(tmp_path)).complete


def test_may_a_runner_act_after_the_watchdog_took_over(lambda_api: Any, tmp_path: Path) -> None:
    undo.current_journal()
    undo.UndoJournal(tmp_path).take("watchdog 1")
    with pytest.raises(ActivityFailed, match="put back by somebody else"):
        disable_region("us-east-1", "shop")
    assert reserved(lambda_api, "shop-health") is None


def test_are_blocks_reserved_for_the_undo(shop: AwsDouble, tmp_path: Path) -> None:
    undo.current_journal()
    held = (tmp_path / "undo.jsonl").stat()
    assert held.st_size < 200
    assert held.st_blocks * 512 >= 200 * 1024


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        ({"region": "mars-1", "stack": "shop"}, "mars-1 is not a Region of this target"),
        ({"region": "", "stack": "shop"}, "an empty name is not a Region"),
        ({"region": "us-east-1", "stack": "shoppe"}, "no stack named shoppe or shoppe-"),
        (
            {"region": "us-east-1", "stack": "shop", "replication": "off"},
            "paused or untouched, not 'off'",
        ),
        (
            {"region": "us-east-1", "stack": "shop", "functions": "all"},
            "behind-the-api or a list of names",
        ),
        (
            {"region": "us-east-1", "stack": "shop", "functions": ["nobody"]},
            "GetFunctionConcurrency of reserved concurrency of nobody",
        ),
    ],
)
def test_is_a_mistake_one_clear_line(
    shop: AwsDouble, tmp_path: Path, arguments: dict[str, Any], complaint: str
) -> None:
    with pytest.raises(ActivityFailed) as failed:
        disable_region(**arguments)
    assert complaint in str(failed.value)
    assert "\n" not in str(failed.value)
    assert not (tmp_path / "events").exists()


@pytest.mark.parametrize("endpoint", ["", "https://lambda.us-east-1.amazonaws.com"])
def test_is_an_endpoint_that_is_no_lab_refused(
    shop: AwsDouble, monkeypatch: pytest.MonkeyPatch, endpoint: str
) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL", endpoint)
    with pytest.raises(ActivityFailed, match="not running: AWS_ENDPOINT_URL is not"):
        disable_region("us-east-1", "shop")


def test_is_a_cut_refused_on_aws_by_name(shop: AwsDouble) -> None:
    with pytest.raises(ActivityFailed, match="not running: cut_region works in the lab only"):
        cut_region("us-east-1")
    assert heal_region("us-east-1") == {"settings": 0, "equal": 0}


def test_does_the_journal_hold_no_secret(shop: AwsDouble, tmp_path: Path) -> None:
    disable_region("us-east-1", "shop")
    held = json.dumps([*read_log(tmp_path / "undo.jsonl")]) + (tmp_path / "undo.sh").read_text()
    assert "hidden" not in held
