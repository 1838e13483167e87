"""CORS as HTTP APIs and function URLs answer it themselves, for the whole API.

A preflight never reaches the function, and the function's own CORS headers are replaced (page
"Configure CORS for HTTP APIs in API Gateway").
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from gameday.lab.front_door.gateway_responses import Answer

PREFIX = "access-control-"


def preflight(
    cors: Mapping[str, Any], method: str, origin: str | None, wanted: str | None
) -> Answer | None:
    """The answer to a preflight; None if the request is none. An unknown origin gets no header."""
    if method != "OPTIONS" or origin is None or wanted is None:
        return None
    headers = allowed(cors, origin)
    if headers:
        named = (("methods", "allow_methods"), ("headers", "allow_headers"))
        headers += [(f"{PREFIX}allow-{name}", ",".join(cors[key]))
                    for name, key in named if cors.get(key)]  # fmt: skip
        if cors.get("max_age_s") is not None:
            headers.append((f"{PREFIX}max-age", str(cors["max_age_s"])))
    return Answer(204, tuple(headers), b"")


def with_cors(cors: Mapping[str, Any], origin: str | None, answer: Answer) -> Answer:
    """`answer` with the API's CORS headers in place of the function's."""
    kept = [(n, v) for n, v in answer.headers if not n.lower().startswith(PREFIX)]
    headers = allowed(cors, origin) if origin is not None else []
    if headers and cors.get("expose_headers"):
        headers.append((f"{PREFIX}expose-headers", ",".join(cors["expose_headers"])))
    return Answer(answer.status, (*kept, *headers), answer.body)


def allowed(cors: Mapping[str, Any], origin: str) -> list[tuple[str, str]]:
    """The headers that let `origin` read an answer; none if it may not."""
    origins = cors.get("allow_origins") or ()
    if not any(_matches(pattern, origin) for pattern in origins):
        return []
    credentials = bool(cors.get("allow_credentials"))
    shown = "*" if "*" in origins and not credentials else origin
    headers = [(f"{PREFIX}allow-origin", shown)]
    return headers + ([(f"{PREFIX}allow-credentials", "true")] if credentials else [])


def _matches(pattern: str, origin: str) -> bool:
    """`*`, `https://*` (any host of a scheme), or the origin itself."""
    return pattern in ("*", origin) or (
        pattern.endswith("://*") and origin.startswith(pattern.removesuffix("*"))
    )
