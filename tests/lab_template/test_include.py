"""AWS::Include and definitions in files: what does a template become?"""

from __future__ import annotations

from pathlib import Path

import pytest

from gameday import templates
from gameday.errors import TemplateError
from gameday.lab.template import sam


def load(folder: Path, text: str, **files: str) -> templates.Template:
    for name, content in files.items():
        (folder / f"{name}.yaml").write_text(content)
    (folder / "t.yaml").write_text(text)
    return templates.load(folder / "t.yaml")


def include(name: str) -> str:
    return f"'Fn::Transform': {{Name: AWS::Include, Parameters: {{Location: {name}.yaml}}}}"


def test_is_a_file_merged_where_it_is_named(tmp_path: Path) -> None:
    text = f"""
Resources:
  {include("more")}
  Own: {{Type: AWS::SNS::Topic, Properties: {{DisplayName: mine, {include("props")}}}}}"""
    found = load(
        tmp_path, text, more="Other: {Type: AWS::SQS::Queue}\n",
        props="DisplayName: theirs\nTopicName: !Sub '${AWS::Region}-t'\n",
    )  # fmt: skip
    assert found.resources == {
        "Other": {"Type": "AWS::SQS::Queue", "Properties": {}},
        "Own": {"Type": "AWS::SNS::Topic",
                "Properties": {"DisplayName": "mine",
                               "TopicName": {"Fn::Sub": "${AWS::Region}-t"}}},
    }  # fmt: skip


def test_is_a_file_merged_at_the_top_and_another_within_it(tmp_path: Path) -> None:
    text = """
Transform: [{Name: AWS::Include, Parameters: {Location: base.yaml}}]
Resources: {Own: {Type: AWS::SNS::Topic}}"""
    base = f"Resources: {{Base: {{Type: AWS::SQS::Queue}}}}\nMappings: {{M: {{{include('deep')}}}}}"
    found = load(tmp_path, text, base=base, deep="a: {b: c}\n")
    assert set(found.resources) == {"Own", "Base"}
    assert found.section("Mappings") == {"M": {"a": {"b": "c"}}}


def test_is_a_missing_file_named(tmp_path: Path) -> None:
    with pytest.raises(TemplateError, match=r"gone\.yaml: cannot read it"):
        load(tmp_path, f"Resources: {{T: {{Type: AWS::SNS::Topic, {include('gone')}}}}}")


API = """
openapi: 3.0.1
paths:
  /pets:
    get:
      x-amazon-apigateway-integration:
        {type: aws_proxy, httpMethod: POST, uri: !Sub "arn:${F.Arn}"}
"""


@pytest.mark.parametrize(
    "definition",
    [
        "DefinitionUri: api.yaml",
        "DefinitionBody: {'Fn::Transform': {Name: AWS::Include, Parameters: {Location: api.yaml}}}",
    ],
)
def test_are_the_routes_of_a_definition_in_a_file_known(tmp_path: Path, definition: str) -> None:
    text = f"""
Transform: AWS::Serverless-2016-10-31
Resources:
  Api: {{Type: AWS::Serverless::Api, Properties: {{StageName: prod, {definition}}}}}
  F: {{Type: AWS::Serverless::Function, Properties: {{InlineCode: x, Handler: index.handler,
      Runtime: python3.11}}}}"""
    template = load(tmp_path, text, api=API)
    plain = sam.translate(template, "us-east-1", {})
    assert list(plain["Resources"]["Api"]["Properties"]["Body"]["paths"]) == ["/pets"]
