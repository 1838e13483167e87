"""Items: written once per idempotency key, read in any Region.

An item's id is derived from its key, so a retry finds the item it wrote before. A key that has not
replicated yet is 404: eventual consistency is not a server error.
"""

from __future__ import annotations

import base64
import binascii
import json
import os
import time
import uuid
from typing import Any

from answers import Answer, answer, region
from botocore.exceptions import ClientError
from table import table

NAMESPACE = uuid.UUID("6f1c1b1e-6f0e-5b0e-9d53-1d5a0f6f3c11")
VALUE_CHARS_MAX = 10_000
KEY_CHARS_MAX = 200
PAGE_MAX, PAGE_DEFAULT = 100, 25
HEALTH_PREFIX = "health#"

_table = table(float(os.environ.get("TABLE_TIMEOUT_S", "2")), attempts=2)


class BadRequest(Exception):
    """What the client sent cannot be used; the message says why."""


def create(event: dict[str, Any], context: object) -> Answer:
    """POST /items: 201 for a new item, 200 with the first one when the key was used before."""
    try:
        key, value = _key(event), _value(event)
    except BadRequest as e:
        return answer(400, {"message": str(e)})
    item_id = str(uuid.uuid5(NAMESPACE, key))
    item = {
        "id": item_id,
        "value": value,
        "key": key,
        "written_in": region(),
        "written_at": int(time.time() * 1000),
    }
    try:
        _table.put_item(
            Item=item,
            ConditionExpression="attribute_not_exists(id)",
            ReturnValuesOnConditionCheckFailure="ALL_OLD",
        )
    except ClientError as e:
        if e.response["Error"]["Code"] != "ConditionalCheckFailedException":
            raise
        return answer(200, _first(item_id))
    return answer(201, item)


def read(event: dict[str, Any], context: object) -> Answer:
    """GET /items/{id}, or GET /items for a page."""
    item_id = (event.get("pathParameters") or {}).get("id")
    if item_id is not None:
        return _read_one(item_id)
    try:
        return _read_page(event.get("queryStringParameters") or {})
    except BadRequest as e:
        return answer(400, {"message": str(e)})


def _read_one(item_id: str) -> Answer:
    item = None
    if item_id and not item_id.startswith(HEALTH_PREFIX):
        item = _table.get_item(Key={"id": item_id}).get("Item")
    return answer(200, item) if item else answer(404, {"message": "no such item"})


def _read_page(query: dict[str, str]) -> Answer:
    request: dict[str, Any] = {"Limit": _limit(query.get("limit"))}
    if query.get("next"):
        request["ExclusiveStartKey"] = {"id": _start(query["next"])}
    page = _table.scan(**request)
    last = page.get("LastEvaluatedKey")
    items = [i for i in page["Items"] if not i["id"].startswith(HEALTH_PREFIX)]
    following = base64.urlsafe_b64encode(last["id"].encode()).decode() if last else None
    return answer(200, {"items": items, "next": following})


def _first(item_id: str) -> dict[str, Any]:
    """The item that an earlier request with the same key wrote; the read must see that write."""
    item: dict[str, Any] = _table.get_item(Key={"id": item_id}, ConsistentRead=True)["Item"]
    return item


def _key(event: dict[str, Any]) -> str:
    for name, value in (event.get("headers") or {}).items():
        if name.lower() == "idempotency-key":
            key = str(value).strip()
            if not 0 < len(key) <= KEY_CHARS_MAX:
                raise BadRequest(f"Idempotency-Key must have 1 to {KEY_CHARS_MAX} characters")
            return key
    return str(uuid.uuid4())


def _value(event: dict[str, Any]) -> str:
    body = event.get("body") or ""
    try:
        document = json.loads(base64.b64decode(body) if event.get("isBase64Encoded") else body)
    except ValueError:
        raise BadRequest("the body is not JSON") from None
    value = document.get("value") if isinstance(document, dict) else None
    if not isinstance(value, str) or not 0 < len(value) <= VALUE_CHARS_MAX:
        raise BadRequest(f'"value" must be text of 1 to {VALUE_CHARS_MAX} characters')
    return value


def _limit(text: str | None) -> int:
    if text is None:
        return PAGE_DEFAULT
    if not text.isdecimal() or not 1 <= int(text) <= PAGE_MAX:
        raise BadRequest(f"limit must be 1 to {PAGE_MAX}")
    return int(text)


def _start(token: str) -> str:
    try:
        start = base64.b64decode(token, altchars=b"-_", validate=True).decode()
    except (binascii.Error, ValueError):
        start = ""
    if not start:
        raise BadRequest("next is not a token that this API gave out")
    return start
