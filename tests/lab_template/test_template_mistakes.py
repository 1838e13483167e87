"""Bad input: one line that names file and logical id, before anything exists in the lab."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from gameday import stacks
from gameday.errors import TemplateError
from gameday.lab import template
from gameday.lab.template import check

TOPIC = "Resources: {Topic: {Type: AWS::SNS::Topic}}"


def prepare(folder: Path, text: str, **more: Any) -> template.Plan:
    (folder / "t.yaml").write_text(text)
    application = stacks.single(folder / "t.yaml", ["us-east-1"], more.pop("parameters", {}))
    settings = {"endpoint": "http://127.0.0.1:9", "account": "1", "speed": 1.0, "token": "t"}
    return template.prepare(application, cache_dir=folder / "cache", **settings, **more)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("Resources: [", ":1: not YAML"),
        ("just text", "empty, or not a mapping"),
        ("Parameters: {}", "no Resources"),
        ("Resources: {Topic: {}}", "Topic: a resource needs a Type"),
        (f"Parameters: {{P: word}}\n{TOPIC}", "P: must be a mapping"),
        (f"Conditions: [x]\n{TOPIC}", "Conditions: must be a mapping"),
        (f"Globals: {{Function: }}\n{TOPIC}", "Function: must be a mapping"),
        ("Resources: {T: {Type: AWS::SNS::Topic, DependsOn: true}}",
         "T: DependsOn names True, which does not exist"),
        ("Resources: {T: {Type: AWS::SNS::Topic, Properties: {TopicName: !If [[], a, b]}}}",
         "T: there is no condition '[]'"),
        ("Resources: {Topic: {Type: AWS::SNS::Topic}, Topic: {Type: AWS::SNS::Topic}}",
         "the key 'Topic' is given twice"),
        ("Resources: {T: {Type: AWS::SNS::Topic, Properties: {TopicName: !Ref Nme}}}",
         "T: refers to Nme, which does not exist"),
        ("Resources: {T: {Type: AWS::SNS::Topic, Properties: {TopicName: !Sub '${Nme}'}}}",
         "T: refers to Nme, which does not exist"),
        (f"{TOPIC}\nOutputs: {{O: {{Value: !GetAtt Topic.Colour}}}}",
         "O: Topic (AWS::SNS::Topic) has no attribute Colour in the lab"),
        (f"{TOPIC}\nOutputs: {{O: {{Value: !GetAtt Topc.TopicArn}}}}",
         "O: refers to Topc, which does not exist"),
        ("Resources: {T: {Type: AWS::SNS::Topic, DependsOn: Gone}}",
         "T: DependsOn names Gone, which does not exist"),
        ("Resources: {T: {Type: AWS::SNS::Topic, Condition: Typo}}",
         "T: there is no condition 'Typo'"),
        ("Resources: {T: {Type: AWS::SNS::Topic, Properties: {TopicName: !If [Typo, a, b]}}}",
         "T: there is no condition 'Typo'"),
        ("Resources: {T: {Type: AWS::SNS::Topic, Properties: {TopicName: !Transform {Name: x}}}}",
         "T: Fn::Transform: x is not carried out by the lab"),
        ("Transform: AWS::LanguageExtensions\nResources: {T: {Type: AWS::SNS::Topic}}",
         "Transform: AWS::LanguageExtensions is not carried out by the lab"),
        ("Resources: {'Fn::Transform': {Name: AWS::Include, Parameters: {Location: s3://b/k}}}",
         "AWS::Include: Location s3://b/k is no file beside the template; name one"),
        ("Resources: {T: {Type: AWS::SNS::Topic, Properties: {TopicName: !FindInMap [Names, "
         "!Ref AWS::Region, topic]}}}\nMappings: {Names: {eu-west-1: {topic: t}}}",
         "T: Fn::FindInMap: there is no Names.us-east-1.topic (us-east-1)"),
        (f"Parameters: {{Name: {{Type: String}}}}\n{TOPIC}",
         "Name: no value; give one in stacks.yaml, stacks.stack.parameters"),
        ("Resources: {N: {Type: AWS::Lambda::Function, Properties: {Runtime: nodejs20.x, "
         "Handler: index.handler, Code: {ZipFile: x}, Role: r}}}",
         "N: the lab runs Python functions, and this is nodejs20.x; run it as a program by "
         "--command"),
        ("Resources: {F: {Type: AWS::Lambda::Function, Properties: {Code: ./nowhere}}}",
         "F: there is no code at"),
        ("Resources: {F: {Type: AWS::Serverless::Function, Properties: {CodeUri: ./nowhere, "
         "Handler: a.b, Runtime: python3.12}}}", "F: there is no code at"),
        ("Resources: {F: {Type: AWS::Serverless::Function, Properties: {CodeUri: ., "
         "Runtime: python3.12, Events: {E: {Type: Nonsense}}}}}", "[F]"),
    ],
    ids=lambda v: v[:60],
)  # fmt: skip
def test_what_does_a_broken_template_say(tmp_path: Path, text: str, says: str) -> None:
    with pytest.raises(TemplateError) as e:
        prepare(tmp_path, text)
    message = str(e.value)
    assert message.startswith(str(tmp_path / "t.yaml"))
    assert says in message
    assert "\n" not in message


def test_are_resources_in_a_circle_named(tmp_path: Path) -> None:
    text = """Resources:
      A: {Type: AWS::SNS::Topic, Properties: {TopicName: !GetAtt B.TopicName}}
      B: {Type: AWS::SNS::Topic, Properties: {TopicName: !GetAtt A.TopicName}}"""
    with pytest.raises(TemplateError, match=r"need each other: (A -> B -> A|B -> A -> B)"):
        prepare(tmp_path, text)


@pytest.mark.parametrize(
    ("declared", "given", "says"),
    [
        ("{Type: Number}", "many", "P: 'many' is not a number"),
        ("{Type: String, AllowedValues: [a, b]}", "c", "P: 'c' is not one of a, b"),
        ("{Type: String, AllowedPattern: '[a-z]+'}", "A1", r"P: 'A1' does not match \[a-z\]\+"),
        ("{Type: String, MinLength: 3}", "ab", "P: 'ab' is below MinLength 3"),
        (
            "{Type: String, MaxLength: '3', ConstraintDescription: be short}",
            "abcd",
            "P: 'abcd' is above MaxLength 3: be short",
        ),
        ("{Type: Number, MinValue: 1}", "0", "P: '0' is below MinValue 1"),
        ("{Type: Number, MaxValue: 10}", "10.5", "P: '10.5' is above MaxValue 10"),
        ("{Type: List<Number>}", "1,two", "P: 'two' is not a number"),
        ("{Type: CommaDelimitedList, AllowedValues: [a, b]}", "a, c", "P: 'c' is not one of a, b"),
    ],
)
def test_what_does_a_bad_value_say(tmp_path: Path, declared: str, given: str, says: str) -> None:
    text = f"Parameters: {{P: {declared}}}\n{TOPIC}"
    with pytest.raises(TemplateError, match=says):
        prepare(tmp_path, text, parameters={"P": given})


@pytest.mark.parametrize(
    ("kind", "value"),
    [
        ("String", "a, b"),
        ("AWS::SSM::Parameter::Value<String>", "a, b"),
        ("AWS::Route53::HostedZone::Id", "a, b"),
        ("CommaDelimitedList", ["a", "b"]),
        ("List<String>", ["a", "b"]),
        ("AWS::SSM::Parameter::Value<List<String>>", ["a", "b"]),
        ("AWS::SSM::Parameter::Value<CommaDelimitedList>", ["a", "b"]),
    ],
)
def test_of_which_kind_is_a_parameter(kind: str, value: Any) -> None:
    assert check.parameter_value(Path("t.yaml"), "P", {"Type": kind}, "a, b") == value


def test_is_a_mapping_looked_into_only_where_it_is_taken(tmp_path: Path) -> None:
    """Not behind a condition that does not hold, nor before another stack says a value."""
    lookup = "!FindInMap [Names, !Ref Which, topic]"
    text = f"""
