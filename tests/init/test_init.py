"""`gameday init`: what does it write for a template, and what does it say about it?"""

from __future__ import annotations

import ast
import math
from collections.abc import Sequence
from pathlib import Path

import pytest
import yaml

from gameday import init, jobs, settings, stacks
from gameday.errors import UsageError
from gameday.init import reference

REGIONS = ("us-east-1", "eu-west-1")
SAM = """
Transform: AWS::Serverless-2016-10-31
Parameters:
  Stage: {Type: String}
  Name: {Type: String, Default: shop.example.test}
Resources:
  Shop: {Type: AWS::Serverless::Api, Properties: {StageName: prod, Domain: {DomainName: !Ref Name}}}
  Orders:
    Type: AWS::Serverless::Function
    Properties:
      Events:
        List: {Type: Api, Properties: {Path: /orders, Method: get}}
        One: {Type: Api, Properties: {Path: "/orders/{id}", Method: get}}
        Add: {Type: Api, Properties: {Path: /orders, Method: post}}
        Rest: {Type: HttpApi, Properties: {Path: /status, Method: any}}
  Table: {Type: AWS::Serverless::SimpleTable}
"""


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    root = tmp_path / "My Shop"
    root.mkdir()
    (root / "template.yaml").write_text(SAM)
    return root


def text(planned: init.InitPlan, path: str) -> str:
    return next(f.text for f in planned.files if str(f.path) == path)


def test_which_files_are_written(repository: Path) -> None:
    planned = init.plan(repository, None, REGIONS)
    done = init.write(planned, repository)
    assert [str(p) for p in done.written] == [
        "deploy/stacks.yaml",
        "deploy/targets/aws.env.example",
        "experiments/region-outage.yaml",
        "experiments/region-outage.md",
        "loadtests/my_shop.py",
        "deploy/jobs/gate.yaml",
        ".github/workflows/gameday.yml",
    ]
    assert all((repository / p).read_text() for p in done.written)


def test_is_anything_overwritten(repository: Path) -> None:
    mine = repository / "deploy" / "stacks.yaml"
    mine.parent.mkdir()
    mine.write_text("mine")
    planned = init.plan(repository, None, REGIONS)
    done = init.write(planned, repository)
    assert [str(p) for p in done.kept] == ["deploy/stacks.yaml"]
    assert mine.read_text() == "mine"
    assert init.write(planned, repository).written == ()


def test_what_is_recognised_and_what_not(repository: Path) -> None:
    planned = init.plan(repository, None, REGIONS)
    assert planned.recognised == (
        "route GET /orders", "route GET /orders/{id}", "route POST /orders", "route ANY /status",
        "function Orders", "endpoint shop.example.test",
    )  # fmt: skip
    said = "\n".join(planned.not_recognised)
    assert "parameter Stage has no default" in said
    assert "table Table lives in one Region" in said
    assert "no latency records" in said
    assert "no health check" in said


def test_can_its_stacks_file_be_read(repository: Path) -> None:
    init.write(init.plan(repository, None, REGIONS), repository)
    application = stacks.load(repository / "deploy" / "stacks.yaml")
    assert application.application == "my-shop"
    assert application.endpoint == "shop.example.test"
    assert application.regions == REGIONS
    [stack] = application.stacks
    assert stack.template.resolve() == (repository / "template.yaml").resolve()
    assert (stack.name, stack.regions) == ("my-shop-regional", REGIONS)
    assert stack.parameters == {"Stage": "FILL-IN"}


def test_is_nothing_asked_that_its_load_cannot_measure(repository: Path) -> None:
    assert "writing()" not in text(init.plan(repository, None, REGIONS), "loadtests/my_shop.py")
    init.write(init.plan(repository, None, REGIONS), repository)
    found = stacks.load(repository / "deploy/stacks.yaml", None)
    assert (found.rto_s, found.rpo_s) == (150.0, math.inf)


def test_can_its_target_file_be_read(repository: Path) -> None:
    init.write(init.plan(repository, None, REGIONS), repository)
    target = settings.parse_target_file(repository / "deploy/targets/aws.env.example")
    assert target["GAMEDAY_STACK"] == "my-shop"
    assert target["GAMEDAY_REGIONS"] == "us-east-1,eu-west-1"
    assert target["GAMEDAY_ENDPOINT"] == "shop.example.test"


def test_does_the_experiment_name_the_locustfile(repository: Path) -> None:
    experiment = yaml.safe_load(
        text(init.plan(repository, None, REGIONS), "experiments/region-outage.yaml")
    )
    [about] = [e for e in experiment["extensions"] if e["name"] == "gameday"]
    assert about["load"]["file"] == "loadtests/my_shop.py"
    assert "expect_alarms" not in about  # the reference application's alarms are not this one's


@pytest.mark.parametrize(
    "path", ["deploy/targets/aws.env.example", "experiments/region-outage.md",
             "experiments/region-outage.yaml", "deploy/stacks.yaml"],
)  # fmt: skip
def test_is_nothing_left_of_the_reference_application(repository: Path, path: str) -> None:
    said = text(init.plan(repository, None, ("sa-east-1", "ca-central-1")), path)
    for name in ("us-east-1", "eu-west-1", "api.example.test", "steady.py", "api-5xx", "throttles-",
                 "gameday-data", "gameday-regional"):  # fmt: skip
        assert name not in said


