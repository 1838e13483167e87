"""SNS events for functions: what moto sends is a constant, so the event is made here.

The shape is that of the page "Invoking Lambda functions with Amazon SNS notifications".
"""

from __future__ import annotations

import importlib
import json
from collections.abc import Mapping
from typing import Any

from gameday import clock
from gameday.lab.cloud.functions import Invoked


def repair(invoked: Invoked) -> None:
    """Let subscriptions of functions pass on the message with its attributes."""
    models: Any = importlib.import_module("moto.sns.models")
    publish = models.Subscription.publish

    def to_lambda(subscription: Any, message: str, message_id: str, **more: Any) -> None:
        if subscription.protocol != "lambda":
            publish(subscription, message, message_id, **more)
            return
        attributes = more.get("message_attributes")
        matcher = subscription._filter_policy_matcher
        if matcher is not None and not matcher.matches(attributes, message):
            return
        if more.get("message_structure") == "json":
            message = subscription._parse_message_structure(message, "lambda")
        told = event(subscription.arn, subscription.topic_arn, message, message_id,
                     more.get("subject"), attributes or {})  # fmt: skip
        invoked(subscription.endpoint.split(":")[3], subscription.endpoint, json.dumps(told))

    models.Subscription.publish = to_lambda


def event(
    subscription_arn: str, topic_arn: str, message: str, message_id: str, subject: str | None,
    attributes: Mapping[str, Any],
) -> dict[str, Any]:  # fmt: skip
    """The event of one message. Its signature is none: the lab has no SNS key."""
    region = topic_arn.split(":")[3]
    place = f"https://sns.{region}.amazonaws.com"
    return {
        "Records": [
            {
                "EventVersion": "1.0",
                "EventSubscriptionArn": subscription_arn,
                "EventSource": "aws:sns",
                "Sns": {
                    "SignatureVersion": "1",
                    "Timestamp": clock.utc(clock.now()),
                    "Signature": "gameday",
                    "SigningCertUrl": f"{place}/gameday.pem",
                    "MessageId": message_id,
                    "Message": message,
                    "MessageAttributes": {
                        name: {"Type": a["Type"], "Value": _text(a["Value"])}
                        for name, a in attributes.items()
                    },
                    "Type": "Notification",
                    "UnsubscribeUrl": f"{place}/?Action=Unsubscribe&SubscriptionArn="
                    f"{subscription_arn}",
                    "TopicArn": topic_arn,
                    "Subject": subject,
                },
            }
        ]
    }


def _text(value: Any) -> str:
    return value.decode("latin-1") if isinstance(value, bytes) else str(value)