Parameters: {{Which: {{Type: String, Default: mars}}}}
Mappings: {{Names: {{eu: {{topic: t}}}}}}
Conditions: {{Known: !Equals [!Ref Which, eu]}}
Resources:
  A: {{Type: AWS::SNS::Topic, Properties: {{TopicName: !If [Known, {lookup}, other]}}}}
  B: {{Type: AWS::SNS::Topic, Condition: Known, Properties: {{TopicName: {lookup}}}}}"""
    assert prepare(tmp_path, text).units
    text += f"\n  C: {{Type: AWS::SNS::Topic, Properties: {{TopicName: {lookup}}}}}"
    with pytest.raises(TemplateError, match=r"C: Fn::FindInMap: there is no Names\.mars\.topic"):
        prepare(tmp_path, text)
    assert prepare(tmp_path, text, parameters={"Which": "eu"}).units


def test_is_a_parameter_nobody_declared_refused(tmp_path: Path) -> None:
    with pytest.raises(TemplateError, match=r"Q: stack stack gives a parameter that is not here"):
        prepare(tmp_path, TOPIC, parameters={"Q": "1"})


def test_is_a_region_the_lab_does_not_have_refused(tmp_path: Path) -> None:
    with pytest.raises(TemplateError, match="goes to us-east-1, which this lab does not have"):
        prepare(tmp_path, TOPIC, regions=["eu-west-1"])


def test_does_strict_refuse_what_the_lab_does_not_know(tmp_path: Path) -> None:
    text = "Resources: {Pool: {Type: AWS::Cognito::UserPool}}"
    assert prepare(tmp_path, text).units[0].missing[0].logical_id == "Pool"
    with pytest.raises(TemplateError, match=r"Pool \(AWS::Cognito::UserPool\)"):
        prepare(tmp_path, text, strict=True)


def test_is_an_output_that_the_other_stack_lacks_named(tmp_path: Path) -> None:
    (tmp_path / "a.yaml").write_text(TOPIC)
    (tmp_path / "b.yaml").write_text(f"Parameters: {{Arn: {{Type: String}}}}\n{TOPIC}")
    (tmp_path / "stacks.yaml").write_text(
        "application: x\nregions: [us-east-1]\nstacks:\n"
        "  a: {template: a.yaml}\n"
        "  b: {template: b.yaml, parameters: {Arn: {output: a.TopicArn}}}\n"
    )
    application = stacks.load(tmp_path / "stacks.yaml")
    with pytest.raises(
        TemplateError, match=r"a\.yaml: there is no output 'TopicArn', which stack b"
    ):
        template.prepare(application, endpoint="http://127.0.0.1:9", account="1", speed=1.0,
                         token="t", cache_dir=tmp_path)  # fmt: skip