def test_may_its_target_hit_the_home_region_only(repository: Path) -> None:
    planned = init.plan(repository, None, ("sa-east-1", "ca-central-1"))
    init.write(planned, repository)
    target = settings.parse_target_file(repository / "deploy/targets/aws.env.example")
    assert target["GAMEDAY_ALLOW"] == "123456789012:sa-east-1"
    assert "gameday dns watch shop.example.test" in text(planned, "experiments/region-outage.md")


def test_which_requests_does_the_locustfile_make(repository: Path) -> None:
    source = text(init.plan(repository, None, REGIONS), "loadtests/my_shop.py")
    [user] = [n for n in ast.parse(source).body if isinstance(n, ast.ClassDef)]
    assert user.name == "MyShopUser"
    methods = {n.name: bool(n.decorator_list) for n in user.body if isinstance(n, ast.FunctionDef)}
    assert methods == {
        "get_orders": True,
        "post_orders": False,  # waits for a body
        "get_orders_id": False,  # waits for an id
        "get_status": True,
    }


def test_does_a_locustfile_without_routes_still_ask_something(tmp_path: Path) -> None:
    source = text(init.plan(tmp_path, None, REGIONS), f"loadtests/{_module(tmp_path)}.py")
    assert 'self.client.get("/"' in source


def test_what_is_said_without_a_template(tmp_path: Path) -> None:
    [line] = init.plan(tmp_path, None, REGIONS).not_recognised
    assert line == (
        "no template: looked for template.yaml, template.yml, template.json; say --template"
    )


def test_is_the_workflow_yaml_that_runs_the_experiment(repository: Path) -> None:
    workflow = yaml.safe_load(
        text(init.plan(repository, None, REGIONS), ".github/workflows/gameday.yml")
    )
    ran = {name: [s.get("run") for s in job["steps"]] for name, job in workflow["jobs"].items()}
    assert "gameday run experiments/region-outage.yaml" in ran["rehearse"]
    assert "gameday run deploy/jobs/gate.yaml" in ran["gate"]
    assert "pull_request" in workflow[True]  # YAML 1.1 reads `on` as true


def test_is_the_gate_a_job_that_can_be_read(
    repository: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    init.write(init.plan(repository, None, REGIONS), repository)
    monkeypatch.chdir(repository)
    gate = jobs.load(Path("deploy/jobs/gate.yaml"))
    assert [str(p) for p in gate.review.paths] == ["template.yaml", "deploy", "experiments"]
    assert gate.predict is None  # the template says nothing about who answers


def test_does_the_reference_application_come_whole(tmp_path: Path) -> None:
    planned = init.plan(tmp_path, None, ("eu-west-1", "us-west-2"), reference_too=True)
    paths = {str(f.path) for f in planned.files}
    assert {
        "app/src/items.py", "deploy/stacks.yaml", "deploy/data.yaml", "deploy/regional.yaml",
        "deploy/routing.yaml", "deploy/jobs/nightly.yaml", "experiments/region-outage.yaml",
        "loadtests/steady.py", ".github/workflows/gameday.yml",
    } <= paths  # fmt: skip
    assert not any("__pycache__" in p for p in paths)
    init.write(planned, tmp_path)
    application = stacks.load(tmp_path / "deploy" / "stacks.yaml")
    assert application.regions == ("eu-west-1", "us-west-2")
    assert (tmp_path / "app/src/items.py").read_text() == reference.text("app/src/items.py")


def test_does_package_data_come_before_the_checkout(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    packed = tmp_path / "reference" / "app"
    packed.mkdir(parents=True)
    (packed / "one.py").write_text("1")
    for folder in ("deploy", "experiments", "loadtests"):
        (tmp_path / "reference" / folder).mkdir()
    monkeypatch.setattr(reference.resources, "files", lambda package: tmp_path)
    assert list(reference.files()) == [("app/one.py", "1")]


def test_what_does_an_installation_without_it_say(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reference.resources, "files", lambda package: tmp_path / "gameday")
    with pytest.raises(UsageError, match="came without the reference application"):
        list(reference.files())


@pytest.mark.parametrize(
    ("regions", "says"),
    [
        ((), "at least two different ones"),
        (("us-east-1",), "at least two different ones"),
        (("us-east-1", "us-east-1"), "at least two different ones"),
        (("us-east-1", "Ireland"), "--region Ireland: an AWS Region looks like eu-west-1"),
    ],
)
def test_which_regions_are_refused(tmp_path: Path, regions: Sequence[str], says: str) -> None:
    with pytest.raises(UsageError, match=says):
        init.plan(tmp_path, None, regions)


def test_does_the_reference_application_take_a_third_region(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="has two Regions"):
        init.plan(tmp_path, None, (*REGIONS, "us-west-2"), reference_too=True)


def _module(root: Path) -> str:
    return next(
        f.path.stem for f in init.plan(root, None, REGIONS).files if f.path.parts[0] == "loadtests"
    )
