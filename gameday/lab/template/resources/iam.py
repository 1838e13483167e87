"""IAM roles and policies. moto keeps them; nothing in the lab evaluates them."""

from __future__ import annotations

import json
from typing import Any

from gameday.lab.template.resource import Made, Resource
from gameday.lab.template.resources import handles

NOTE = "IAM policies are kept but not evaluated; AWS's own managed policies are not attached"


@handles("AWS::IAM::Role", "Arn", "RoleId")
def role(resource: Resource) -> Made:
    """A role with its inline policies."""
    name = resource.take("RoleName") or resource.generated(64)
    made = resource.call(
        "iam", "create_role", RoleName=name,
        AssumeRolePolicyDocument=json.dumps(resource.need("AssumeRolePolicyDocument")),
        **resource.some("Path", "Description", "MaxSessionDuration", "Tags"),
    )["Role"]  # fmt: skip
    for arn in resource.take("ManagedPolicyArns", []):
        if ":iam::aws:policy/" in arn:
            resource.work.notes.add(NOTE)
        else:
            resource.call("iam", "attach_role_policy", RoleName=name, PolicyArn=arn)
    for policy in resource.take("Policies", []):
        _put(resource, [name], policy["PolicyName"], policy["PolicyDocument"])
    return Made(name, {"Arn": made["Arn"], "RoleId": made["RoleId"]})


@handles("AWS::IAM::Policy", "Id")
def policy(resource: Resource) -> Made:
    """An inline policy put into roles; users and groups are reported as left out."""
    name = resource.need("PolicyName")
    _put(resource, resource.take("Roles", []), name, resource.need("PolicyDocument"))
    return Made(name, {"Id": name})


@handles("AWS::IAM::ManagedPolicy", "PolicyArn")
def managed_policy(resource: Resource) -> Made:
    """A policy of its own, attached to roles."""
    made = resource.call(
        "iam", "create_policy",
        PolicyName=resource.take("ManagedPolicyName") or resource.generated(128),
        PolicyDocument=_document(resource.need("PolicyDocument")),
        **resource.some("Path", "Description"),
    )["Policy"]  # fmt: skip
    for role_name in resource.take("Roles", []):
        resource.call("iam", "attach_role_policy", RoleName=role_name, PolicyArn=made["Arn"])
    return Made(made["Arn"], {"PolicyArn": made["Arn"]})


def _put(resource: Resource, roles: list[str], name: str, document: Any) -> None:
    for role_name in roles:
        resource.call(
            "iam", "put_role_policy", RoleName=role_name, PolicyName=name,
            PolicyDocument=_document(document),
        )  # fmt: skip


def _document(document: Any) -> str:
    """SAM leaves the version out; IAM then means 2008-10-17, moto refuses."""
    return json.dumps({"Version": "2012-10-17", **document})
