"""`--watch`: which functions get changed code, and when?"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from gameday import stacks
from gameday.lab import template
from gameday.lab.hot_reload import HotReload

REGION = "us-east-1"
TEXT = """
Transform: AWS::Serverless-2016-10-31
Globals: {Function: {Runtime: python3.11, Handler: app.handler}}
Resources:
  A: {Type: AWS::Serverless::Function, Properties: {FunctionName: a, CodeUri: a,
      AutoPublishAlias: live}}
  B: {Type: AWS::Serverless::Function, Properties: {FunctionName: b, CodeUri: b}}
"""


@pytest.fixture
def reload(endpoint: Any, tmp_path: Path) -> HotReload:
    for name in "ab":
        (tmp_path / name).mkdir()
        (tmp_path / name / "app.py").write_text("x = 1\n")
    (tmp_path / "t.yaml").write_text(TEXT)
    done = template.deploy(
        stacks.single(tmp_path / "t.yaml", [REGION], {}), endpoint=endpoint.url,
        account="123456789012", speed=1.0, token="secret-of-the-lab", cache_dir=tmp_path / "cache",
    )  # fmt: skip
    folders = {(s.region, f): path for s in done.stacks for f, path in s.code.items()}
    return HotReload(endpoint.url, folders, tmp_path / "cache")


def code_of(endpoint: Any, name: str, qualifier: str = "$LATEST") -> str:
    api = endpoint.client("lambda")
    found = api.get_function_configuration(FunctionName=name, Qualifier=qualifier)
    return str(found["CodeSha256"])


def test_does_nothing_happen_without_a_change(reload: HotReload) -> None:
    assert reload.poll() == []


def test_does_only_the_changed_function_get_its_code(
    endpoint: Any, reload: HotReload, tmp_path: Path
) -> None:
    before = code_of(endpoint, "a"), code_of(endpoint, "b")
    (tmp_path / "b" / "more.py").write_text("y = 2\n")
    assert reload.poll() == [{"kind": "lab.code_changed", "region": REGION, "function": "b"}]
    assert code_of(endpoint, "a") == before[0]
    assert code_of(endpoint, "b") != before[1]
    assert reload.poll() == []


def test_do_aliases_follow_to_the_new_version(
    endpoint: Any, reload: HotReload, tmp_path: Path
) -> None:
    before = code_of(endpoint, "a", "live")
    (tmp_path / "a" / "app.py").write_text("x = 3\n")
    reload.poll()
    assert code_of(endpoint, "a", "live") == code_of(endpoint, "a") != before
    alias = endpoint.client("lambda").get_alias(FunctionName="a", Name="live")
    assert alias["FunctionVersion"] == "2"


def test_is_code_that_cannot_be_packaged_told_and_tried_again_at_the_next_change(
    reload: HotReload, tmp_path: Path
) -> None:
    (tmp_path / "b" / "requirements.txt").write_text("./no-such-wheel-1.0-py3-none-any.whl\n")
    [event] = reload.poll()
    assert event["kind"] == "lab.code_refused"
    assert "requirements.txt: cannot be installed" in event["error"]
    (tmp_path / "b" / "requirements.txt").unlink()
    assert [e["kind"] for e in reload.poll()] == ["lab.code_changed"]
