"""One DynamoDB call: bytes in, bytes out, by moto's operations without moto's HTTP layer.

moto's own parser reads the request and its own serializer writes errors and descriptions. Answers
that carry items are written by `json` directly: moto's serializer asks the service model about
every attribute, which costs more than the operation.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from botocore.model import OperationNotFoundError
from moto.core.exceptions import ServiceException
from moto.core.parse import PROTOCOL_PARSERS
from moto.core.responses import ActionResult
from moto.core.utils import camelcase_to_underscores, get_service_model
from moto.dynamodb.exceptions import MockValidationException
from moto.dynamodb.responses import DynamoHandler
from werkzeug.exceptions import HTTPException

from gameday.lab.dynamodb.attributes import json_default
from gameday.lab.dynamodb.backend import LabBackend
from gameday.lab.dynamodb.streams import StreamsHandler
from gameday.lab.dynamodb.table import LabTable
from gameday.lab.log import log
from gameday.tables.store import Change, Version

PARTIQL = frozenset({"ExecuteStatement", "ExecuteTransaction", "BatchExecuteStatement"})
ITEM_OPERATIONS = PARTIQL | {
    *("PutItem", "GetItem", "UpdateItem", "DeleteItem", "Query", "Scan", "GetRecords"),
    *("BatchGetItem", "BatchWriteItem", "TransactGetItems", "TransactWriteItems"),
}
NOT_MODELLED = frozenset(
    {
        *("CreateBackup", "RestoreTableFromBackup", "RestoreTableToPointInTime"),
        *("ImportTable", "ExportTableToPointInTime"),
    }
)
CORAL = "com.amazon.coral.service#"


class _Handler(DynamoHandler):  # type: ignore[misc]   # moto is not typed
    """moto's handler over one Region's own backend."""

    def __init__(self, backend: LabBackend) -> None:
        super().__init__()
        self._lab = backend

    @property
    def dynamodb_backend(self) -> LabBackend:
        return self._lab


@dataclass(frozen=True, slots=True)
class Service:
    """DynamoDB or DynamoDB Streams: its model, and a handler for each call."""

    model: Any
    handler: Callable[[LabBackend], Any]


SERVICES = {
    "DynamoDB_20120810": Service(get_service_model("dynamodb"), _Handler),
    "DynamoDBStreams_20120810": Service(get_service_model("dynamodbstreams"), StreamsHandler),
}


@dataclass(frozen=True, slots=True)
class Action:
    """What never changes between two calls of one operation."""

    target: str
    service: Service
    model: Any
    method: str
    parser: Any
    members: frozenset[str]


class Operations:
    """The API of one Region.

    :param tick: the version of a write made now.
    :param written: called with every change that took effect, after its call succeeded.
    """

    def __init__(
        self,
        backend: LabBackend,
        tick: Callable[[], Version],
        written: Callable[[LabTable, Change], None],
    ) -> None:
        self.backend = backend
        self._tick, self._written = tick, written
        self._actions: dict[str, Action] = {}

    def call(self, target: str, body: bytes) -> tuple[int, bytes]:
        """Status and JSON body for an `X-Amz-Target` and a request body. Never raises: what the
        caller got wrong is AWS's error, what we got wrong is InternalServerError and logged."""
        action = self._action(target)
        if action is None:
            return 400, _error(CORAL + "UnknownOperationException", "")
        if action.model.name in NOT_MODELLED:
            return 400, _error(
                CORAL + "ValidationException", f"The lab does not model {action.model.name}"
            )
        handler = self._handler(action)
        try:
            handler.params = handler.body = self._parse(action, body)
        except ValueError:
            return 400, _error(CORAL + "SerializationException", "The body is not JSON")
        try:
            return self._perform(action, handler)
        except Exception as e:
            self.backend.discard()
            if action.model.name in PARTIQL:  # the parser's way of saying that it cannot read
                return 400, _error(CORAL + "ValidationException", f"Cannot run the statement: {e}")
            log.exception("%s failed", target)
            return 500, _error(CORAL + "InternalServerError", f"{target} failed; see the lab's log")

    def _action(self, target: str) -> Action | None:
        """The operation that `target` names, or None if there is none such here."""
        if target in self._actions:
            return self._actions[target]
        prefix, _, name = target.partition(".")
        service = SERVICES.get(prefix)
        if service is None:
            return None
        try:
            model = service.model.operation_model(name)
        except OperationNotFoundError:
            return None
        method = camelcase_to_underscores(name)
        if not hasattr(service.handler(self.backend), method):
            return None
        parser = PROTOCOL_PARSERS[service.model.protocol]
        shape = model.output_shape
        members = frozenset(shape.members) if shape is not None else frozenset()
        action = Action(target, service, model, method, parser, members)
        self._actions[target] = action
        return action

    def _handler(self, action: Action) -> Any:
        handler = action.service.handler(self.backend)
        handler.headers = {"X-Amz-Target": action.target, "x-amz-target": action.target}
        handler.region = self.backend.region_name
        handler.current_account = self.backend.account_id
        handler.partition, handler.uri = "aws", "/"
        handler.querystring, handler.response_headers = {}, {}
        return handler

    def _parse(self, action: Action, body: bytes) -> Any:
        """The request's members, binary values decoded.

        :raises ValueError: the body is not JSON.
        """
        parser = action.parser(action.model, map_type=DynamoHandler.PROTOCOL_PARSER_MAP_TYPE)
        params = parser.parse(
            {
                "method": "POST",
                "values": {},
                "headers": {},
                "body": body or b"{}",
                "url_path": "/",
                "url_params": {},
            }
        )
        if not params and body:
            json.loads(body)  # moto's parser takes what it cannot read for empty
        return params

    def _perform(self, action: Action, handler: Any) -> tuple[int, bytes]:
        """Run the operation; its writes take effect if it succeeds and vanish if it does not."""
        try:
            result = getattr(handler, action.method)()
        except (ServiceException, HTTPException) as e:
            self.backend.discard()
            return _failure(handler, e)
        except KeyError as e:
            self.backend.discard()
            missing = MockValidationException(f"1 validation error detected: {e} is missing")
            return _failure(handler, missing)
        for table, change in self.backend.commit(self._tick):
            self._written(table, change)
        if action.model.name in ITEM_OPERATIONS:
            answer = {k: v for k, v in result.result.items() if k in action.members}
            return 200, json.dumps(answer, default=json_default, separators=(",", ":")).encode()
        status, _, text = handler.serialized(result)
        return status, _bytes(text)


def _failure(handler: Any, error: Exception) -> tuple[int, bytes]:
    if isinstance(error, HTTPException) and not isinstance(error, ServiceException):
        return error.code or 400, _bytes(error.description or "")
    status, _, text = handler.serialized(ActionResult(error))
    return status, _bytes(text)


def _bytes(text: str | bytes) -> bytes:
    return text if isinstance(text, bytes) else text.encode()


def _error(kind: str, message: str) -> bytes:
    body = {"__type": kind, "message": message} if message else {"__type": kind}
    return json.dumps(body).encode()
