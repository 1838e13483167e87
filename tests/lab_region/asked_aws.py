"""Stands in for the AWS endpoint that a Region asks on behalf of its functions."""

from __future__ import annotations

import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


class AwsDouble:
    """The AWS endpoint as a Region's Lambda service asks it: remembers, and has one queue."""

    def __init__(self) -> None:
        self.requests: list[tuple[str, str, dict[str, str], str]] = []
        self.messages: list[dict[str, Any]] = []
        self.refuses = False
        double = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"])).decode()
                headers = {k.lower(): v for k, v in self.headers.items()}
                double.requests.append((self.command, self.path, headers, body))
                answer = json.dumps(double.answer(headers.get("x-amz-target", ""))).encode()
                self.send_response(400 if double.refuses else 200)
                self.send_header("Content-Length", str(len(answer)))
                self.end_headers()
                self.wfile.write(answer)

            do_PUT = do_POST

            def log_message(self, *_: Any) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self._server.server_port}"
        threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True).start()

    def answer(self, target: str) -> dict[str, Any]:
        if target.endswith(".ReceiveMessage") and self.messages:
            return {"Messages": [self.messages.pop(0)]}
        return {}

    def sent(self, target: str) -> list[dict[str, Any]]:
        """The bodies of the calls of one operation."""
        return [json.loads(b) for _, _, h, b in self.requests if h.get("x-amz-target") == target]

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()
