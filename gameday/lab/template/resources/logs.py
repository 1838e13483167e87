"""CloudWatch Logs groups."""

from __future__ import annotations

from gameday.lab.template.resource import Made, Resource, tags_of
from gameday.lab.template.resources import handles


@handles("AWS::Logs::LogGroup", "Arn")
def log_group(resource: Resource) -> Made:
    """A log group; Ref gives its name."""
    name = resource.take("LogGroupName") or resource.generated()
    tags = tags_of(resource.take("Tags"))
    resource.call("logs", "create_log_group", logGroupName=name, tags=tags or None)
    days = resource.take("RetentionInDays")
    if days is not None:
        resource.call("logs", "put_retention_policy", logGroupName=name, retentionInDays=days)
    return Made(
        name, {"Arn": f"arn:aws:logs:{resource.region}:{resource.account}:log-group:{name}:*"}
    )
