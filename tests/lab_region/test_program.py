"""A program of the user's in a Region: how does it get requests, and what becomes of its end?"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from region_process import REGION, RegionProcess, spec, wait_until

SERVER = """
import json, os, sys, subprocess
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])

class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self):
        if self.path == "/crash":
            os._exit(1)
        length = int(self.headers.get("content-length") or 0)
        body = json.dumps({
            "region": os.environ["AWS_REGION"], "table": os.environ["AWS_ENDPOINT_URL_DYNAMODB"],
            "secret": os.environ.get("AWS_PROFILE"), "path": self.path, "pids": [os.getpid(), child.pid],
            "port": self.client_address[1], "headers": dict(self.headers),
            "body": self.rfile.read(length).decode(),
        }).encode()
        self.send_response(203)
        self.send_header("X-Own", "yes")
        if self.path == "/endless":
            self.send_header("Connection", "close")
        elif self.path == "/chunked":
            self.send_header("Transfer-Encoding", "chunked")
        else:
            self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command == "HEAD":
            return
        if self.path == "/chunked":
            body = b"%x\\r\\n%s\\r\\n0\\r\\n\\r\\n" % (len(body), body)
        self.wfile.write(body)
        if self.path == "/endless":
            self.close_connection = True

    do_POST = do_HEAD = do_GET

    def log_message(self, *_):
        pass

ThreadingHTTPServer((os.environ["HOST"], int(os.environ["PORT"])), Handler).serve_forever()
"""  # noqa: E501
Start = Callable[..., RegionProcess]


def program(folder: Path, source: str = SERVER) -> dict[str, Any]:
    (folder / "server.py").write_text(source)
    return {"command": f"{sys.executable} server.py", "folder": str(folder),
            "hosts": ["app.example.test"]}  # fmt: skip


@pytest.fixture
def region(start_region: Start, tmp_path: Path) -> RegionProcess:
    environ = {**os.environ, "AWS_PROFILE": "a-real-account"}
    return start_region(environ, program=program(tmp_path))


def ask(region: RegionProcess, path: str, method: str = "GET", body: str | None = None) -> Any:
    headers = {"Host": "app.example.test", "Connection": "close"}
    return region.request(method, path, body, headers)


def test_how_does_a_request_reach_the_program(region: RegionProcess) -> None:
    answer = ask(region, "/a/b?c=1", "POST", "hello")
    got = json.loads(answer.text)
    assert (answer.status, answer.headers["x-own"]) == (203, "yes")
    assert (got["region"], got["path"], got["body"]) == (REGION, "/a/b?c=1", "hello")
    assert got["table"].endswith(f":{region.ports['dynamodb']}")
    assert got["secret"] is None  # nothing of the caller's own
    assert got["headers"]["Host"] == "app.example.test"
    assert got["headers"]["X-Forwarded-For"] == "127.0.0.1"
    assert got["headers"]["X-Forwarded-Proto"] == "http"


def test_are_connections_to_the_program_kept(region: RegionProcess) -> None:
    ports = {json.loads(ask(region, "/").text)["port"] for _ in range(5)}
    assert len(ports) == 1


@pytest.mark.parametrize("path", ["/chunked", "/endless"])
def test_does_every_kind_of_answer_arrive(region: RegionProcess, path: str) -> None:
    assert json.loads(ask(region, path).text)["path"] == path
    assert (ask(region, "/", "HEAD").status, ask(region, "/").status) == (203, 203)


def test_what_does_a_program_that_ended_answer(region: RegionProcess) -> None:
    answer = ask(region, "/crash")
    assert (answer.status, "502 Bad Gateway" in answer.text) == (502, True)
    wait_until(lambda: not region.status()["program"]["alive"])
    assert ask(region, "/").status == 502


def test_is_nothing_left_of_a_program(start_region: Start, tmp_path: Path) -> None:
    region = start_region(program=program(tmp_path))
    pids = json.loads(ask(region, "/").text)["pids"]
    region.process.kill()  # the worst way to end
    wait_until(lambda: not any(_alive(pid) for pid in pids))


@pytest.mark.parametrize(
    ("command", "complaint"),
    [
        ("no-such-program --port 1", "there is no such program on the path"),
        (f"{sys.executable} -c 'raise ValueError(42)'", "ended: ValueError: 42"),
    ],
)
def test_is_a_program_that_does_not_start_named(
    tmp_path: Path, command: str, complaint: str
) -> None:
    about = program(tmp_path) | {"command": command}
    region = RegionProcess(spec(tmp_path, program=about), must_start=False)
    try:
        assert complaint in region.first_message()["error"]
    finally:
        region.close()


def _alive(pid: int) -> bool:
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except OSError:
        return False
    return state != "Z"
