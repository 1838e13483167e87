"""S3 buckets, their policies and notifications."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from gameday.lab.template.resource import Made, Resource
from gameday.lab.template.resources import handles

_SETTINGS = {
    "VersioningConfiguration": ("put_bucket_versioning", "VersioningConfiguration"),
    "PublicAccessBlockConfiguration":
        ("put_public_access_block", "PublicAccessBlockConfiguration"),
    "OwnershipControls": ("put_bucket_ownership_controls", "OwnershipControls"),
}  # fmt: skip
"""Settings that the API takes as CloudFormation writes them: the method and its parameter."""

_TARGETS = {
    "LambdaConfigurations": ("LambdaFunctionConfigurations", "Function", "LambdaFunctionArn"),
    "QueueConfigurations": ("QueueConfigurations", "Queue", "QueueArn"),
    "TopicConfigurations": ("TopicConfigurations", "Topic", "TopicArn"),
}
"""Kinds of notifications: what the API calls the list, and what each calls its target."""


@handles("AWS::S3::Bucket", "Arn", "DomainName", "RegionalDomainName", "DualStackDomainName",
         "WebsiteURL")  # fmt: skip
def bucket(resource: Resource) -> Made:
    """A bucket; Ref gives its name."""
    name = resource.take("BucketName") or resource.generated(63).lower()
    elsewhere = resource.region != "us-east-1"
    place = {"LocationConstraint": resource.region} if elsewhere else None
    resource.call("s3", "create_bucket", Bucket=name, CreateBucketConfiguration=place)
    tags = resource.take("Tags")
    if tags:
        resource.call("s3", "put_bucket_tagging", Bucket=name, Tagging={"TagSet": tags})
    for setting, (method, parameter) in _SETTINGS.items():
        value = resource.take(setting)
        if value:
            resource.call("s3", method, Bucket=name, **{parameter: value})
    _encryption(resource, name)
    _cors(resource, name)
    _notifications(resource, name)
    here = f"{name}.s3.{resource.region}.amazonaws.com"
    return Made(
        name,
        {
            "Arn": f"arn:aws:s3:::{name}",
            "DomainName": f"{name}.s3.amazonaws.com",
            "RegionalDomainName": here,
            "DualStackDomainName": f"{name}.s3.dualstack.{resource.region}.amazonaws.com",
            "WebsiteURL": f"http://{name}.s3-website-{resource.region}.amazonaws.com",
        },
    )


@handles("AWS::S3::BucketPolicy")
def bucket_policy(resource: Resource) -> Made:
    """A policy on a bucket, which is kept and not evaluated."""
    name = resource.need("Bucket")
    resource.call("s3", "put_bucket_policy", Bucket=name,
                  Policy=json.dumps(resource.need("PolicyDocument")))  # fmt: skip
    return Made(str(name))


def _encryption(resource: Resource, name: str) -> None:
    about = resource.take("BucketEncryption")
    if about:
        rules = [
            {"ApplyServerSideEncryptionByDefault": r.get("ServerSideEncryptionByDefault"),
             "BucketKeyEnabled": r.get("BucketKeyEnabled")}
            for r in about["ServerSideEncryptionConfiguration"]
        ]  # fmt: skip
        resource.call("s3", "put_bucket_encryption", Bucket=name,
                      ServerSideEncryptionConfiguration={"Rules": rules})  # fmt: skip


def _cors(resource: Resource, name: str) -> None:
    about = resource.take("CorsConfiguration")
    if about:
        names = {"Id": "ID", "MaxAge": "MaxAgeSeconds", "ExposedHeaders": "ExposeHeaders"}
        rules = [{names.get(k, k): v for k, v in rule.items()} for rule in about["CorsRules"]]
        resource.call("s3", "put_bucket_cors", Bucket=name, CORSConfiguration={"CORSRules": rules})


def _notifications(resource: Resource, name: str) -> None:
    about = resource.take("NotificationConfiguration")
    if not about:
        return
    wanted: dict[str, Any] = {}
    for kind, (listed, theirs, ours) in _TARGETS.items():
        if about.get(kind):
            wanted[listed] = [_notification(n, theirs, ours) for n in about[kind]]
    if "EventBridgeConfiguration" in about:
        wanted["EventBridgeConfiguration"] = {}
    resource.call("s3", "put_bucket_notification_configuration", Bucket=name,
                  NotificationConfiguration=wanted)  # fmt: skip


def _notification(about: Mapping[str, Any], theirs: str, ours: str) -> dict[str, Any]:
    found: dict[str, Any] = {ours: about[theirs], "Events": [about["Event"]]}
    rules = ((about.get("Filter") or {}).get("S3Key") or {}).get("Rules")
    if rules:
        found["Filter"] = {"Key": {"FilterRules": rules}}
    return found
