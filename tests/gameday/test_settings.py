from pathlib import Path

import pytest

from gameday import settings
from gameday.errors import TargetError


def write(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "aws.env"
    path.write_text(text)
    return path


def test_what_does_a_target_file_say(tmp_path: Path) -> None:
    path = write(tmp_path, "# mine\n\nGAMEDAY_REGION=us-east-1\nAWS_PROFILE=drills\n")
    assert settings.parse_target_file(path) == {
        "GAMEDAY_REGION": "us-east-1",
        "AWS_PROFILE": "drills",
    }


@pytest.mark.parametrize(
    ("line", "complaint"),
    [
        ("export GAMEDAY_REGION=us-east-1", "remove `export `"),
        ('GAMEDAY_REGION="us-east-1"', "without quotes"),
        ("GAMEDAY_REGION = us-east-1", "without quotes or blanks"),
        ("GAMEDAY_REGOIN=us-east-1", "unknown setting GAMEDAY_REGOIN"),
        ("just words", "NAME=value"),
    ],
)
def test_is_a_bad_line_refused_with_its_place(tmp_path: Path, line: str, complaint: str) -> None:
    with pytest.raises(TargetError, match=complaint) as refusal:
        settings.parse_target_file(write(tmp_path, f"AWS_PROFILE=x\n{line}\n"))
    assert "aws.env:2:" in str(refusal.value)


def test_is_a_name_given_twice_refused(tmp_path: Path) -> None:
    with pytest.raises(TargetError, match="set twice"):
        settings.parse_target_file(write(tmp_path, "AWS_PROFILE=x\nAWS_PROFILE=y\n"))


def test_is_a_missing_file_one_clear_line(tmp_path: Path) -> None:
    with pytest.raises(TargetError, match="cannot read the target file"):
        settings.parse_target_file(tmp_path / "none.env")


def test_where_does_a_mapped_address_lead() -> None:
    target = settings.current({"GAMEDAY_ADDRESS_MAP": "127.0.2.1:8443=127.0.0.1:18444"})
    assert target.connect_address("127.0.2.1", 8443) == ("127.0.0.1", 18444)
    assert target.connect_address("127.0.1.1", 8443) == ("127.0.1.1", 8443)


def test_is_an_empty_environment_neither_lab_nor_aws_and_at_real_speed() -> None:
    target = settings.current({})
    assert (target.speed, target.is_lab, target.is_aws) == (1.0, False, False)
    assert settings.current({"GAMEDAY_TARGET": "staging"}).is_aws
    assert not settings.current({"GAMEDAY_TARGET": "lab"}).is_aws


@pytest.mark.parametrize("name", ["GAMEDAY_SPEED", "GAMEDAY_RTO_S"])
def test_is_a_word_where_a_number_belongs_refused(name: str) -> None:
    with pytest.raises(TargetError, match=f"{name}='soon' is not a number"):
        settings.current({name: "soon"})


@pytest.mark.parametrize(
    ("text", "service", "region", "path"),
    [
        ("ssm://eu-west-1/gameday/undo", "ssm", "eu-west-1", "gameday/undo"),
        ("s3://eu-west-1/drills/undo/", "s3", "eu-west-1", "drills/undo"),
    ],
)
def test_where_are_undo_journals_copied_to(text: str, service: str, region: str, path: str) -> None:
    place = settings.current({"GAMEDAY_UNDO_COPY": text}).undo_copy
    assert place == settings.UndoCopy(service, region, path)


@pytest.mark.parametrize("text", ["eu-west-1", "s3://eu-west-1/bucket", "ftp://x/y", "ssm://a/"])
def test_is_a_place_that_is_none_refused(text: str) -> None:
    with pytest.raises(TargetError, match="is not ssm://REGION/PATH or s3://"):
        settings.current({"GAMEDAY_UNDO_COPY": text})


def test_is_an_objective_of_nan_none() -> None:
    with pytest.raises(TargetError, match="GAMEDAY_RTO_S='nan' is not a number"):
        settings.current({"GAMEDAY_RTO_S": "nan"})
