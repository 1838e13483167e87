"""May a run begin, may its method, and what stands in the run of it?"""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from aws_double import AwsDouble
from test_chain import US, alarm, body

from gameday import aws, experiment, guard, settings, upload
from gameday.controls.gate import Gate
from gameday.errors import Refused


def gate() -> Gate:
    asked = body()
    target = settings.current()
    return Gate(asked, {"region": US}, experiment.extension(asked, {}), target, US, "region-outage")


def test_does_the_method_begin_only_after_the_second_look(
    account: AwsDouble, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("GAMEDAY_RUN_DIR", str(tmp_path))
    monkeypatch.setenv("GAMEDAY_APPROVED_BY", "Grace")
    mine = gate()
    mine.admit()
    mine.write(tmp_path)
    facts = mine.facts()
    assert (facts["approved_by"], facts["accounts"]) == ("Grace", {US: "123456789012"})
    assert facts["without_prerequisites"] == "a test"
    with pytest.raises(Refused, match="no guard let this run pass"):
        guard.refuse_unguarded(settings.current())
    alarm(account, monkeypatch)
    with pytest.raises(Refused, match="the alarm loud in eu-west-1 is in ALARM"):
        mine.open(tmp_path)
    assert json.loads((tmp_path / "guard.json").read_text())["passed"] is False
    aws.client("cloudwatch", "eu-west-1").delete_alarms(AlarmNames=["loud"])
    mine.open(tmp_path)
    guard.refuse_unguarded(settings.current())


def test_does_nothing_begin_that_a_guard_refuses(
    account: AwsDouble, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("GAMEDAY_CONFIRM")
    with pytest.raises(Refused, match="a dry run: nothing is changed without --confirm"):
        gate().admit()


@pytest.mark.parametrize(
    ("place", "says"),
    [({}, "the report bucket kept is in us-east-1"), ("eu-west-1", None)],
)
def test_is_a_run_kept_in_a_bucket_that_survives(
    account: AwsDouble, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, place, says
) -> None:
    monkeypatch.setenv("GAMEDAY_REPORT_BUCKET", "kept")
    run_dir = tmp_path / "region-outage" / "2026-11-23T10-00-00Z"
    run_dir.mkdir(parents=True)
    (run_dir / "run.json").write_text("{}")
    target = settings.current()
    assert "not in the report bucket: PutObject of run.json" in str(upload.store(run_dir, target))
    where = {"CreateBucketConfiguration": {"LocationConstraint": place}} if place else {}
    region = place or US
    aws.client("s3", region).create_bucket(Bucket="kept", **where)
    try:
        stored = "s3://kept/gameday/region-outage/2026-11-23T10-00-00Z"
        assert upload.store(run_dir, target) == stored
        listed = aws.client("s3", region).list_objects_v2(Bucket="kept")["Contents"]
        assert [o["Key"] for o in listed] == [f"{stored.removeprefix('s3://kept/')}/run.json"]
        if says is None:
            gate().admit()
        else:
            with pytest.raises(Refused, match=says):
                gate().admit()
    finally:
        for one in aws.client("s3", region).list_objects_v2(Bucket="kept").get("Contents", []):
            aws.client("s3", region).delete_object(Bucket="kept", Key=one["Key"])
        aws.client("s3", region).delete_bucket(Bucket="kept")
