"""Where the end of an asynchronous event is told: destinations and dead-letter queues.

SQS, SNS, S3 (failures only), Lambda and EventBridge, as on AWS. What cannot be delivered is a line
of the log and a metric.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Mapping
from typing import Any

from gameday import clock
from gameday.errors import LabError
from gameday.lab.functions import references
from gameday.lab.functions.asynchronous import (
    SUCCESS,
    Event,
    dead_letter_attributes,
    record,
    settings_of,
)
from gameday.lab.functions.control_plane import ControlPlane, queue_url
from gameday.lab.functions.environment import Result
from gameday.lab.log import log

Configuration = Callable[[str], Mapping[str, Any] | None]
Count = Callable[[str, str], None]  # function, metric


class Destinations:
    """Tells the destinations of the functions that `configuration` knows."""

    def __init__(
        self, control_plane: ControlPlane, configuration: Configuration, count: Count
    ) -> None:
        self._control_plane, self._configuration = control_plane, configuration
        self._count = count
        self._tasks: set[asyncio.Task[None]] = set()

    def ended(self, event: Event, condition: str, result: Result) -> None:
        """An event is done with."""
        about = self._configuration(event.name) or {}
        settings = settings_of(about, event.qualifier)
        failed = condition != SUCCESS
        if failed:
            log.warning("%s: an asynchronous event is given up: %s", event.name, condition)
            self._count(event.name, "AsyncEventsDropped")
        destination = settings.get("on_failure" if failed else "on_success")
        arn = about.get("arn", event.name)
        if destination:
            told = record(event, condition, result, arn, clock.now())
            self._soon(event.name, "DestinationDeliveryFailures",
                       self.tell(destination, told, failed))  # fmt: skip
        if failed and about.get("dead_letter"):
            attributes = dead_letter_attributes(event, condition, result)
            self._soon(event.name, "DeadLetterErrors",
                       self._dead_letter(about["dead_letter"], event, attributes))  # fmt: skip

    async def tell(self, arn: str, told: dict[str, Any], failed: bool = True) -> None:
        """Give `told`, a record of an invocation, to the destination `arn`.

        :raises LabError: it was not taken.
        """
        text, service, region = json.dumps(told), arn.split(":")[2], arn.split(":")[3]
        plane = self._control_plane
        match service:
            case "sqs":
                await plane.json("sqs", region, "SendMessage",
                                 {"QueueUrl": queue_url(arn), "MessageBody": text})  # fmt: skip
            case "sns":
                await plane.publish(arn, text, {})
            case "lambda":
                await plane.invoke_later(arn, text.encode())
            case "events":
                await self._put_event(arn, region, told, failed)
            case "s3" if failed:
                function = told["requestContext"]["functionArn"]
                await plane.put_object(arn.rpartition(":")[2], _key(told), text.encode(),
                                       function.split(":")[3])  # fmt: skip
            case _:
                raise LabError(f"{arn} cannot be a destination for this")

    async def _put_event(self, arn: str, region: str, told: dict[str, Any], failed: bool) -> None:
        entry = {
            "Source": "lambda",
            "DetailType": f"Lambda Function Invocation Result - {'Failure' if failed else SUCCESS}",
            "Detail": json.dumps(told),
            "Resources": [arn, told["requestContext"]["functionArn"]],
            "EventBusName": arn,
        }
        answer = await self._control_plane.json("events", region, "PutEvents", {"Entries": [entry]})
        if answer.get("FailedEntryCount"):
            raise LabError(f"{arn}: {answer['Entries'][0].get('ErrorMessage')}")

    async def _dead_letter(self, arn: str, event: Event, attributes: dict[str, str]) -> None:
        text, region = event.payload.decode("utf-8", "replace"), arn.split(":")[3]
        if arn.split(":")[2] == "sns":
            await self._control_plane.publish(arn, text, attributes)
            return
        typed = {
            name: {"DataType": "Number" if name == "ErrorCode" else "String", "StringValue": value}
            for name, value in attributes.items()
            if value
        }
        message = {"QueueUrl": queue_url(arn), "MessageBody": text, "MessageAttributes": typed}
        await self._control_plane.json("sqs", region, "SendMessage", message)

    def _soon(self, function: str, metric: str, work: Any) -> None:
        async def deliver() -> None:
            try:
                await work
            except LabError as error:
                log.error("%s: %s: %s", function, metric, error)
                self._count(function, metric)

        task = asyncio.get_running_loop().create_task(deliver())
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    def close(self) -> None:
        """Give up what is on its way."""
        for task in self._tasks:
            task.cancel()


def _key(told: Mapping[str, Any]) -> str:
    """The object's name, as the page "Capturing records of ..." gives it."""
    about = told["requestContext"]
    name, _ = references.split(about["functionArn"])
    day, _, time = str(told["timestamp"]).partition("T")
    folder = f"aws/lambda/async/{name}/{day.replace('-', '/')}"
    return f"{folder}/{day}T{time[:8].replace(':', '.')}-{about['requestId']}"
