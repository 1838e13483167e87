"""CloudFormation describes what the deployer registered, and deploys nothing itself."""

from __future__ import annotations

import json
from typing import Any

import pytest
from botocore.exceptions import ClientError
from cloud_process import Cloud

STACK = {
    "name": "gameday-regional",
    "region": "eu-west-1",
    "status": "CREATE_COMPLETE",
    "parameters": {"Stage": "prod", "Warm": True},
    "outputs": {"ApiId": "abc123"},
    "exports": {"gameday-ApiId": "abc123"},
    "tags": {"team": "sre"},
    "template": {"Resources": {}},
    "resources": [
        {
            "LogicalResourceId": "Items",
            "PhysicalResourceId": "items-fn",
            "ResourceType": "AWS::Lambda::Function",
            "ResourceStatus": "CREATE_COMPLETE",
        }
    ],
}


def internal(cloud: Cloud, method: str, body: Any, token: str | None = None) -> int:
    headers = {"x-gameday-token": cloud.spec["token"] if token is None else token}
    return cloud.http(method, "/_gameday/stacks", json.dumps(body).encode(), **headers)[0]


@pytest.fixture
def client(cloud: Cloud) -> Any:
    assert internal(cloud, "PUT", STACK) == 200
    return cloud.client("cloudformation", "eu-west-1")


def test_a_registered_stack_is_described(client: Any) -> None:
    stack = client.describe_stacks(StackName="gameday-regional")["Stacks"][0]
    assert stack["StackStatus"] == "CREATE_COMPLETE"
    assert stack["Outputs"] == [
        {"OutputKey": "ApiId", "OutputValue": "abc123", "ExportName": "gameday-ApiId"}
    ]
    assert {"ParameterKey": "Warm", "ParameterValue": "true"} in stack["Parameters"]
    assert stack["Tags"] == [{"Key": "team", "Value": "sre"}]
    assert client.describe_stacks(StackName=stack["StackId"])["Stacks"] == [stack]


def test_its_resources_are_listed(client: Any) -> None:
    found = client.describe_stack_resources(StackName="gameday-regional")["StackResources"]
    listed = client.list_stack_resources(StackName="gameday-regional")["StackResourceSummaries"]
    by_physical = client.describe_stack_resources(PhysicalResourceId="items-fn")["StackResources"]
    for resources in (found, listed, by_physical):
        assert [(r["LogicalResourceId"], r["PhysicalResourceId"]) for r in resources] == [
            ("Items", "items-fn")
        ]
    detail = client.describe_stack_resource(StackName="gameday-regional", LogicalResourceId="Items")
    assert detail["StackResourceDetail"]["ResourceType"] == "AWS::Lambda::Function"


def test_lists_exports_and_template(client: Any) -> None:
    assert [s["StackName"] for s in client.list_stacks()["StackSummaries"]] == ["gameday-regional"]
    assert client.list_exports()["Exports"][0]["Value"] == "abc123"
    assert client.get_template(StackName="gameday-regional")["TemplateBody"] == {"Resources": {}}


def test_another_region_does_not_have_it(cloud: Cloud, client: Any) -> None:
    with pytest.raises(ClientError, match="gameday-regional does not exist") as refused:
        cloud.client("cloudformation").describe_stacks(StackName="gameday-regional")
    assert refused.value.response["Error"]["Code"] == "ValidationError"


@pytest.mark.parametrize(
    ("operation", "arguments"),
    [
        ("create_stack", {"TemplateBody": "{}"}),
        ("update_stack", {"TemplateBody": "{}"}),
        ("create_change_set", {"ChangeSetName": "c", "TemplateBody": "{}"}),
        ("execute_change_set", {"ChangeSetName": "c"}),
        ("delete_stack", {}),
    ],
)
def test_deploying_is_refused_by_name(
    client: Any, operation: str, arguments: dict[str, Any]
) -> None:
    with pytest.raises(ClientError, match="gameday lab up --template") as refused:
        getattr(client, operation)(StackName="mine", **arguments)
    assert refused.value.response["Error"]["Code"] == "ValidationError"
    assert refused.value.response["ResponseMetadata"]["HTTPStatusCode"] == 400


def test_a_stack_can_be_removed(cloud: Cloud) -> None:
    other = STACK | {"name": "other", "region": "us-east-1"}
    assert internal(cloud, "PUT", other) == 200
    assert internal(cloud, "DELETE", {"name": "other", "region": "us-east-1"}) == 200
    assert cloud.client("cloudformation").list_stacks()["StackSummaries"] == []


@pytest.mark.parametrize("token", ["", "wrong"])
def test_the_internal_door_needs_the_token(cloud: Cloud, token: str) -> None:
    assert internal(cloud, "PUT", STACK | {"name": "evil"}, token) == 403


def test_a_stack_without_a_name_is_a_bad_request(cloud: Cloud) -> None:
    assert internal(cloud, "PUT", {"region": "eu-west-1"}) == 400
