"""AWS's wire protocols for the operations that the lab answers itself.

Parsing and serialising are moto's, driven by botocore's service models; an operation of ours
takes the parameters as boto3 names them and returns the response as boto3 shows it.
"""

from __future__ import annotations

import io
from collections.abc import Mapping
from typing import Any

from gameday.lab.cloud import constraints
from gameday.lab.cloud.http import Request, Response


class Fault(Exception):
    """An AWS error: its code as the service's API reference lists it, and a message."""

    def __init__(self, code: str, message: str, **members: Any) -> None:
        super().__init__(message)
        self.code, self.message, self.members = code, message, members


def wsgi_environ(request: Request, base_url: str) -> dict[str, Any]:
    """The WSGI environment of `request` as a server at `base_url` would build it."""
    scheme, _, netloc = base_url.partition("://")
    host, _, port = netloc.partition(":")
    environ: dict[str, Any] = {
        "REQUEST_METHOD": request.method,
        "SCRIPT_NAME": "",
        "PATH_INFO": request.path.encode("utf-8", "surrogateescape").decode("latin-1"),
        "QUERY_STRING": request.query,
        "RAW_URI": request.target,
        "REQUEST_URI": request.target,
        "SERVER_NAME": host,
        "SERVER_PORT": port or "80",
        "SERVER_PROTOCOL": "HTTP/1.1",
        "REMOTE_ADDR": "127.0.0.1",
        "CONTENT_LENGTH": str(len(request.body)),
        "wsgi.version": (1, 0),
        "wsgi.url_scheme": scheme,
        "wsgi.input": io.BytesIO(request.body),
        "wsgi.errors": io.StringIO(),
        "wsgi.multithread": False,
        "wsgi.multiprocess": False,
        "wsgi.run_once": False,
        "wsgi.input_terminated": True,
    }
    preserved: dict[str, str] = {}
    for key_bytes, value in request.headers:
        name = key_bytes.decode("latin-1")
        if name in ("content-length", "transfer-encoding", "connection"):
            continue
        key = name.upper().replace("-", "_")
        if key != "CONTENT_TYPE":
            key = "HTTP_" + key
        if "_" in name and name.startswith("x-amz-meta-"):
            preserved[key] = name
        text = value.decode("latin-1")
        environ[key] = f"{environ[key]},{text}" if key in environ else text
    environ.setdefault("HTTP_HOST", netloc)
    environ["moto.preserved_header_names"] = preserved
    return environ


class Operation:
    """One call of a service: its `name`, its `parameters`, and how to answer it."""

    def __init__(self, service: str, request: Request, base_url: str) -> None:
        """Find what `request` asks of `service` (botocore's name).

        :raises LookupError: the request names no operation of the service.
        """
        from botocore.model import OperationNotFoundError
        from moto.core.request import Request as MotoRequest
        from moto.core.request import determine_request_protocol
        from moto.core.routing import get_service_router
        from moto.core.utils import get_service_model
        from werkzeug.exceptions import HTTPException

        wsgi = MotoRequest(wsgi_environ(request, base_url))
        self._model = get_service_model(service)
        try:
            self._protocol = determine_request_protocol(self._model, wsgi.content_type)
            self._operation, uri = get_service_router(service).match(wsgi)
        except (HTTPException, NotImplementedError, OperationNotFoundError) as error:
            raise LookupError(str(error)) from error
        self.name: str = self._operation.name
        self._uri = uri
        self._request = {
            "method": request.method,
            "values": wsgi.values,
            "headers": wsgi.headers,
            "body": request.body,
            "url_path": wsgi.path,
            "url_params": uri,
        }

    def parameters(self) -> dict[str, Any]:
        """The parameters as boto3 names them.

        :raises ValueError: the request cannot be read as the operation's input.
        """
        from moto.core.parse import PROTOCOL_PARSERS, RequestParserError

        parser = PROTOCOL_PARSERS[self._protocol](self._operation, map_type=dict)
        try:
            parsed: dict[str, Any] = parser.parse(self._request)
        except (RequestParserError, SyntaxError, KeyError, TypeError, AttributeError) as error:
            raise ValueError(str(error)) from error
        return {**parsed, **{k: v for k, v in self._uri.items() if parsed.get(k) is None}}

    def broken_constraints(self, params: Mapping[str, Any]) -> str | None:
        """Why the service model refuses `params`; None when it does not."""
        shape = self._operation.input_shape
        return constraints.refusal(shape, params) if shape else None

    def answer(self, result: Mapping[str, Any]) -> Response:
        """The response that carries `result`."""
        return self._serialized(dict(result))

    def refuse(self, fault: Fault) -> Response:
        """The response that carries an error; its status is the service model's."""
        from moto.core.exceptions import ServiceException

        # moto looks for the error in the service of the exception's module; ours has none.
        ours = type("ServiceError", (ServiceException,), {"__module__": __name__})
        error = ours(fault.code, fault.message)
        for name, value in fault.members.items():
            setattr(error, name, value)
        return self._serialized(error)

    def _serialized(self, result: Any) -> Response:
        from moto.core.serialize import get_serializer_class

        serializer = get_serializer_class(self._model.service_name, self._protocol)
        made = serializer(operation_model=self._operation).serialize(result)
        body = made["body"]
        headers = tuple(
            (str(k).encode("latin-1"), str(v).encode("latin-1")) for k, v in made["headers"].items()
        )
        return Response(
            made["status_code"], headers, body.encode() if isinstance(body, str) else body
        )
