"""Which service and Region a request is for, and whether it may change anything. Pure.

The credential scope of the signature says it, in the Authorization header or in a presigned
query; an unsigned call names at least its service in `X-Amz-Target`.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from urllib.parse import parse_qs

from gameday.lab.cloud.http import Request

_CREDENTIAL = re.compile(r"Credential=[^/,\s]+/\d{8}/([^/,\s]+)/([^/,\s]+)/aws4_request")
_TARGETS = (("DynamoDBStreams_", "dynamodb"), ("DynamoDB_", "dynamodb"), ("AWSFIS", "fis"))
_READS = ("Get", "List", "Describe", "Head", "BatchGet", "Query", "Scan", "Lookup", "Test")

INVOKE = re.compile(r"^/2015-03-31/functions/[^/]+/(invocations|response-streaming-invocations)$")


@dataclass(frozen=True, slots=True)
class Scope:
    """A service by its signing name (`lambda`, `monitoring`, ...) and a Region."""

    service: str
    region: str


def scope_of(request: Request, default_region: str) -> Scope:
    """The scope of `request`; unsigned requests that name nothing are S3's, as with moto."""
    signed = _CREDENTIAL.search(request.header(b"authorization") or "")
    if signed is None and "X-Amz-Credential" in request.query:
        credential = parse_qs(request.query)["X-Amz-Credential"][0]
        signed = _CREDENTIAL.search("Credential=" + credential)
    if signed:
        return Scope(signed[2].lower(), signed[1])
    target = request.header(b"x-amz-target") or ""
    for prefix, service in _TARGETS:
        if target.startswith(prefix):
            return Scope(service, default_region)
    return Scope("lambda" if INVOKE.match(request.raw_path) else "s3", default_region)


def action_of(request: Request) -> str | None:
    """The operation named by `X-Amz-Target` or by `Action`; None for REST APIs."""
    target = request.header(b"x-amz-target")
    if target:
        return target.rpartition(".")[2]
    content_type = request.header(b"content-type") or ""
    if content_type.startswith("application/x-www-form-urlencoded"):
        found = re.search(rb"(?:^|&)Action=([A-Za-z0-9]+)", request.body)
        return found[1].decode() if found else None
    found_path = re.search(r"/operation/([A-Za-z0-9]+)$", request.raw_path)  # Smithy RPC
    return found_path[1] if found_path else None


def is_read(request: Request) -> bool:
    """Whether `request` cannot change the control plane, judged by its verb."""
    action = action_of(request)
    if action is not None:
        return action.startswith(_READS)
    return request.method in ("GET", "HEAD", "OPTIONS")
