"""Whether an API may invoke a function: its resource policy, without which API Gateway answers 500.

Read generously: principal, action, Region and API of the source ARN count; its stage, method and
path do not, and a statement for any version or alias counts for all of them.

Source: the page "Using AWS Lambda with Amazon API Gateway" (Lambda developer guide).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from fnmatch import fnmatchcase
from typing import Any

from gameday.lab.cloud.moto_app import Moto

SERVICE = "apigateway.amazonaws.com"
_ACTIONS = ("lambda:InvokeFunction", "lambda:Invoke*", "lambda:*", "*")

Statement = Mapping[str, Any]


class Permissions:
    """What the functions of one Region allow."""

    def __init__(self, moto: Moto, region: str) -> None:
        self._backend = moto.backend("lambda", region) if moto.used("lambda") else None
        self._region = region
        self._held: dict[str, list[Statement]] = {}

    def missing(self, function: str | None, api: str, role: str | None) -> dict[str, bool]:
        """`{"permitted": False}` where the API `api` may not invoke `function`, else nothing.

        With a role for the call no permission is asked; a function that is not there is no case of
        this.
        """
        name = (function or "").partition(":")[0]
        if not name or role or self._allows(self._statements(name), api):
            return {}
        return {"permitted": False}

    def _allows(self, statements: Iterable[Statement] | None, api: str) -> bool:
        return statements is None or any(self._covers(s, api) for s in statements)

    def _covers(self, statement: Statement, api: str) -> bool:
        principal, conditions = statement.get("Principal"), statement.get("Condition") or {}
        service = principal.get("Service") if isinstance(principal, Mapping) else principal
        if statement.get("Effect") != "Allow" or statement.get("Action") not in _ACTIONS:
            return False
        if service not in (SERVICE, "*"):
            return False
        source = (conditions.get("ArnLike") or {}).get("AWS:SourceArn")
        return source is None or self._names(str(source), api)

    def _names(self, source: str, api: str) -> bool:
        """Whether a source ARN such as `arn:aws:execute-api:*:*:abc/*/GET/items` means the API."""
        parts = source.split(":", 5)
        if len(parts) < 6:
            return fnmatchcase(f"arn:aws:execute-api:{self._region}:", source)
        named = parts[5].partition("/")[0]
        return fnmatchcase(self._region, parts[3]) and fnmatchcase(api, named)

    def _statements(self, name: str) -> list[Statement] | None:
        """The statements of all versions of a function; None if there is no such function."""
        if self._backend is None:
            return None
        if name not in self._held:
            versions = list(self._backend.list_versions_by_function(name))
            if not versions:
                return None
            self._held[name] = [s for v in versions for s in v.policy.statements]
        return self._held[name]
