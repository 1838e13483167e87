"""A front door without sockets or processes: requests and answers are values."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from gameday.lab.front_door.door import FrontDoor
from gameday.lab.front_door.hosts import hosts_of
from gameday.lab.functions.environment import Done, Result
from gameday.lab.http_connection import Request

REGION, ACCOUNT = "us-east-1", "123456789012"


@dataclass
class Functions:
    """Functions whose results are given; None never answers. `events` is what they got."""

    results: Mapping[str, Result | None] = field(default_factory=dict)
    events: list[tuple[str, dict[str, Any]]] = field(default_factory=list)

    def __contains__(self, name: str) -> bool:
        return name in self.results

    def invoke(self, name: str, event: bytes, done: Done) -> str:
        self.events.append((name, json.loads(event)))
        result = self.results[name]
        if result is not None:
            done(result)
        return "id"


@dataclass
class Answered:
    """What went out on the connection."""

    status: int = 0
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes = b""

    def respond(self, status: int, headers: bytes, body: bytes) -> None:
        assert self.status == 0, "answered twice"
        lines = [line.partition(": ") for line in headers.decode("latin-1").splitlines()]
        self.status, self.body = status, body
        self.headers = {name.lower(): value for name, _, value in lines}

    @property
    def said(self) -> tuple[int, str]:
        return self.status, self.body.decode()


class Counted:
    """Hears of every answer."""

    def __init__(self) -> None:
        self.answers: list[tuple[Any, ...]] = []

    def answered(self, *about: Any) -> None:
        self.answers.append(about)


class QuietDoor:
    """The door of one Region with the APIs of a snapshot."""

    def __init__(self, functions: Functions, *apis: Any, domains: Any = None) -> None:
        self.functions, self.counter = functions, Counted()
        self._door = FrontDoor(
            ACCOUNT, hosts_of(REGION, {"apis": apis, "domains": domains or {}}), functions,
            self.counter,
        )  # fmt: skip

    def ask(
        self, method: str, target: str, body: bytes = b"", host: str = "", too_large: bool = False,
        **headers: str,
    ) -> Answered:  # fmt: skip
        """One request and its answer, after at most a second."""
        request = Request("203.0.113.7")
        request.method, request.target, request.body = method, target.encode(), body
        request.too_large = too_large
        named = {"Host": host, **{n.replace("_", "-"): v for n, v in headers.items()}}
        request.headers = [(n.encode(), v.encode()) for n, v in named.items()]
        answered = Answered()

        async def until_answered() -> None:
            self._door.handler("https", 443)(request, answered)  # type: ignore[arg-type]
            for _ in range(100):
                if answered.status:
                    return
                await asyncio.sleep(0.01)
            raise AssertionError("no answer within a second")

        asyncio.run(until_answered())
        return answered
