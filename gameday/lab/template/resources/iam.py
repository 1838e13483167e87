"""IAM roles, users, groups and policies. moto keeps them; nothing in the lab evaluates them."""

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
        **resource.some("Path", "Description", "MaxSessionDuration", "PermissionsBoundary", "Tags"),
    )["Role"]  # fmt: skip
    _attach(resource, "role", name)
    return Made(name, {"Arn": made["Arn"], "RoleId": made["RoleId"]})


@handles("AWS::IAM::Policy", "Id")
def policy(resource: Resource) -> Made:
    """An inline policy put into roles, users and groups."""
    name, document = resource.need("PolicyName"), resource.need("PolicyDocument")
    _put(resource, resource.take("Roles", []), name, document)
    for kind in ("user", "group"):
        for holder in resource.take(f"{kind.capitalize()}s", []):
            resource.call("iam", f"put_{kind}_policy", PolicyName=name,
                          PolicyDocument=_document(document),
                          **{f"{kind.capitalize()}Name": holder})  # fmt: skip
    return Made(name, {"Id": name})


@handles("AWS::IAM::RolePolicy")
def role_policy(resource: Resource) -> Made:
    """An inline policy of one role."""
    name = resource.need("PolicyName")
    _put(resource, [resource.need("RoleName")], name, resource.need("PolicyDocument"))
    return Made(name)


@handles("AWS::IAM::User", "Arn")
def user(resource: Resource) -> Made:
    """A user with groups and policies; Ref gives its name."""
    name = resource.take("UserName") or resource.generated(64)
    made = resource.call("iam", "create_user", UserName=name, **resource.some("Path", "Tags"))
    for group_name in resource.take("Groups", []):
        resource.call("iam", "add_user_to_group", UserName=name, GroupName=group_name)
    _attach(resource, "user", name)
    return Made(name, {"Arn": made["User"]["Arn"]})


@handles("AWS::IAM::Group", "Arn")
def group(resource: Resource) -> Made:
    """A group with its policies; Ref gives its name."""
    name = resource.take("GroupName") or resource.generated(128)
    made = resource.call("iam", "create_group", GroupName=name, **resource.some("Path"))
    _attach(resource, "group", name)
    return Made(name, {"Arn": made["Group"]["Arn"]})


@handles("AWS::IAM::InstanceProfile", "Arn")
def instance_profile(resource: Resource) -> Made:
    """An instance profile; Ref gives its name."""
    name = resource.take("InstanceProfileName") or resource.generated(128)
    made = resource.call("iam", "create_instance_profile", InstanceProfileName=name,
                         **resource.some("Path"))["InstanceProfile"]  # fmt: skip
    for role_name in resource.take("Roles", []):
        resource.call("iam", "add_role_to_instance_profile", InstanceProfileName=name,
                      RoleName=role_name)  # fmt: skip
    return Made(name, {"Arn": made["Arn"]})


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


def _attach(resource: Resource, kind: str, name: str) -> None:
    """Give a role, user or group its managed and its inline policies."""
    holder = {f"{kind.capitalize()}Name": name}
    for arn in resource.take("ManagedPolicyArns", []):
        if ":iam::aws:policy/" in arn:
            resource.work.notes.add(NOTE)
        else:
            resource.call("iam", f"attach_{kind}_policy", PolicyArn=arn, **holder)
    for policy in resource.take("Policies", []):
        resource.call("iam", f"put_{kind}_policy", PolicyName=policy["PolicyName"],
                      PolicyDocument=_document(policy["PolicyDocument"]), **holder)  # fmt: skip


def _put(resource: Resource, roles: list[str], name: str, document: Any) -> None:
    for role_name in roles:
        resource.call(
            "iam", "put_role_policy", RoleName=role_name, PolicyName=name,
            PolicyDocument=_document(document),
        )  # fmt: skip


def _document(document: Any) -> str:
    """SAM leaves the version out; IAM then means 2008-10-17, moto refuses."""
    return json.dumps({"Version": "2012-10-17", **document})
