"""DynamoDB tables. A global table is created in its stack's Region, then given its replicas.

Version 2019.11.21 throughout (UpdateTable with ReplicaUpdates); every replica has its stream.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from gameday.errors import TemplateError
from gameday.lab.template.resource import Made, Resource, tags_of
from gameday.lab.template.resources import handles

_SHAPE = ("AttributeDefinitions", "KeySchema", "LocalSecondaryIndexes", "GlobalSecondaryIndexes",
          "BillingMode", "TableClass")  # fmt: skip
_ATTRIBUTES = ("Arn", "StreamArn", "TableId")


@handles("AWS::DynamoDB::Table", *_ATTRIBUTES)
def table(resource: Resource) -> Made:
    """A table of one Region."""
    name = resource.take("TableName") or resource.generated()
    stream = resource.take("StreamSpecification")
    made = resource.call(
        "dynamodb", "create_table", TableName=name,
        StreamSpecification=stream and {"StreamEnabled": True, **stream},
        Tags=_list(tags_of(resource.take("Tags"))) or None,
        **resource.some(*_SHAPE, "ProvisionedThroughput", "SSESpecification"),
    )["TableDescription"]  # fmt: skip
    _time_to_live(resource, name)
    _recovery(resource, name, resource.region, resource.take("PointInTimeRecoverySpecification"))
    return _made(name, made)


@handles("AWS::DynamoDB::GlobalTable", *_ATTRIBUTES)
def global_table(resource: Resource) -> Made:
    """A table with replicas.

    :raises TemplateError: no replica in the stack's own Region, which CloudFormation requires.
    """
    name = resource.take("TableName") or resource.generated()
    replicas = {replica["Region"]: dict(replica) for replica in resource.need("Replicas")}
    if resource.region not in replicas:
        raise TemplateError(f"Replicas must contain the stack's own Region {resource.region}")
    stream = resource.take("StreamSpecification") or {"StreamViewType": "NEW_AND_OLD_IMAGES"}
    made = resource.call(
        "dynamodb", "create_table", TableName=name,
        StreamSpecification={"StreamEnabled": True, **stream}, **resource.some(*_SHAPE),
    )["TableDescription"]  # fmt: skip
    for region in replicas.keys() - {resource.region}:
        resource.call("dynamodb", "update_table", TableName=name,
                      ReplicaUpdates=[{"Create": {"RegionName": region}}])  # fmt: skip
    _time_to_live(resource, name)
    for region, replica in replicas.items():
        _replica(resource, name, region, replica)
    return _made(name, made)


def _replica(resource: Resource, name: str, region: str, about: dict[str, Any]) -> None:
    _recovery(resource, name, region, about.pop("PointInTimeRecoverySpecification", None))
    tags = tags_of(about.pop("Tags", None))
    if tags:
        arn = f"arn:aws:dynamodb:{region}:{resource.account}:table/{name}"
        resource.call("dynamodb", "tag_resource", region, ResourceArn=arn, Tags=_list(tags))
    about.pop("Region")
    resource.unread.update(f"Replicas.{region}.{left}" for left in about)


def _time_to_live(resource: Resource, name: str) -> None:
    about = resource.take("TimeToLiveSpecification")
    if about:
        resource.call("dynamodb", "update_time_to_live", TableName=name,
                      TimeToLiveSpecification=about)  # fmt: skip


def _recovery(resource: Resource, name: str, region: str, about: Any) -> None:
    if about:
        resource.call("dynamodb", "update_continuous_backups", region, TableName=name,
                      PointInTimeRecoverySpecification=about)  # fmt: skip


def _list(tags: Mapping[str, str]) -> list[dict[str, str]]:
    return [{"Key": key, "Value": value} for key, value in tags.items()]


def _made(name: str, description: Mapping[str, Any]) -> Made:
    return Made(
        name,
        {
            "Arn": description["TableArn"],
            "StreamArn": description.get("LatestStreamArn", ""),
            "TableId": description.get("TableId", ""),
        },
    )
