"""SNS topics and subscriptions."""

from __future__ import annotations

from gameday.lab.template.resource import Made, Resource
from gameday.lab.template.resources import handles


@handles("AWS::SNS::Topic", "TopicArn", "TopicName")
def topic(resource: Resource) -> Made:
    """A topic with the subscriptions written into it; Ref gives its ARN."""
    name = resource.take("TopicName") or resource.generated()
    attributes = resource.some("DisplayName", "KmsMasterKeyId", "FifoTopic")
    arn = resource.call("sns", "create_topic", Name=name, Attributes=attributes,
                        **resource.some("Tags"))["TopicArn"]  # fmt: skip
    for subscription in resource.take("Subscription", []):
        resource.call("sns", "subscribe", TopicArn=arn, **subscription)
    return Made(arn, {"TopicArn": arn, "TopicName": name})


@handles("AWS::SNS::Subscription", "Arn")
def subscription(resource: Resource) -> Made:
    """A subscription; Ref gives its ARN."""
    made = resource.call("sns", "subscribe", ReturnSubscriptionArn=True,
                         **resource.some("TopicArn", "Protocol", "Endpoint"))  # fmt: skip
    return Made(made["SubscriptionArn"], {"Arn": made["SubscriptionArn"]})
