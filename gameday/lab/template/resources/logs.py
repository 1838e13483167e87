"""CloudWatch Logs: groups, streams, and filters that pass on what is logged."""

from __future__ import annotations

from gameday.lab.template.resource import Made, Resource, tags_of
from gameday.lab.template.resources import handles


@handles("AWS::Logs::LogGroup", "Arn")
def log_group(resource: Resource) -> Made:
    """A log group; Ref gives its name."""
    name = resource.take("LogGroupName") or resource.generated()
    tags, about = tags_of(resource.take("Tags")), resource.some("KmsKeyId", "LogGroupClass")
    if not _is_there(resource, str(name)):
        resource.call("logs", "create_log_group", logGroupName=name, tags=tags or None, **about)
    days = resource.take("RetentionInDays")
    if days is not None:
        resource.call("logs", "put_retention_policy", logGroupName=name, retentionInDays=days)
    return Made(
        name, {"Arn": f"arn:aws:logs:{resource.region}:{resource.account}:log-group:{name}:*"}
    )


def _is_there(resource: Resource, name: str) -> bool:
    """Whether the group exists: a function that prints when it is warmed has made its own."""
    found = resource.call("logs", "describe_log_groups", logGroupNamePrefix=name)["logGroups"]
    return name.startswith("/aws/lambda/") and any(g["logGroupName"] == name for g in found)


@handles("AWS::Logs::LogStream")
def log_stream(resource: Resource) -> Made:
    """A stream of a group; Ref gives its name."""
    name = resource.take("LogStreamName") or resource.generated()
    resource.call("logs", "create_log_stream", logStreamName=name,
                  **resource.some("LogGroupName"))  # fmt: skip
    return Made(name)


@handles("AWS::Logs::SubscriptionFilter")
def subscription_filter(resource: Resource) -> Made:
    """Passes on everything that is logged, whatever its pattern (moto's)."""
    name = resource.take("FilterName") or resource.generated()
    if resource.properties.get("FilterPattern"):
        resource.unread.add(f"FilterPattern {resource.properties['FilterPattern']!r} (all passes)")
    resource.take("FilterPattern")
    resource.call("logs", "put_subscription_filter", filterName=name, filterPattern="",
                  **resource.some("LogGroupName", "DestinationArn", "RoleArn",
                                  "Distribution"))  # fmt: skip
    return Made(name)


@handles("AWS::Logs::MetricFilter")
def metric_filter(resource: Resource) -> Made:
    """Kept; no metric comes of it, which is listed."""
    name = resource.take("FilterName") or resource.generated()
    resource.call("logs", "put_metric_filter", filterName=name,
                  **resource.some("LogGroupName", "FilterPattern",
                                  "MetricTransformations"))  # fmt: skip
    resource.unread.add("MetricTransformations (no metric is made of logs)")
    return Made(name)
