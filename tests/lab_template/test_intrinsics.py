"""Intrinsic functions: what does each make of its arguments?"""

from __future__ import annotations

from typing import Any

import pytest

from gameday.errors import TemplateError
from gameday.lab.template.intrinsics import NO_VALUE, Scope, Use, references

MADE = {
    ("Table", None): "items",
    ("Table", "Arn"): "arn:items",
    ("Zone", "NameServers"): ["a", "b"],
}


def scope(**more: Any) -> Scope:
    return Scope(
        parameters={"Name": "api", "Count": "3", "AWS::Region": "eu-west-1", "List": ["x", "y"]},
        mappings={"Sizes": {"eu-west-1": {"small": 256}}},
        conditions={
            "IsApi": {"Fn::Equals": [{"Ref": "Name"}, "api"]},
            "IsNot": {"Fn::Not": [{"Condition": "IsApi"}]},
            "Both": {"Fn::And": [{"Condition": "IsApi"}, {"Fn::Equals": [True, "true"]}]},
            "Either": {"Fn::Or": [{"Condition": "IsNot"}, {"Fn::Equals": [1, "1"]}]},
        },
        exports={"shared": "from elsewhere"},
        made=lambda name, attribute: MADE[name, attribute],
        **more,
    )


@pytest.mark.parametrize(
    ("value", "answer"),
    [
        ({"Ref": "Name"}, "api"),
        ({"Ref": "List"}, ["x", "y"]),
        ({"Ref": "Table"}, "items"),
        ({"Fn::GetAtt": ["Table", "Arn"]}, "arn:items"),
        ({"Fn::GetAtt": "Table.Arn"}, "arn:items"),
        ({"Fn::Sub": "${Name}-${AWS::Region}-${Table.Arn}"}, "api-eu-west-1-arn:items"),
        ({"Fn::Sub": "${!Literal}"}, "${Literal}"),
        ({"Fn::Sub": ["${a}/${Name}", {"a": {"Ref": "Count"}}]}, "3/api"),
        ({"Fn::Join": ["-", ["a", {"Ref": "Name"}, 1, True]]}, "a-api-1-true"),
        ({"Fn::Join": [" ", {"Fn::GetAtt": ["Zone", "NameServers"]}]}, "a b"),
        ({"Fn::Select": [1, {"Fn::Split": [",", "a,b,c"]}]}, "b"),
        ({"Fn::Select": ["0", {"Ref": "List"}]}, "x"),
        ({"Fn::FindInMap": ["Sizes", {"Ref": "AWS::Region"}, "small"]}, 256),
        ({"Fn::ImportValue": {"Fn::Sub": "shared"}}, "from elsewhere"),
        ({"Fn::Base64": {"Ref": "Name"}}, "YXBp"),
        ({"Fn::Cidr": ["10.0.0.0/16", 2, 8]}, ["10.0.0.0/24", "10.0.1.0/24"]),
        ({"Fn::GetAZs": ""}, ["eu-west-1a", "eu-west-1b", "eu-west-1c"]),
        ({"Fn::If": ["IsApi", "yes", "no"]}, "yes"),
        ({"Fn::If": ["IsNot", "yes", "no"]}, "no"),
        ({"a": {"Fn::If": ["IsNot", 1, {"Ref": "AWS::NoValue"}]}, "b": 2}, {"b": 2}),
        ([1, {"Ref": "AWS::NoValue"}, 2], [1, 2]),
        ({"Ref": "AWS::NoValue"}, NO_VALUE),
        ({"Condition": {"StringEquals": {"a": {"Ref": "Name"}}}},
         {"Condition": {"StringEquals": {"a": "api"}}}),
    ],
    ids=str,
)  # fmt: skip
def test_what_does_a_value_become(value: Any, answer: Any) -> None:
    assert scope().resolve(value) == answer


@pytest.mark.parametrize(
    ("condition", "holds"), [("IsApi", True), ("IsNot", False), ("Both", True), ("Either", True)]
)
def test_does_a_condition_hold(condition: str, holds: bool) -> None:
    assert scope().holds(condition) is holds


@pytest.mark.parametrize(
    ("value", "says"),
    [
        ({"Fn::Nonsense": []}, "Fn::Nonsense is not supported"),
        ({"Fn::ForEach::Loop": []}, "Fn::ForEach::Loop needs the transform AWS::LanguageExt"),
        ({"Fn::ToJsonString": {}}, "Fn::ToJsonString needs the transform AWS::LanguageExtensions"),
        ({"Fn::Join": "a"}, "Fn::Join is written the wrong way: 'a'"),
        ({"Fn::If": ["IsApi", "yes"]}, "Fn::If is written the wrong way"),
        ({"Fn::Cidr": ["nonsense", 1]}, "Fn::Cidr is written the wrong way"),
        ({"Fn::FindInMap": ["Sizes"]}, "Fn::FindInMap is written the wrong way"),
        ({"Fn::Select": [5, ["a"]]}, "no item 5 among 1"),
        ({"Fn::FindInMap": ["Sizes", "mars", "small"]}, "no Sizes.mars.small"),
        ({"Fn::ImportValue": "nothing"}, "exports 'nothing'"),
        ({"Fn::If": ["Typo", 1, 2]}, "no condition 'Typo'"),
        ({"Fn::GetAtt": ["Table"]}, "takes a logical id and the name of an attribute"),
    ],
    ids=str,
)
def test_what_is_refused_by_name(value: Any, says: str) -> None:
    with pytest.raises(TemplateError, match=says.replace(".", r"\.")):
        scope().resolve(value)


def test_what_does_a_value_refer_to() -> None:
    value = {
        "a": {"Fn::Sub": ["${Name}-${local}-${Table.Arn}-${!No}", {"local": {"Ref": "Inner"}}]},
        "b": [{"Fn::GetAtt": ["Zone", "NameServers"]}],
    }
    assert set(references(value)) == {
        Use("Name"), Use("Inner"), Use("Table", "Arn"), Use("Zone", "NameServers"),
    }  # fmt: skip
