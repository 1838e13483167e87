"""Where announcements go: a webhook, Slack's form of one, an SNS topic, an EventBridge bus.

A webhook's URL is a secret, so a target file names the environment variable that holds it; what
is logged of a channel is its kind, never its URL.
"""

from __future__ import annotations

import json
import os
import urllib.error
import urllib.request
from collections.abc import Mapping
from dataclasses import dataclass

from gameday.announce.message import Message
from gameday.aws import client, translated
from gameday.errors import AwsError, TargetError
from gameday.settings import Target

TIMEOUT_S = 5.0
SUBJECT_MAX = 100
"""Characters of an SNS subject, which must be ASCII ("Publish", Amazon SNS)."""

SOURCE = "gameday"
KINDS = ("webhook", "slack", "sns", "events")


@dataclass(frozen=True, slots=True)
class Channel:
    """One place to send to: a URL, a topic's ARN or an event bus's ARN."""

    kind: str
    address: str

    @property
    def region(self) -> str:
        """Where a topic or a bus is."""
        return self.address.split(":")[3]

    def send(self, message: Message) -> None:
        """Send it; two attempts at most where AWS is asked, one elsewhere.

        :raises AwsError: it was not taken; the reason names no URL.
        """
        if self.kind == "sns":
            self._publish(message)
        elif self.kind == "events":
            self._put_event(message)
        elif self.kind == "slack":
            self._post({"text": message.text})
        else:
            self._post({**message.facts, "text": message.text})

    def _post(self, body: Mapping[str, object]) -> None:
        data = json.dumps(body, default=str).encode()
        request = urllib.request.Request(
            self.address, data, {"Content-Type": "application/json", "User-Agent": SOURCE}
        )
        try:
            with urllib.request.urlopen(request, timeout=TIMEOUT_S):
                return
        except urllib.error.HTTPError as e:
            e.close()
            raise AwsError(f"the {self.kind} answered {e.code}") from None
        except (OSError, ValueError) as e:
            raise AwsError(f"the {self.kind} cannot be reached: {type(e).__name__}") from None

    def _publish(self, message: Message) -> None:
        subject = message.title.encode("ascii", "replace").decode()[:SUBJECT_MAX]
        with translated("Publish to the SNS topic"):
            client("sns", self.region, quick=True).publish(
                TopicArn=self.address, Subject=subject, Message=message.text
            )

    def _put_event(self, message: Message) -> None:
        entry = {
            "Source": SOURCE,
            "DetailType": f"GameDay Run {message.kind.capitalize()}",
            "Detail": json.dumps({**message.facts, "text": message.text}, default=str),
            "EventBusName": self.address,
        }
        with translated("PutEvents"):
            api = client("events", self.region, quick=True)
            answer = api.put_events(Entries=[entry])
        if answer["FailedEntryCount"]:
            failed = answer["Entries"][0]
            raise AwsError(f"PutEvents: {failed.get('ErrorCode')}: {failed.get('ErrorMessage')}")


def channels_of(target: Target, environ: Mapping[str, str] = os.environ) -> tuple[Channel, ...]:
    """The channels of GAMEDAY_ANNOUNCE.

    :raises TargetError: an entry is of no known form, or its variable is not set.
    """
    return tuple(_channel(entry, environ) for entry in target.limits.announce)


def _channel(entry: str, environ: Mapping[str, str]) -> Channel:
    kind, _, address = entry.partition(":")
    if kind in ("webhook", "slack") and address:
        url = address if "://" in address else environ.get(address, "")
        if not url.startswith(("https://", "http://")):
            raise TargetError(
                f"GAMEDAY_ANNOUNCE: {kind}:{address.partition('://')[0]}: give the name of a "
                "variable that holds its http(s) URL"
            )
        return Channel(kind, url)
    if kind in ("sns", "events") and address.startswith("arn:") and address.count(":") >= 5:
        return Channel(kind, address)
    raise TargetError(
        f"GAMEDAY_ANNOUNCE: {kind!r}: give webhook:VARIABLE, slack:VARIABLE, sns:TOPIC-ARN or "
        "events:BUS-ARN"
    )
