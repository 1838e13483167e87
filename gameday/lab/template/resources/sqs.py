"""SQS queues and their policies."""

from __future__ import annotations

import json
from typing import Any

from gameday.lab.template.intrinsics import text
from gameday.lab.template.resource import Made, Resource, tags_of
from gameday.lab.template.resources import handles

_ATTRIBUTES = (
    "ContentBasedDeduplication", "DeduplicationScope", "DelaySeconds", "FifoQueue",
    "FifoThroughputLimit", "KmsDataKeyReusePeriodSeconds", "KmsMasterKeyId",
    "MaximumMessageSize", "MessageRetentionPeriod", "ReceiveMessageWaitTimeSeconds",
    "RedriveAllowPolicy", "RedrivePolicy", "SqsManagedSseEnabled", "VisibilityTimeout",
)  # fmt: skip


@handles("AWS::SQS::Queue", "Arn", "QueueName", "QueueUrl")
def queue(resource: Resource) -> Made:
    """A queue; Ref gives its URL."""
    attributes = {k: _attribute(v) for k, v in resource.some(*_ATTRIBUTES).items()}
    suffix = ".fifo" if attributes.get("FifoQueue") == "true" else ""
    name = resource.take("QueueName") or resource.generated(80 - len(suffix)) + suffix
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


@handles("AWS::SQS::QueueInlinePolicy")
def queue_inline_policy(resource: Resource) -> Made:
    """The policy of one queue."""
    resource.call("sqs", "set_queue_attributes", QueueUrl=resource.need("Queue"),
                  Attributes={"Policy": json.dumps(resource.need("PolicyDocument"))})  # fmt: skip
    return Made(resource.generated())


def _attribute(value: Any) -> str:
    return json.dumps(value) if isinstance(value, dict) else text(value)
