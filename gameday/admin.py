"""The lab's management door: what only a simulator can do, such as cutting a Region off.

It speaks HTTP on loopback with the bearer token of `GAMEDAY_TOKEN_FILE`; the token is read for
each request and never kept, logged or put into an error.
"""

from __future__ import annotations

import http.client
import json
from typing import Any
from urllib.parse import urlsplit

from gameday import settings
from gameday.errors import AwsError, Refused

TIMEOUT_S = 10.0
LOOPBACK = ("127.0.0.1", "localhost", "::1")


def request(method: str, path: str, body: dict[str, Any] | None = None) -> dict[str, Any]:
    """The decoded JSON answer of the lab's management API (`{}` for an empty one).

    :raises Refused: the target is not a lab on loopback.
    :raises AwsError: the lab does not answer, or answers with an error.
    """
    target = settings.current()
    address = urlsplit(target.admin or "")
    if address.hostname not in LOOPBACK:
        raise Refused(f"GAMEDAY_ADMIN is not a lab on loopback: {target.admin or 'not set'}")
    connection = http.client.HTTPConnection(address.hostname, address.port, timeout=TIMEOUT_S)
    headers = {"Authorization": f"Bearer {_token(target)}", "Content-Type": "application/json"}
    try:
        connection.request(method, path, json.dumps(body) if body is not None else None, headers)
        response = connection.getresponse()
        text = response.read().decode(errors="replace")
    except OSError as e:
        raise AwsError(f"{method} {path}: the lab does not answer at {target.admin}: {e}") from e
    finally:
        connection.close()
    if response.status >= 300:
        raise AwsError(f"{method} {path}: the lab answered {response.status}: {text[:200]}")
    return dict(json.loads(text)) if text.strip() else {}


def _token(target: settings.Target) -> str:
    if target.token_file is None:
        raise AwsError("GAMEDAY_TOKEN_FILE is not set; use the lab's lab.env")
    try:
        return target.token_file.read_text(encoding="utf-8").strip()
    except OSError as e:
        raise AwsError(f"{target.token_file}: cannot read the lab's token: {e.strerror}") from e
