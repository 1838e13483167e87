"""A small AWS endpoint for the deployer: moto over HTTP, with what the lab's own endpoint adds."""

from __future__ import annotations

import io
import json
import os
import re
import threading
from collections.abc import Iterator
from typing import Any

import boto3
import pytest

ACCOUNT, TOKEN = "123456789012", "secret-of-the-lab"


class Endpoint:
    """moto behind HTTP on a free port; registers stacks and creates replicas as the lab does."""

    def __init__(self) -> None:
        from moto.server import DomainDispatcherApplication, create_backend_app
        from werkzeug.serving import WSGIRequestHandler, make_server

        class Quiet(WSGIRequestHandler):
            protocol_version = "HTTP/1.1"

            def log(self, *_: Any) -> None:
                pass

        self.moto = DomainDispatcherApplication(create_backend_app)
        self.stacks: list[dict[str, Any]] = []
        self.calls: list[str] = []
        self.server = make_server("127.0.0.1", 0, self, threaded=True, request_handler=Quiet)
        self.url = f"http://127.0.0.1:{self.server.port}"

    def __call__(self, environ: dict[str, Any], start: Any) -> Any:
        length = int(environ.get("CONTENT_LENGTH") or 0)
        body = environ["wsgi.input"].read(length)
        environ["wsgi.input"] = io.BytesIO(body)
        self.calls.append(f"{environ['REQUEST_METHOD']} {environ['PATH_INFO']}")
        if environ["PATH_INFO"] == "/_gameday/stacks":
            return self._register(environ, body, start)
        if environ.get("HTTP_X_AMZ_TARGET", "").endswith(".UpdateTable"):
            self._replicas(environ, json.loads(body))
        return self.moto(environ, start)

    def _register(self, environ: dict[str, Any], body: bytes, start: Any) -> list[bytes]:
        known = environ.get("HTTP_X_GAMEDAY_TOKEN") == TOKEN
        if known:
            self.stacks.append(json.loads(body))
        start("200 OK" if known else "403 Forbidden", [("content-length", "0")])
        return [b""]

    def _replicas(self, environ: dict[str, Any], request: dict[str, Any]) -> None:
        region = re.search(r"Credential=[^/]+/\d+/([^/]+)/", environ["HTTP_AUTHORIZATION"])
        assert region
        source = self.client("dynamodb", region[1])
        table = source.describe_table(TableName=request["TableName"])["Table"]
        for change in request.get("ReplicaUpdates", []):
            self.client("dynamodb", change["Create"]["RegionName"]).create_table(
                TableName=request["TableName"],
                KeySchema=table["KeySchema"],
                AttributeDefinitions=table["AttributeDefinitions"],
                BillingMode="PAY_PER_REQUEST",
                StreamSpecification=table["StreamSpecification"],
            )

    def clear(self) -> None:
        """Forget everything."""
        from moto.moto_api._internal.models import moto_api_backend

        moto_api_backend.reset()
        self.stacks.clear()
        self.calls.clear()

    def client(self, service: str, region: str = "us-east-1") -> Any:
        """A boto3 client for this endpoint."""
        return boto3.client(
            service,
            region,
            endpoint_url=self.url,
            aws_access_key_id="test",
            aws_secret_access_key="test",
        )

    def stack(self, name: str, region: str = "us-east-1") -> dict[str, Any]:
        """What was registered for a stack."""
        return next(s for s in self.stacks if (s["name"], s["region"]) == (name, region))


@pytest.fixture(scope="session")
def _served() -> Iterator[Endpoint]:
    for name in ("AWS_ENDPOINT_URL", "AWS_PROFILE"):
        os.environ.pop(name, None)
    endpoint = Endpoint()
    thread = threading.Thread(target=endpoint.server.serve_forever, daemon=True)
    thread.start()
    yield endpoint
    endpoint.server.shutdown()
    endpoint.server.server_close()
    thread.join()


@pytest.fixture
def endpoint(_served: Endpoint) -> Endpoint:
    """An endpoint in which nothing exists yet."""
    _served.clear()
    return _served


@pytest.fixture(scope="module")
def shared_endpoint(_served: Endpoint) -> Endpoint:
    """The same, emptied once for a module whose tests only read."""
    _served.clear()
    return _served
