"""Operations that the lab answers in moto's place: a table of handlers by operation name.

A handler takes the call's Region and parameters (as boto3 names them) and returns the response
(as boto3 shows it), None where moto should answer, or raises `Fault`.
"""

from __future__ import annotations

import inspect
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from gameday.lab.cloud.http import Request, Response
from gameday.lab.cloud.scope import Scope
from gameday.lab.cloud.wire import Fault, Operation

Params = dict[str, Any]
Result = dict[str, Any]
Handler = Callable[[str, Params], Result | Awaitable[Result] | None]


class OwnOperations:
    """The handlers of one service; `handle` answers None where moto should."""

    def __init__(
        self,
        service: str,
        base_url: str,
        handlers: Mapping[str, Handler],
        refused: Callable[[str], Fault | None] = lambda name: None,
        invalid: str | None = None,
    ) -> None:
        """`invalid`: the error's code when the service model refuses the parameters (None: it is
        not asked)."""
        self._service, self._base_url, self._invalid = service, base_url, invalid
        self._handlers, self._refused = handlers, refused

    async def handle(self, scope: Scope, request: Request) -> Response | None:
        """The answer to `request`, or None when the operation is not one of ours."""
        try:
            operation = Operation(self._service, request, self._base_url)
        except LookupError:
            return None
        fault = self._refused(operation.name)
        handler = self._handlers.get(operation.name)
        if handler is None and fault:
            return operation.refuse(fault)
        if handler is None and self._invalid is None:
            return None
        try:
            params = self._parameters(operation)
            result = handler(scope.region, params) if handler else None
            if inspect.isawaitable(result):
                result = await result
        except Fault as error:
            return operation.refuse(error)
        return None if result is None else operation.answer(result)

    def _parameters(self, operation: Operation) -> Params:
        try:
            params = operation.parameters()
        except ValueError as error:
            text = f"the request cannot be read: {error}"
            raise Fault(self._invalid or "ValidationException", text) from error
        if self._invalid and (broken := operation.broken_constraints(params)):
            raise Fault(self._invalid, broken)
        return params
