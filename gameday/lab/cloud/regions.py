"""The way from the AWS endpoint into the Regions: DynamoDB and Lambda Invoke, byte for byte.

A Region that is cut answers nothing until it is healed, so that its callers time out; a Region
whose process is gone is an AWS server error at once.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping
from typing import Any

from gameday.lab.cloud.http import Request, Response, Upstream

JSON_1_0 = b"application/x-amz-json-1.0"


class Regions:
    """Connections to every Region's `dynamodb` and `invoke` ports."""

    def __init__(self, regions: Mapping[str, Mapping[str, Any]]) -> None:
        self._tables = {n: Upstream(r["bind"], r["dynamodb"]) for n, r in regions.items()}
        self._invokes = {n: Upstream(r["bind"], r["invoke"]) for n, r in regions.items()}
        self._reachable = {n: asyncio.Event() for n in regions}
        self.cut([])

    @property
    def names(self) -> list[str]:
        """All Regions of the lab, the home Region first."""
        return list(self._tables)

    def cut(self, regions: list[str]) -> None:
        """Exactly these Regions are cut off from now on."""
        for name, reachable in self._reachable.items():
            if name in regions:
                reachable.clear()
            else:
                reachable.set()

    async def dynamodb(self, region: str, request: Request) -> Response:
        """The answer of `region`'s tables, or an InternalServerError of DynamoDB's."""
        upstream = self._tables.get(region)
        if upstream is None:
            return json_error("UnrecognizedClientException", no_such_region(region, self.names))
        answer = await self._pass_on(region, upstream, request)
        return answer or json_error("InternalServerError", f"{region} is down", 500)

    async def invoke(self, region: str, request: Request) -> Response:
        """The answer of `region`'s functions, or a ServiceException of Lambda's."""
        upstream = self._invokes.get(region)
        if upstream is None:
            return lambda_error(
                "ResourceNotFoundException", no_such_region(region, self.names), 404
            )
        answer = await self._pass_on(region, upstream, request)
        return answer or lambda_error("ServiceException", f"{region} is down", 500)

    async def call(self, region: str, operation: str, body: Mapping[str, Any]) -> dict[str, Any]:
        """A DynamoDB call of the control plane's own.

        :raises CallFailed: DynamoDB refused it.
        """
        credential = f"Credential=gameday/20260101/{region}/dynamodb/aws4_request"
        request = Request(
            "POST",
            "/",
            (
                (b"host", b"dynamodb"),
                (b"content-type", JSON_1_0),
                (b"x-amz-target", f"DynamoDB_20120810.{operation}".encode()),
                (b"authorization", f"AWS4-HMAC-SHA256 {credential}, Signature=0".encode()),
            ),
            json.dumps(body).encode(),
        )
        response = await self.dynamodb(region, request)
        if response.status != 200:
            raise CallFailed(response)
        answer: dict[str, Any] = json.loads(response.body)
        return answer

    async def _pass_on(self, region: str, upstream: Upstream, request: Request) -> Response | None:
        reachable = self._reachable[region]
        await reachable.wait()
        try:
            response = await upstream.send(request)
        except OSError:
            return None
        await reachable.wait()  # the answer's packets vanish as well
        return response

    def close(self) -> None:
        """Close every idle connection."""
        for upstream in (*self._tables.values(), *self._invokes.values()):
            upstream.close()


class CallFailed(Exception):
    """DynamoDB refused a call; `response` is its answer."""

    def __init__(self, response: Response) -> None:
        super().__init__(response.body.decode("utf-8", "replace"))
        self.response = response

    @property
    def code(self) -> str:
        """DynamoDB's error code, `ResourceInUseException` for instance."""
        found = json.loads(self.response.body).get("__type", "")
        return str(found).rpartition("#")[2]


def no_such_region(region: str, names: list[str]) -> str:
    """What to say of a Region the lab does not have."""
    return f"this lab has no Region {region}; it has {', '.join(names)}"


def json_error(code: str, message: str, status: int = 400) -> Response:
    """An error as DynamoDB writes it."""
    body = {"__type": f"com.amazonaws.dynamodb.v20120810#{code}", "message": message}
    return Response(status, ((b"Content-Type", JSON_1_0),), json.dumps(body).encode())


def lambda_error(code: str, message: str, status: int) -> Response:
    """An error as Lambda writes it."""
    headers = ((b"Content-Type", b"application/json"), (b"x-amzn-ErrorType", code.encode()))
    kind = "Service" if status >= 500 else "User"
    return Response(status, headers, json.dumps({"Type": kind, "Message": message}).encode())
