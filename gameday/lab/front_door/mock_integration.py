"""API Gateway's MOCK integration, in the extent that CORS preflights and fixed answers use.

The request template's `statusCode` chooses the integration response by its pattern, else
`default`; that one gives the status, the static headers and a body without template expressions.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from gameday.lab.front_door.gateway_responses import Answer

_STATUS = re.compile(r"[\"']?statusCode[\"']?\s*:\s*[\"']?(\d{3})")
_HEADER = "method.response.header."


def mock_answer(integration: Mapping[str, Any]) -> Answer | None:
    """The answer of a MOCK integration; None when its template gives no status (500 on AWS)."""
    template = (integration.get("templates") or {}).get("application/json", "")
    found = _STATUS.search(template)
    if found is None:
        return None
    response = _choose(integration.get("responses") or {}, found[1])
    headers = {"content-type": "application/json"}
    for name, value in (response.get("responseParameters") or {}).items():
        if name.startswith(_HEADER) and value.startswith("'"):
            headers[name.removeprefix(_HEADER)] = value.strip("'")
    body = (response.get("responseTemplates") or {}).get("application/json") or ""
    return Answer(int(response.get("statusCode") or found[1]), tuple(headers.items()),
                  body.encode())  # fmt: skip


def _choose(responses: Mapping[str, Mapping[str, Any]], status: str) -> Mapping[str, Any]:
    """By `selectionPattern` where there is one, else by the key; `default` or patternless last."""
    for key, response in responses.items():
        pattern = response.get("selectionPattern") or key
        if pattern != "default" and re.fullmatch(pattern, status):
            return response
    patternless = (r for r in responses.values() if not r.get("selectionPattern"))
    return responses.get("default") or next(patternless, {})
