"""What CDK writes, layers, newer runtimes and parameters of Systems Manager: are they taken?"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from gameday import stacks
from gameday.errors import TemplateError
from gameday.lab import template
from gameday.lab.template import code

ACCOUNT, TOKEN = "123456789012", "secret-of-the-lab"
ROLE = {"Type": "AWS::IAM::Role", "Properties": {"AssumeRolePolicyDocument": {}}}
BOOTSTRAP = {"Type": "AWS::SSM::Parameter::Value<String>",
             "Default": "/cdk-bootstrap/hnb659fds/version"}  # fmt: skip


def deploy(endpoint: Any, folder: Path, body: dict[str, Any]) -> Any:
    file = folder / "App.template.json"
    file.write_text(json.dumps(body))
    return template.deploy(
        stacks.single(file, ["us-east-1"], {}), endpoint=endpoint.url, account=ACCOUNT,
        speed=1.0, token=TOKEN, cache_dir=folder / "cache",
    )  # fmt: skip


def function(code: Any, **more: Any) -> dict[str, Any]:
    properties = {"Code": code, "Handler": "index.handler", "Runtime": "python3.11",
                  "Role": {"Fn::GetAtt": ["Role", "Arn"]}, **more}  # fmt: skip
    return {"Type": "AWS::Lambda::Function", "Properties": properties}


def asset(folder: Path, name: str, file: str, key: str = "Code") -> dict[str, Any]:
    """A folder as CDK puts it into cdk.out, and the metadata that names it."""
    place = folder / name / file
    place.parent.mkdir(parents=True)
    place.write_text("x = 1\n")
    return {"aws:asset:path": name, "aws:asset:property": key}


def test_is_the_code_of_a_cdk_app_found(endpoint: Any, tmp_path: Path) -> None:
    placed = {"S3Bucket": {"Fn::Sub": "cdk-assets-${AWS::AccountId}"}, "S3Key": "ab12.zip"}
    body = {
        "Resources": {
            "Role": ROLE,
            "F": function(placed) | {"Metadata": asset(tmp_path, "asset.ab12", "index.py")},
            "CDKMetadata": {"Type": "AWS::CDK::Metadata", "Properties": {"Analytics": "v2"}},
        },
        "Parameters": {"BootstrapVersion": BOOTSTRAP},
        "Rules": {"CheckBootstrapVersion": {"Assertions": []}},
    }
    done = deploy(endpoint, tmp_path, body)
    assert done.left_out == ()
    name = done.stacks[0].resources["F"]
    found = endpoint.client("lambda").get_function(FunctionName=name)["Configuration"]
    whole = template_zip(tmp_path / "asset.ab12", tmp_path)
    assert found["CodeSize"] == len(whole)


def test_is_the_code_found_without_metadata(endpoint: Any, tmp_path: Path) -> None:
    """An app that is run without CDK's command line names its assets in the manifest only."""
    asset(tmp_path, "asset.ab12", "index.py")
    placed = {"S3Bucket": {"Fn::Sub": "cdk-assets-${AWS::AccountId}"}, "S3Key": "ab12.zip"}
    where = {"here": {"bucketName": "cdk-assets", "objectKey": "ab12.zip"}}
    files = {"ab12": {"source": {"path": "asset.ab12", "packaging": "zip"}, "destinations": where}}
    (tmp_path / "App.assets.json").write_text(json.dumps({"files": files}))
    done = deploy(endpoint, tmp_path, {"Resources": {"Role": ROLE, "F": function(placed)}})
    name = done.stacks[0].resources["F"]
    found = endpoint.client("lambda").get_function(FunctionName=name)["Configuration"]
    assert found["CodeSize"] == len(template_zip(tmp_path / "asset.ab12", tmp_path))


def template_zip(source: Path, folder: Path) -> bytes:
    return code.package(source, folder / "cache")


def test_is_a_parameter_of_systems_manager_read(endpoint: Any, tmp_path: Path) -> None:
    parameter = {"Type": "AWS::SSM::Parameter::Value<String>", "Default": "/topic/name"}
    topic = {"Type": "AWS::SNS::Topic", "Properties": {"TopicName": {"Ref": "Name"}}}
    body = {"Parameters": {"Name": parameter}, "Resources": {"T": topic}}
    with pytest.raises(TemplateError, match="Name: ParameterNotFound"):
        deploy(endpoint, tmp_path, body)
    ssm = endpoint.client("ssm")
    ssm.put_parameter(Name="/topic/name", Value="orders", Type="String")
    done = deploy(endpoint, tmp_path, body)
    assert done.stacks[0].resources["T"].endswith(":orders")


def test_do_layers_belong_to_their_function(endpoint: Any, tmp_path: Path) -> None:
    metadata = asset(tmp_path, "layer", "python/shared.py", "Content")
    foreign = "arn:aws:lambda:us-east-1:017000801446:layer:Powertools:1"
    body = {
        "Resources": {
            "Role": ROLE,
            "L": {"Type": "AWS::Lambda::LayerVersion", "Properties": {"Content": "layer"},
                  "Metadata": metadata},
            "F": function({"ZipFile": "x = 1"}, Layers=[{"Ref": "L"}, foreign]),
        }
    }  # fmt: skip
    done = deploy(endpoint, tmp_path, body)
    assert [left.reason for left in done.left_out] == [
        f"the lab does nothing with layer {foreign} (name its packages in requirements.txt)"
    ]
    name = done.stacks[0].resources["F"]
    found = endpoint.client("lambda").get_function(FunctionName=name)["Configuration"]
    assert [layer["Arn"] for layer in found["Layers"]] == [done.stacks[0].resources["L"]]


@pytest.mark.parametrize(
    ("files", "inside"),
    [
        (("shared.py", "requirements.txt"), "python"),  # to be built, as `sam build` does
        (("python/shared.py",), ""),
        (("python/shared.py", "requirements.txt"), ""),
    ],
)
def test_is_a_layer_built_that_has_requirements_only(
    endpoint: Any, tmp_path: Path, files: tuple[str, ...], inside: str
) -> None:
    for name in files:
        (tmp_path / "layer" / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "layer" / name).write_text("")
    layer = {"Type": "AWS::Serverless::LayerVersion", "Properties": {"ContentUri": "layer"}}
    deploy(endpoint, tmp_path, {"Resources": {"L": layer}})
    api = endpoint.client("lambda")
    [made] = api.list_layers()["Layers"]
    content = api.get_layer_version(LayerName=made["LayerName"], VersionNumber=1)["Content"]
    whole = code.package(tmp_path / "layer", tmp_path / "cache", inside)
    assert content["CodeSize"] == len(whole)


def test_is_a_newer_runtime_a_warning(endpoint: Any, tmp_path: Path) -> None:
    body = {"Resources": {"Role": ROLE, "F": function({"ZipFile": "x = 1"}, Runtime="python3.99")}}
    [note] = deploy(endpoint, tmp_path, body).notes
    assert note.startswith("F: Python 3.")


def test_is_a_zone_that_a_template_takes_as_there_made(endpoint: Any, tmp_path: Path) -> None:
    record = {"HostedZoneName": "example.test.", "Name": "api.example.test", "Type": "A",
              "TTL": "60", "ResourceRecords": ["127.0.1.1"]}  # fmt: skip
    body = {"Resources": {"R": {"Type": "AWS::Route53::RecordSet", "Properties": record}}}
    done = deploy(endpoint, tmp_path, body)
    assert done.notes == ("hosted zone example.test. was made: the template takes it as there",)
    [zone] = endpoint.client("route53").list_hosted_zones()["HostedZones"]
    assert zone["Name"] == "example.test."
