"""What the lab's own processes ask of the control plane: `/_gameday/*` beside the AWS API.

Everything but `ready` needs the lab's token, which a web page in the user's browser cannot know.
"""

from __future__ import annotations

import hmac
import json
from collections.abc import Callable
from typing import Any

from gameday.lab.cloud.http import Request, Response
from gameday.lab.cloud.stacks import Stacks

Adopt = Callable[[dict[str, Any]], list[str]]

PREFIX = "/_gameday/"


def answer(
    request: Request, stacks: Stacks, adopt: Adopt, told: Callable[[], Any], token: str
) -> Response:
    """The answer to one request: `GET ready`, `GET|PUT|DELETE stacks`, `PUT zone`, `GET zones`.

    `told` is what the name server was told last.
    """
    path = request.path.removeprefix(PREFIX)
    if path == "ready":
        return Response(200, body=b"ready\n")
    given = request.header(b"x-gameday-token") or ""
    if not hmac.compare_digest(given.encode(), token.encode()):
        return _json(403, {"error": "the header x-gameday-token does not hold this lab's token"})
    if path == "zone" and request.method == "PUT":
        return _json(200, {"warnings": adopt(json.loads(request.body))})
    if path == "zones" and request.method == "GET":
        return _json(200, told())
    if path != "stacks":
        return _json(404, {"error": f"there is no {request.path}"})
    if request.method == "GET":
        return _json(200, {"stacks": list(stacks.all())})
    try:
        body = json.loads(request.body)
        if request.method == "PUT":
            stacks.register(body)
        elif request.method == "DELETE":
            stacks.remove(body["region"], body["name"])
        else:
            return _json(405, {"error": f"{request.method} is not allowed here"})
    except (ValueError, KeyError, TypeError) as error:
        return _json(400, {"error": f"the body must be a stack's JSON: {error!r}"})
    return _json(200, {})


def _json(status: int, body: Any) -> Response:
    text = json.dumps(body, default=str).encode()
    return Response(status, ((b"Content-Type", b"application/json"),), text)
