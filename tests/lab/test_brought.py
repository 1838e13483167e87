"""An application on the command line: what is deployed where, and which mistakes are named?"""

from __future__ import annotations

import dataclasses
import json
import math
from pathlib import Path
from typing import Any

import click
import pytest

from gameday import stacks
from gameday.commands.lab_options import lab_config, lab_options, region_option, said_again
from gameday.errors import UsageError
from gameday.lab.brought import Brought, from_json, routing_template
from gameday.lab.config import LabConfig

REGIONS = {"us-east-1": {"address": "127.0.1.1"}, "eu-west-1": {"address": "127.0.2.1"}}


def config(folder: Path, *arguments: str) -> LabConfig:
    """What `gameday lab up ARGUMENTS` in `folder` would start."""
    found: list[LabConfig] = []

    @click.command()
    @lab_options
    @region_option
    def up(**options: Any) -> None:
        found.append(lab_config(options, folder))

    up.main(list(arguments), standalone_mode=False)
    return found[0]


@pytest.fixture
def template(tmp_path: Path) -> Path:
    file = tmp_path / "t.yaml"
    file.write_text("Resources: {T: {Type: AWS::SNS::Topic}}")
    return file


def test_where_does_a_template_go(tmp_path: Path, template: Path) -> None:
    made = config(tmp_path, "--template", str(template), "--region", "us-east-1", "--region",
                  "eu-west-1", "--parameter", "Stage=test=1", "--application", "shop",
                  "--endpoint", "api.example.test")  # fmt: skip
    assert made.regions == ("us-east-1", "eu-west-1")
    assert made.brought is not None
    application = made.brought.stacks(REGIONS, tmp_path)
    [stack] = application.stacks
    assert (stack.name, stack.regions) == ("shop-stack", made.regions)
    assert (stack.parameters, application.endpoint) == ({"Stage": "test=1"}, "api.example.test")
    assert from_json(json.loads(json.dumps(dataclasses.asdict(made.brought), default=str))) == (
        made.brought
    )


def test_how_is_an_application_named_again() -> None:
    said: dict[str, Any] = {"template": None, "program": "node server.js", "regions": "a,b",
                            "endpoint": None, "parameters": ("Stage=my test",),
                            "locustfile": "mine.py"}  # fmt: skip
    assert said_again(said) == (
        " --command 'node server.js' --regions a,b --locustfile mine.py --parameter 'Stage=my test'"
    )
    assert said_again(said | {"program": None}) == ""


def test_who_finds_a_program(tmp_path: Path) -> None:
    made = config(tmp_path, "--command", "node server.js", "--regions", "us-east-1,eu-west-1",
                  "--health-path", "/up")  # fmt: skip
    assert made.brought is not None
    application = made.brought.stacks(REGIONS, tmp_path)
    [routing] = application.stacks
    assert (application.endpoint, routing.regions) == ("app.example.test", ("us-east-1",))
    body = json.loads(routing.template.read_text())
    assert body == routing_template(
        "app.example.test", {r: about["address"] for r, about in REGIONS.items()}, "/up"
    )
    assert body["Resources"]["Shared2"]["Properties"]["ResourceRecords"] == ["127.0.2.1"]


@pytest.mark.parametrize(
    ("text", "rpo_s"),
    [("T: {Type: AWS::SNS::Topic}", math.inf), ("T: {Type: AWS::DynamoDB::GlobalTable}", 5.0)],
)
def test_is_an_rpo_asked_of_what_nothing_replicates(
    tmp_path: Path, text: str, rpo_s: float
) -> None:
    (tmp_path / "t.yaml").write_text(f"Resources: {{{text}}}")
    application = Brought(template=tmp_path / "t.yaml").stacks(REGIONS, tmp_path)
    assert (application.rto_s, application.rpo_s) == (150.0, rpo_s)


def test_does_a_stacks_file_go_to_other_regions(tmp_path: Path, template: Path) -> None:
    (tmp_path / "s.yaml").write_text(
        "{application: a, regions: [us-east-1, eu-west-1], stacks: {x: {template: t.yaml}}}"
    )
    made = config(tmp_path, "--stacks", str(tmp_path / "s.yaml"), "--regions", "eu-north-1")
    assert made.regions == ("eu-north-1",)
    assert made.stacks is not None
    assert stacks.load(made.stacks, made.regions).stacks[0].regions == ("eu-north-1",)


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        (["--template", "T"], "name the Regions to deploy into"),
        (["--template", "nowhere.yaml", "--region", "r"], "nowhere.yaml: no such file"),
        (["--template", "T", "--region", "r", "--parameter", "x"], "--parameter x: give NAME=V"),
        (["--template", "T", "--region", "r", "--region", "r"], "a Region is given twice"),
        (["--template", "T", "--region", "r", "--stacks", "s"], "--stacks says what is deployed"),
        (["--command", " ", "--region", "r"], "--command: name a program"),
        (["--command", "node 'x", "--region", "r"], "--command node 'x: No closing quotation"),
        (["--parameter", "x=1"], "--parameter goes with --template"),
    ],
)
def test_which_mistakes_are_named(
    tmp_path: Path, template: Path, arguments: list[str], complaint: str
) -> None:
    with pytest.raises(UsageError, match=complaint):
        config(tmp_path, *(str(template) if a == "T" else a for a in arguments))
