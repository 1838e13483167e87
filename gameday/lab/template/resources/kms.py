"""KMS keys. moto keeps them; what the lab stores is not encrypted."""

from __future__ import annotations

import json

from gameday.lab.template.resource import Made, Resource
from gameday.lab.template.resources import handles


@handles("AWS::KMS::Key", "Arn", "KeyId")
def key(resource: Resource) -> Made:
    """A key; Ref gives its id."""
    policy = resource.take("KeyPolicy")
    resource.some("EnableKeyRotation", "PendingWindowInDays")
    made = resource.call(
        "kms", "create_key", Policy=None if policy is None else json.dumps(policy),
        **resource.some("Description", "KeyUsage", "KeySpec", "MultiRegion"),
    )["KeyMetadata"]  # fmt: skip
    return Made(made["KeyId"], {"Arn": made["Arn"], "KeyId": made["KeyId"]})


@handles("AWS::KMS::Alias")
def alias(resource: Resource) -> Made:
    """Another name of a key; Ref gives it."""
    name = resource.need("AliasName")
    resource.call("kms", "create_alias", AliasName=name, **resource.some("TargetKeyId"))
    return Made(name)
