"""stacks.yaml: what goes where, in which order, and what is refused?"""

from __future__ import annotations

from pathlib import Path

import pytest

from gameday import settings, stacks, templates
from gameday.errors import TemplateError
from gameday.stacks import Output, Seconds
from gameday.templates import Route

DEPLOY = Path(__file__).parent.parent.parent / "deploy"


def load(folder: Path, text: str) -> stacks.Stacks:
    (folder / "stacks.yaml").write_text(text)
    return stacks.load(folder / "stacks.yaml")


def test_what_is_the_reference_application() -> None:
    application = stacks.load(DEPLOY / "stacks.yaml")
    assert [s.name for s in application.stacks] == [
        "gameday-data", "gameday-regional", "gameday-routing",
    ]  # fmt: skip
    assert application.endpoint == "api.example.test"
    assert (application.rto_s, application.rpo_s) == (150.0, 5.0)
    assert application.region_header == "x-region"
    data, regional, routing = application.stacks
    assert data.regions == routing.regions == ("us-east-1",)
    assert regional.regions == ("us-east-1", "eu-west-1")
    assert regional.parameters["HealthCacheSeconds"] == Seconds(5.0)
    assert routing.parameters["PeerTarget"] == Output("regional", "RegionalDomainName", 1)
    assert routing.parameters["PeerRegion"] == "eu-west-1"


def test_do_other_regions_replace_its_own() -> None:
    application = stacks.load(DEPLOY / "stacks.yaml", ["eu-west-1", "us-west-2"])
    assert application.stacks[1].regions == ("eu-west-1", "us-west-2")
    assert application.stacks[0].parameters["PeerRegion"] == "us-west-2"


def test_does_the_order_follow_from_the_outputs(tmp_path: Path) -> None:
    text = """
application: x
regions: [us-east-1]
stacks:
  last: {template: l.yaml, parameters: {A: {output: middle.O}}}
  middle: {template: m.yaml, parameters: {A: {output: first.O}}}
  first: {template: f.yaml}"""
    assert [s.key for s in load(tmp_path, text).stacks] == ["first", "middle", "last"]


def test_which_region_does_an_output_come_from(tmp_path: Path) -> None:
    text = """
application: x
regions: [us-east-1, eu-west-1]
stacks:
  data: {template: d.yaml, regions: home}
  api: {template: a.yaml, parameters: {Zone: {output: data.Zone}}}
  dns: {template: r.yaml, regions: home, parameters: {Name: {output: api.Name}}}
  far: {template: r.yaml, regions: [eu-west-1], parameters: {Name: {output: api.Name}}}"""
    application = load(tmp_path, text)
    assert application.source(Output("data", "Zone", None), "eu-west-1") == ("data", "us-east-1")
    assert application.source(Output("api", "Name", None), "eu-west-1") == ("api", "eu-west-1")
    assert application.source(Output("api", "Name", 1), "us-east-1") == ("api", "eu-west-1")
    with pytest.raises(TemplateError, match="stack data is not in eu-west-1"):
        application.source(Output("data", "Zone", 1), "us-east-1")


HEAD = "application: x\nregions: [us-east-1, eu-west-1]\nstacks:\n"


@pytest.mark.parametrize(
    ("text", "says"),
    [
        (HEAD + "  a: {template: t, parameters: {P: {output: b.O}}}\n"
                "  b: {template: t, parameters: {P: {output: a.O}}}",
         "stacks: these stacks need each other's outputs: (a -> b -> a|b -> a -> b)"),
        (HEAD + "  a: {template: t, parameters: {P: {output: c.O}}}",
         r"stacks\.a\.parameters\.P: there is no stack 'c'"),
        (HEAD + "  a: {template: t, parameters: {P: {region: 2}}}",
         r"stacks\.a\.parameters\.P: region 2 is no place in us-east-1, eu-west-1"),
        (HEAD + "  a: {template: t, parameters: {P: {second: 2}}}",
         r"stacks\.a\.parameters\.P: give text"),
        (HEAD + "  a: {template: t, regions: [us-west-2]}",
         r"stacks\.a\.regions: us-west-2 is not one of"),
        (HEAD + "  a: {template: t, region: home}", r"stacks\.a: unknown key 'region'"),
        (HEAD + "  a: {}", r"stacks\.a\.template: must be text"),
        ("regions: [us-east-1]\nstacks: {}", "application: must be text"),
        ("application: x\nregions: []\nstacks: {}", "regions: give a list of Regions"),
        ("application: x\nregions: [a, a]\nstacks: {}", "regions: a Region is given twice"),
        ("application: x\nregions: [a]\nstacks: {}\nobjectives: {rto: 5}", "unknown key 'rto'"),
        ("application: x\nregions: [a]\nstacks: {}\nobjectives: {rto_s: fast}",
         r"objectives\.rto_s: must be a number of seconds"),
    ],
    ids=lambda v: v[-60:],
)  # fmt: skip
def test_what_does_a_wrong_file_say(tmp_path: Path, text: str, says: str) -> None:
    with pytest.raises(TemplateError, match=says) as e:
        load(tmp_path, text)
    assert str(e.value).startswith(f"{tmp_path / 'stacks.yaml'}: ")
    assert "\n" not in str(e.value)


