"""Whose API is called, with whose credentials, and what is refused before any call?"""

from __future__ import annotations

import pytest

from gameday import aws, settings
from gameday.errors import Refused, TargetError

LAB = {"AWS_ENDPOINT_URL": "http://127.0.0.1:4566"}
AWS = {"GAMEDAY_TARGET": "staging"}


@pytest.mark.parametrize(
    ("environ", "says"),
    [
        (LAB, None),
        ({**LAB, "GAMEDAY_SPEED": "10"}, None),
        (AWS, None),
        ({**AWS, **LAB, "GAMEDAY_SPEED": "10"}, None),
        ({}, "AWS_ENDPOINT_URL is not set, so this would call AWS"),
        ({"GAMEDAY_TARGET": "lab"}, "so this would call AWS"),
        ({**AWS, "GAMEDAY_SPEED": "10"}, "GAMEDAY_SPEED=10: Amazon's clock cannot be hurried"),
        ({"AWS_ENDPOINT_URL": "https://example.com"}, "is not a lab on loopback: https://exa"),
        ({**AWS, "AWS_ENDPOINT_URL": "https://example.com"}, "is not a lab on loopback"),
    ],
)
def test_which_api_may_be_called(environ: dict[str, str], says: str | None) -> None:
    target = settings.current(environ)
    if says is None:
        aws.refuse_unmeant(target)
    else:
        with pytest.raises(Refused, match="not running: ") as refusal:
            aws.refuse_unmeant(target)
        assert says in str(refusal.value)


def test_is_a_profile_that_is_not_there_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GAMEDAY_TARGET", "staging")
    monkeypatch.delenv("AWS_ENDPOINT_URL", raising=False)
    monkeypatch.setenv("GAMEDAY_CREDENTIALS", "eu-west-1=nobody-of-ours")
    with pytest.raises(TargetError, match=r"GAMEDAY_CREDENTIALS: .*nobody-of-ours"):
        aws.client("lambda", "eu-west-1")


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("GAMEDAY_ALLOW", "us-east-1"),
        ("GAMEDAY_ALLOW", "123:us-east-1"),
        ("GAMEDAY_CONFIRM", "123456789012:us-east"),
        ("GAMEDAY_CREDENTIALS", "us-east-1"),
        ("GAMEDAY_CREDENTIALS", "us-east-1=a,us-east-1=b"),
        ("GAMEDAY_OPT_IN_TAG", "ChaosAllowed"),
        ("GAMEDAY_RUNS_PER_DAY_MAX", "1.5"),
        ("GAMEDAY_RUNS_PER_DAY_MAX", "-1"),
        ("GAMEDAY_DAYS_BETWEEN_RUNS", "soon"),
    ],
)
def test_is_a_limit_that_is_none_named(name: str, value: str) -> None:
    with pytest.raises(TargetError, match=name):
        settings.current({name: value})


@pytest.mark.parametrize("name", ["GAMEDAY_CONFIRM", "GAMEDAY_APPROVED_BY", "GAMEDAY_UNATTENDED"])
def test_may_a_target_file_not_speak_for_a_run(tmp_path, name: str) -> None:
    file = tmp_path / "staging.env"
    file.write_text(f"GAMEDAY_TARGET=staging\n{name}=x\n")
    with pytest.raises(TargetError, match=rf"staging.env:2: {name} is said anew for every run"):
        settings.parse_target_file(file)
