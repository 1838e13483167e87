"""What a Region's Lambda service asks of other services: calls to the lab's AWS endpoint.

Queues, topics, buckets and event buses are the control plane's; a Region reaches them as any client
does. botocore would block the loop, so the few calls are written out here.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any
from urllib.parse import quote, urlencode, urlsplit

from gameday.errors import LabError
from gameday.lab.cloud.http import Request, Response, Upstream

_JSON = {
    "sqs": ("AmazonSQS", b"application/x-amz-json-1.0"),
    "events": ("AWSEvents", b"application/x-amz-json-1.1"),
}
"""How a service's operations are addressed, and the version of its protocol."""


class ControlPlane:
    """Clients of the AWS endpoint at `endpoint`, for every service and Region.

    Every call raises `LabError`: the endpoint does not answer, or refuses.
    """

    def __init__(self, endpoint: str) -> None:
        place = urlsplit(endpoint)
        self._host = (place.netloc or "").encode()
        self._upstream = Upstream(place.hostname or "", place.port or 80)

    async def json(
        self, service: str, region: str, operation: str, body: Mapping[str, Any]
    ) -> dict[str, Any]:
        """One call of a service that speaks JSON; its answer."""
        target, kind = _JSON[service]
        headers = {b"x-amz-target": f"{target}.{operation}".encode(), b"content-type": kind}
        answer = await self._send(service, region, "POST", "/", json.dumps(body).encode(), headers)
        found: dict[str, Any] = json.loads(answer.body or b"{}")
        return found

    async def publish(self, arn: str, message: str, attributes: Mapping[str, str]) -> None:
        """Publish to the SNS topic `arn`."""
        form = {"Action": "Publish", "Version": "2010-03-31", "TopicArn": arn, "Message": message}
        for number, (name, value) in enumerate(attributes.items(), 1):
            entry = f"MessageAttributes.entry.{number}"
            form |= {f"{entry}.Name": name, f"{entry}.Value.DataType": "String",
                     f"{entry}.Value.StringValue": value}  # fmt: skip
        kind = {b"content-type": b"application/x-www-form-urlencoded"}
        region = arn.split(":")[3]
        await self._send("sns", region, "POST", "/", urlencode(form).encode(), kind)

    async def put_object(self, bucket: str, key: str, body: bytes, region: str) -> None:
        """Put an object into a bucket."""
        await self._send("s3", region, "PUT", f"/{bucket}/{quote(key)}", body, {})

    async def invoke_later(self, arn: str, payload: bytes) -> None:
        """Invoke the function `arn` asynchronously."""
        path = f"/2015-03-31/functions/{quote(arn, safe='')}/invocations"
        kind = {b"x-amz-invocation-type": b"Event"}
        await self._send("lambda", arn.split(":")[3], "POST", path, payload, kind)

    async def _send(
        self, service: str, region: str, method: str, target: str, body: bytes,
        headers: Mapping[bytes, bytes],
    ) -> Response:  # fmt: skip
        scope = f"Credential=gameday/20260101/{region}/{service}/aws4_request"
        signed = f"AWS4-HMAC-SHA256 {scope}, SignedHeaders=host, Signature=0".encode()
        every = {b"host": self._host, b"authorization": signed, **headers}
        try:
            answer = await self._upstream.send(Request(method, target, tuple(every.items()), body))
        except OSError as e:
            raise LabError(f"{service} in {region} does not answer: {e}") from e
        if answer.status >= 300:
            said = " ".join(answer.body.decode("utf-8", "replace").split())
            raise LabError(f"{service} in {region} refused: {answer.status} {said[:300]}")
        return answer

    def close(self) -> None:
        """Close the idle connections."""
        self._upstream.close()


def queue_url(arn: str) -> str:
    """A name of the queue `arn` that SQS's calls take as its URL."""
    _, _, _, region, account, name = arn.split(":", 5)
    return f"https://sqs.{region}.amazonaws.com/{account}/{name}"
