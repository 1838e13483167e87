"""Can another machine put a run back from nothing but the copy, and does it fence the runner?"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import boto3
import pytest
from aws_double import BEHIND, AwsDouble
from chaoslib.exceptions import ActivityFailed
from click.testing import CliRunner

from gameday import aws, cli, plan, settings, undo
from gameday.actions.region import disable_region, enable_region
from gameday.errors import AwsError, RunError
from gameday.settings import UndoCopy
from gameday.undo import UndoJournal
from gameday.undo.copy import Copy, Taken, copy_needs

US, EU = "us-east-1", "eu-west-1"
PLACES = ["ssm://eu-west-1/drills/undo", "s3://eu-west-1/drills/undo"]


@pytest.fixture(params=PLACES, ids=["ssm", "s3"])
def place(
    request: pytest.FixtureRequest, shop: AwsDouble, monkeypatch: pytest.MonkeyPatch
) -> UndoCopy:
    monkeypatch.setenv("GAMEDAY_UNDO_COPY", request.param)
    found = settings.current().undo_copy
    assert found
    if found.service == "s3":
        aws.client("s3", EU).create_bucket(
            Bucket="drills", CreateBucketConfiguration={"LocationConstraint": EU}
        )
    return found


@pytest.fixture
def run_dir(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    found = tmp_path / "region-outage" / "2026-11-23T08-20-14Z"
    found.mkdir(parents=True)
    monkeypatch.setenv("GAMEDAY_RUN_DIR", str(found))
    return found


def reserved(api: Any) -> list[int | None]:
    answers = [api.get_function_concurrency(FunctionName=f"shop-{n}") for n in BEHIND]
    return [a.get("ReservedConcurrentExecutions") for a in answers]


def rollback(folder: Path, monkeypatch: pytest.MonkeyPatch, *arguments: str) -> Any:
    """`gameday rollback --from-copy` in a folder that knows nothing of the run."""
    folder.mkdir()
    monkeypatch.chdir(folder)
    monkeypatch.delenv("GAMEDAY_RUN_DIR")
    monkeypatch.setenv("GAMEDAY_ADMIN", "http://127.0.0.1:1")
    return CliRunner().invoke(cli.main, ["rollback", "--from-copy", *arguments])


def test_does_a_machine_that_has_only_the_copy_put_it_back(
    place: UndoCopy, run_dir: Path, lambda_api: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    disable_region(US, "shop")
    assert reserved(lambda_api) == [0] * 4
    assert undo.copies(place) == ["region-outage/2026-11-23T08-20-14Z"]
    target = tmp_path / "target.env"
    names = ("GAMEDAY_UNDO_COPY", "AWS_ENDPOINT_URL")
    target.write_text("".join(f"{name}={os.environ[name]}\n" for name in names))
    shown = CliRunner().invoke(cli.main, ["status", "--target", str(target)])
    assert "reserved concurrency of shop-health in us-east-1 since 2" in shown.output
    done = rollback(tmp_path / "elsewhere", monkeypatch)
    assert done.exit_code == 0, done.output
    assert "5 of 5 settings equal to before" in done.output
    assert reserved(lambda_api) == [None] * 4
    assert {r.state for r in UndoJournal(run_dir).records()} == {"open"}  # its own knows nothing
    monkeypatch.setenv("GAMEDAY_RUN_DIR", str(run_dir))
    with pytest.raises(ActivityFailed, match="put back from another machine"):
        disable_region(US, "shop")
    assert reserved(lambda_api) == [None] * 4


def test_is_the_copy_gone_when_everything_is_put_back(
    place: UndoCopy, run_dir: Path, lambda_api: Any
) -> None:
    disable_region(US, "shop")
    enable_region(US, "shop")
    disable_region(US, "shop")  # the copy goes on while the run does
    journal = undo.current_journal()
    assert undo.put_back(journal, by="chaos").complete
    journal.forget_copy()
    assert undo.copies(place) == []


def test_is_nothing_changed_when_it_cannot_be_copied(
    shop: AwsDouble, lambda_api: Any, run_dir: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GAMEDAY_UNDO_COPY", "s3://eu-west-1/no-such-bucket/undo")
    with pytest.raises(ActivityFailed, match=r"nothing was changed: its undo cannot be copied"):
        disable_region(US, "shop")
    assert reserved(lambda_api) == [None] * 4


def test_is_a_copy_in_the_region_under_test_refused(
    shop: AwsDouble, lambda_api: Any, run_dir: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GAMEDAY_UNDO_COPY", "ssm://us-east-1/drills/undo")
    with pytest.raises(ActivityFailed, match="not running: the undo copy is in us-east-1"):
        disable_region(US, "shop")
    assert reserved(lambda_api) == [None] * 4


def test_does_a_copy_that_is_lost_meanwhile_hold_nothing_up(
    place: UndoCopy, run_dir: Path, lambda_api: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    disable_region(US, "shop")

    def lost(*_: object) -> None:
        raise AwsError("it does not answer")

    monkeypatch.setattr(Copy, "append", lost)
    assert enable_region(US, "shop") == {"settings": 5, "equal": 5}


def test_can_two_machines_write_the_same_part(place: UndoCopy) -> None:
    one, two = Copy(place, "a/b"), Copy(place, "a/b")
    one.append(["1"])
    two.append(["2"])
    with pytest.raises(Taken):
        one.append(["3"])
    one.append(["3"])
    assert two.lines() == ["1", "2", "3"]


def test_does_a_copy_go_on_that_was_half_removed(place: UndoCopy) -> None:
    """Its owner died while it removed the copy, and the watchdog takes over."""
    one = Copy(place, "a/b")
    for line in "123":
        one.append([line])
    one._store.delete("a/b/000000")
    two = Copy(place, "a/b")
    two.append(["4"])
    assert two.lines() == ["2", "3", "4"]


def test_is_a_long_journal_cut_into_parameters_that_aws_takes(shop: AwsDouble) -> None:
    copy = Copy(UndoCopy("ssm", EU, "drills"), "a/b")
    lines = [f"{number} " + "x" * 1500 for number in range(7)]
    copy.append(lines)
    assert copy.lines() == lines
    api = boto3.client("ssm", region_name=EU, endpoint_url=settings.current().aws_endpoint)
    held = api.get_parameters_by_path(Path="/drills", Recursive=True)["Parameters"]
    assert max(len(p["Value"]) for p in held) <= 4096
    with pytest.raises(AwsError, match="too long for a parameter; use s3://"):
        copy.append(["x" * 5000])


@pytest.mark.parametrize(
    ("environ", "arguments", "said"),
    [
        ({}, [], "this target has no GAMEDAY_UNDO_COPY"),
        ({"GAMEDAY_UNDO_COPY": PLACES[0]}, [], "there is no copy of any run"),
    ],
)
def test_is_a_copy_that_is_not_there_one_clear_line(
    shop: AwsDouble,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    environ: dict[str, str],
    arguments: list[str],
    said: str,
) -> None:
    for name, value in environ.items():
        monkeypatch.setenv(name, value)
    done = rollback(tmp_path / "elsewhere", monkeypatch, *arguments)
    assert done.exit_code == 2
    (line,) = done.stderr.splitlines()
    assert said in line


def test_is_a_run_without_a_copy_named(place: UndoCopy, tmp_path: Path) -> None:
    with pytest.raises(AwsError, match="a/b: there is no copy of this run"):
        undo.fetch(place, "a/b", tmp_path)


def test_what_may_the_copy_do(shop: AwsDouble) -> None:
    owner = undo.Owner("aws", "123456789012")
    ssm = {(n.action, n.resource) for n in copy_needs(UndoCopy("ssm", EU, "drills/undo"), owner)}
    assert (
        "ssm:PutParameter",
        "arn:aws:ssm:eu-west-1:123456789012:parameter/drills/undo/*",
    ) in ssm
    place = UndoCopy("ssm", EU, "drills/undo")
    document = plan.policy([], [], owner=owner, tables=(), regions=(), undo_copy=place)
    allowed = {(a, r) for s in document["Statement"] for a in s["Action"] for r in s["Resource"]}
    assert allowed == ssm
    s3 = {(n.action, n.resource) for n in copy_needs(UndoCopy("s3", EU, "bucket/undo"), owner)}
    assert ("s3:ListBucket", "arn:aws:s3:::bucket") in s3
    assert ("s3:PutObject", "arn:aws:s3:::bucket/undo/*") in s3


def test_is_a_journal_that_cannot_be_begun_one_line(tmp_path: Path) -> None:
    (tmp_path / "undo.jsonl").mkdir()
    with pytest.raises(RunError, match="nothing was changed: its undo cannot be written"):
        UndoJournal(tmp_path).begin("runner 1")
