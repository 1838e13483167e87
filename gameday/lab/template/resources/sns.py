"""SNS topics, their subscriptions and policies."""

from __future__ import annotations

import json
from typing import Any

from gameday.lab.template.intrinsics import text
from gameday.lab.template.resource import Made, Resource
from gameday.lab.template.resources import handles

_TOPIC = ("DisplayName", "KmsMasterKeyId", "FifoTopic", "ContentBasedDeduplication",
          "SignatureVersion", "TracingConfig", "DeliveryPolicy")  # fmt: skip
_SUBSCRIPTION = ("FilterPolicy", "FilterPolicyScope", "RawMessageDelivery", "RedrivePolicy",
                 "DeliveryPolicy")  # fmt: skip


@handles("AWS::SNS::Topic", "TopicArn", "TopicName")
def topic(resource: Resource) -> Made:
    """A topic with the subscriptions written into it; Ref gives its ARN."""
    name = resource.take("TopicName") or resource.generated()
    attributes = _attributes(resource, _TOPIC)
    if attributes.get("FifoTopic") == "true" and not str(name).endswith(".fifo"):
        name = f"{name}.fifo"
    arn = resource.call("sns", "create_topic", Name=name, Attributes=attributes,
                        **resource.some("Tags"))["TopicArn"]  # fmt: skip
    for subscription in resource.take("Subscription", []):
        resource.call("sns", "subscribe", TopicArn=arn, **subscription)
    return Made(arn, {"TopicArn": arn, "TopicName": name})


@handles("AWS::SNS::Subscription", "Arn")
def subscription(resource: Resource) -> Made:
    """A subscription; Ref gives its ARN."""
    made = resource.call(
        "sns", "subscribe", resource.take("Region"), ReturnSubscriptionArn=True,
        Attributes=_attributes(resource, _SUBSCRIPTION),
        **resource.some("TopicArn", "Protocol", "Endpoint"),
    )  # fmt: skip
    return Made(made["SubscriptionArn"], {"Arn": made["SubscriptionArn"]})


@handles("AWS::SNS::TopicPolicy", "Id")
def topic_policy(resource: Resource) -> Made:
    """A policy on topics, which is kept and not evaluated."""
    document = json.dumps(resource.need("PolicyDocument"))
    for arn in resource.need("Topics"):
        resource.call("sns", "set_topic_attributes", TopicArn=arn, AttributeName="Policy",
                      AttributeValue=document)  # fmt: skip
    name = resource.generated()
    return Made(name, {"Id": name})


def _attributes(resource: Resource, names: tuple[str, ...]) -> dict[str, str]:
    return {name: _text(value) for name, value in resource.some(*names).items()}


def _text(value: Any) -> str:
    return json.dumps(value) if isinstance(value, dict) else text(value)
