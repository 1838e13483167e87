"""Stands in for a Region process: tables without items, and a Lambda Invoke that echoes."""

from __future__ import annotations

import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


class Refused(Exception):
    """Answered as a DynamoDB error."""


class RegionDouble:
    """One server for both ports; `gate` holds answers back while it is clear."""

    def __init__(self, region: str) -> None:
        self.region = region
        self.tables: dict[str, dict[str, Any]] = {}
        self.tags: dict[str, list[dict[str, str]]] = {}
        self.requests: list[tuple[str, dict[str, str], bytes]] = []
        self.connections = 0
        self.gate = threading.Event()
        self.gate.set()
        double = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def setup(self) -> None:
                super().setup()
                double.connections += 1

            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                double.requests.append((self.path, dict(self.headers), body))
                double.gate.wait(20)
                status, answer = double.answer(self.path, self.headers, body)
                self.send_response(status)
                self.send_header("Content-Type", "application/x-amz-json-1.0")
                self.send_header("x-served-by", double.region)
                self.send_header("Content-Length", str(len(answer)))
                self.end_headers()
                self.wfile.write(answer)

            def log_message(self, *_: Any) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.02,))

    @property
    def ports(self) -> dict[str, int]:
        port = self._server.server_address[1]
        return {"dynamodb": port, "invoke": port}

    def __enter__(self) -> RegionDouble:
        self._thread.start()
        return self

    def __exit__(self, *_: Any) -> None:
        self.gate.set()
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def answer(self, path: str, headers: Any, body: bytes) -> tuple[int, bytes]:
        if path.endswith("/invocations"):
            return 200, body
        operation = headers["X-Amz-Target"].partition(".")[2]
        try:
            return 200, json.dumps(self._call(operation, json.loads(body))).encode()
        except Refused as error:
            code, _, message = str(error).partition(": ")
            kind = f"com.amazonaws.dynamodb.v20120810#{code}"
            return 400, json.dumps({"__type": kind, "message": message}).encode()

    def _call(self, operation: str, params: dict[str, Any]) -> dict[str, Any]:
        name = params.get("TableName", "")
        if operation == "CreateTable":
            if name in self.tables:
                raise Refused(f"ResourceInUseException: Table already exists: {name}")
            billing = {"BillingMode": params.get("BillingMode", "PROVISIONED")}
            self.tables[name] = params | {"TableStatus": "ACTIVE", "BillingModeSummary": billing}
            return {"TableDescription": self.tables[name]}
        if operation == "ListTagsOfResource":
            return {"Tags": self.tags.get(params["ResourceArn"], [])}
        if operation == "TagResource":
            self.tags.setdefault(params["ResourceArn"], []).extend(params["Tags"])
            return {}
        if operation == "GetItem":
            return {"Item": {"region": {"S": self.region}}}
        if name not in self.tables:
            raise Refused(f"ResourceNotFoundException: Requested resource not found: {name}")
        if operation == "UpdateTable":
            self.tables[name].update(params)
        if operation == "DeleteTable":
            return {"TableDescription": self.tables.pop(name)}
        key = "Table" if operation == "DescribeTable" else "TableDescription"
        return {key: self.tables[name]}
