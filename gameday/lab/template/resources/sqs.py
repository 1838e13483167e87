"""SQS queues and their policies."""

from __future__ import annotations

import json
from typing import Any

from gameday.lab.template.intrinsics import text
from gameday.lab.template.resource import Made, Resource, tags_of
from gameday.lab.template.resources import handles

_ATTRIBUTES = (
    "ContentBasedDeduplication", "DelaySeconds", "FifoQueue", "KmsMasterKeyId",
    "MaximumMessageSize", "MessageRetentionPeriod", "ReceiveMessageWaitTimeSeconds",
    "RedriveAllowPolicy", "RedrivePolicy", "VisibilityTimeout",
)  # fmt: skip


@handles("AWS::SQS::Queue", "Arn", "QueueName", "QueueUrl")
def queue(resource: Resource) -> Made:
    """A queue; Ref gives its URL."""
    name = resource.take("QueueName") or resource.generated(80)
    attributes = {k: _attribute(v) for k, v in resource.some(*_ATTRIBUTES).items()}
    url = resource.call("sqs", "create_queue", QueueName=name, Attributes=attributes,
                        tags=tags_of(resource.take("Tags")))["QueueUrl"]  # fmt: skip
    arn = f"arn:aws:sqs:{resource.region}:{resource.account}:{name}"
    return Made(url, {"Arn": arn, "QueueName": name, "QueueUrl": url})


@handles("AWS::SQS::QueuePolicy")
def queue_policy(resource: Resource) -> Made:
    """A policy on queues."""
    document = json.dumps(resource.need("PolicyDocument"))
    for url in resource.need("Queues"):
        resource.call("sqs", "set_queue_attributes", QueueUrl=url, Attributes={"Policy": document})
    return Made(resource.generated())


def _attribute(value: Any) -> str:
    return json.dumps(value) if isinstance(value, dict) else text(value)
