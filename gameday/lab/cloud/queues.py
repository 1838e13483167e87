"""SQS over moto: long polls that hold nobody up, and timers that follow the lab's clock.

moto waits on its own thread, which is everybody's here: one consumer with WaitTimeSeconds=20 would
stop the whole control plane for 20 s.
"""

from __future__ import annotations

import asyncio
import importlib
import json
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit

from gameday import clock
from gameday.clock import Clock
from gameday.lab.cloud.http import Request, Response
from gameday.lab.cloud.moto_app import Moto

LOOK_EVERY_WALL_S = 0.25
"""For messages that become visible by themselves; those that are sent wake up who waits."""


def repair(speed: float) -> None:
    """Let visibility timeouts and delays pass as fast as the lab's clock."""
    models: Any = importlib.import_module("moto.sqs.models")

    def visible_again(message: Any, visibility_timeout: int) -> None:
        message.visible_at = clock.now() * 1000 + int(visibility_timeout) * 1000 / speed

    def delay(message: Any, delay_seconds: int) -> None:
        message.delayed_until = clock.now() * 1000 + int(delay_seconds) * 1000 / speed

    models.Message.change_visibility = visible_again
    models.Message.delay = delay


class Queues:
    """ReceiveMessage as SQS answers it."""

    def __init__(self, moto: Moto, speed: Clock) -> None:
        self._moto, self._clock = moto, speed
        self._sent = asyncio.Event()

    def woken(self) -> None:
        """Something may have been sent."""
        self._sent.set()
        self._sent = asyncio.Event()

    async def receive(self, request: Request, region: str) -> Response:
        """The answer to a ReceiveMessage: at once, or when a message comes or the wait is over."""
        at_once, wait_s = self._without_wait(request, region)
        ends = clock.monotonic() + self._clock.wall(wait_s)
        while True:
            sent = self._sent
            answer = self._moto.call(at_once, "sqs")
            left_s = ends - clock.monotonic()
            if answer.status != 200 or left_s <= 0 or _has_messages(answer):
                return answer
            try:
                await asyncio.wait_for(sent.wait(), min(left_s, LOOK_EVERY_WALL_S))
            except TimeoutError:
                continue

    def _without_wait(self, request: Request, region: str) -> tuple[Request, float]:
        """The same request for an answer at once, and how long it wanted to wait."""
        is_json = request.header(b"x-amz-target") is not None
        try:
            given = json.loads(request.body) if is_json else dict(parse_qsl(request.body.decode()))
            wait = given.get("WaitTimeSeconds")
            wait_s = self._of_queue(given, region) if wait is None else int(wait)
        except (ValueError, AttributeError):  # moto says what is wrong with it
            return request, 0
        if not 0 <= wait_s <= 20:
            return request, 0
        changed = given | {"WaitTimeSeconds": 0 if is_json else "0"}
        body = json.dumps(changed) if is_json else urlencode(changed)
        return Request(request.method, request.target, request.headers, body.encode()), wait_s

    def _of_queue(self, given: dict[str, Any], region: str) -> float:
        """The queue's own wait time."""
        name = urlsplit(given.get("QueueUrl") or "").path.rpartition("/")[2]
        queue = self._moto.backend("sqs", region).queues.get(name)
        return float(queue.receive_message_wait_time_seconds or 0) if queue else 0.0


def _has_messages(answer: Response) -> bool:
    return b'"Messages"' in answer.body or b"<Message>" in answer.body