def test_which_routes_does_the_reference_application_have() -> None:
    assert templates.routes(templates.load(DEPLOY / "regional.yaml")) == [
        Route("POST", "/items", "ItemsWrite"),
        Route("GET", "/items", "ItemsRead"),
        Route("GET", "/items/{id}", "ItemsRead"),
        Route("GET", "/health", "Health"),
        Route("GET", "/health/deep", "HealthDeep"),
    ]


def test_are_routes_read_from_a_body_and_from_explicit_resources(tmp_path: Path) -> None:
    (tmp_path / "t.yaml").write_text("""
Resources:
  Body:
    Type: AWS::ApiGateway::RestApi
    Properties:
      Body:
        paths:
          /a: {get: {x-amazon-apigateway-integration: {uri: !Sub "x/${Fn.Arn}/invocations"}}}
          /b: {x-amazon-apigateway-any-method: {}}
  Pets: {Type: AWS::ApiGateway::Resource, Properties: {PathPart: pets, ParentId: !GetAtt Body.Root}}
  Pet: {Type: AWS::ApiGateway::Resource, Properties: {PathPart: "{id}", ParentId: !Ref Pets}}
  Get: {Type: AWS::ApiGateway::Method, Properties: {HttpMethod: get, ResourceId: !Ref Pet}}
  V2: {Type: AWS::ApiGatewayV2::Route, Properties: {RouteKey: "PUT /c"}}""")
    assert templates.routes(templates.load(tmp_path / "t.yaml")) == [
        Route("GET", "/a", "Fn"), Route("ANY", "/b", ""), Route("GET", "/pets/{id}", ""),
        Route("PUT", "/c", ""),
    ]  # fmt: skip


def test_does_a_policys_date_stay_text(tmp_path: Path) -> None:
    (tmp_path / "t.yaml").write_text(
        "Resources: {R: {Type: T, Properties: {Version: 2012-10-17, Deep: !GetAtt A.B.C}}}"
    )
    properties = templates.load(tmp_path / "t.yaml").resources["R"]["Properties"]
    assert properties == {"Version": "2012-10-17", "Deep": {"Fn::GetAtt": ["A", "B.C"]}}


def test_can_the_example_of_a_target_be_read() -> None:
    target = settings.parse_target_file(DEPLOY / "targets" / "aws.env.example")
    assert target["GAMEDAY_TARGET"] == "aws"
    assert "AWS_ENDPOINT_URL" not in target
    read = settings.current(target)
    assert read.regions == ("us-east-1", "eu-west-1")
    assert (read.rto_s, read.rpo_s, read.speed) == (150.0, 5.0, 1.0)
    assert read.stack == stacks.load(DEPLOY / "stacks.yaml").application


def test_does_the_example_explain_every_setting_that_matters_on_aws() -> None:
    text = (DEPLOY / "targets" / "aws.env.example").read_text()
    of_the_lab_or_of_a_run = {
        "GAMEDAY_LAB", "GAMEDAY_LAB_DIR", "GAMEDAY_ADMIN", "GAMEDAY_TOKEN_FILE",
        "GAMEDAY_ADDRESS_MAP", "GAMEDAY_REGION_ADDRESSES", "GAMEDAY_RUN_DIR",
    }  # fmt: skip
    words = ("CLIENTS", "RATE", "CACHES", "LOAD", "LOCUSTFILE", "WEB_PORT")
    of_the_load = {n for n in settings.KNOWN if any(word in n for word in words)}
    named = settings.KNOWN - of_the_lab_or_of_a_run - of_the_load
    assert {n for n in named if n not in text} == set()
