"""Functions in a real Region process, through the front door; on both runtimes."""

from __future__ import annotations

import concurrent.futures
import json
import os
import signal
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from region_process import REGION, RegionProcess, api, function, wait_until

CODE = """
import json, os, subprocess, sys, time

def hello(event, context):
    print("hello from", context.function_name)
    return {"statusCode": 200, "headers": {"Connection": "close"}, "body": "hello"}

def pid(event, context):
    return {"statusCode": 200, "body": str(os.getpid())}

def slow(event, context):
    time.sleep(float(event["queryStringParameters"]["s"]))
    return {"statusCode": 200, "body": str(os.getpid())}

def throws(event, context):
    raise ValueError("this is chaos")

def exits(event, context):
    os._exit(3)

def malformed(event, context):
    return "hello"

def child(event, context):
    p = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])
    return {"statusCode": 200, "body": str(p.pid)}

def env(event, context):
    return {"statusCode": 200, "body": json.dumps(dict(os.environ))}

def about(event, context):
    return {"statusCode": 200, "body": json.dumps({
        "event": event, "left_ms": context.get_remaining_time_in_millis(),
        "arn": context.invoked_function_arn, "memory": context.memory_limit_in_mb,
        "id": context.aws_request_id, "version": os.environ.get("VERSION")})}
"""
HANDLERS = ("hello", "pid", "slow", "throws", "exits", "malformed", "child", "env", "about")


@pytest.fixture
def code(tmp_path: Path) -> Path:
    folder = tmp_path / "code"
    folder.mkdir()
    (folder / "h.py").write_text(CODE)
    return folder


@pytest.fixture(params=["awslambdaric", "own"])
def runtime(request: pytest.FixtureRequest) -> str:
    if request.param == "awslambdaric":
        pytest.importorskip("awslambdaric")
    return str(request.param)


def deploy(region: RegionProcess, folder: Path, only: tuple[str, ...], **members: Any) -> None:
    """One function and one route `/<name>` per name in `only`."""
    functions = {n: function(folder, f"h.{n}") | members for n in only}
    region.apply(functions=functions, apis=[api(*(("ANY", f"/{n}", n) for n in only))])


def alive(pid: int) -> bool:
    """Whether a process runs; a zombie has ended."""
    try:
        return "Z" not in Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except (FileNotFoundError, ProcessLookupError):
        return False


def descendants(pid: int) -> list[int]:
    found = [int(c) for t in Path(f"/proc/{pid}/task").glob("*/children")
             for c in t.read_text().split()]  # fmt: skip
    return found + [d for c in found for d in descendants(c)]


def log_of(region: RegionProcess, name: str) -> str:
    return (Path(region.spec["dir"]) / "logs" / REGION / f"{name}.log").read_text()


def test_a_function_answers(
    start_region: Callable[..., RegionProcess], code: Path, runtime: str
) -> None:
    region = start_region(runtime=runtime)
    deploy(region, code, ("hello", "about"), memory_mb=512, environment={"VERSION": "7"})
    answer = region.get("/hello")
    assert (answer.status, answer.text) == (200, "hello")
    assert answer.headers["x-amzn-Remapped-Connection"] == "close"
    assert answer.headers["x-amzn-RequestId"]
    assert answer.headers["x-amz-apigw-id"]
    assert "connection" not in answer.headers
    about = json.loads(region.get("/about").text)
    assert 0 < about["left_ms"] <= 10_000
    assert about["memory"] == "512"
    assert about["version"] == "7"
    assert about["arn"].endswith(":function:f")
    assert about["event"]["resource"] == "/about"


def test_F_table_what_the_client_sees_of_a_broken_function(
    start_region: Callable[..., RegionProcess], code: Path, runtime: str
) -> None:
    region = start_region(runtime=runtime)
    names = ("throws", "exits", "malformed", "slow")
    deploy(region, code, names, timeout_s=0.5)
    for name in (*names, "throws"):
        answer = region.get(f"/{name}?s=5")
        assert (answer.status, answer.text) == (502, '{"message": "Internal server error"}'), name
        assert answer.headers["x-amzn-ErrorType"] == "InternalServerErrorException"
    assert region.get("/slow?s=0").status == 200  # in a new environment
    assert "Task timed out after 0.50 seconds" in log_of(region, "slow")
    assert "Runtime exited with error: exit status 3" in log_of(region, "exits")
    assert "this is chaos" in log_of(region, "throws")


def test_an_integration_timeout_is_504(region: RegionProcess, code: Path) -> None:
    deploy(region, code, ("slow",))
    slow = api(("GET", "/slow", "slow"))
    slow["routes"][0]["integration"]["timeout_ms"] = 200
    region.apply(functions={"slow": function(code, "h.slow")}, apis=[slow])
    answer = region.get("/slow?s=0.6")
    assert (answer.status, answer.text) == (504, '{"message": "Endpoint request timed out"}')
    assert region.get("/slow?s=0").status == 200


def test_a_handler_that_cannot_be_imported_is_named_in_one_line(
    start_region: Callable[..., RegionProcess], code: Path, runtime: str
) -> None:
    region = start_region(runtime=runtime)
    (code / "h.py").write_text("import nosuchmodule\n")
    deploy(region, code, ("hello",))
    event = region.wait_for("event")["event"]
    assert event["kind"] == "lab.init_error"
    assert event["function"] == "hello"
    assert "Runtime.ImportModuleError" in event["error"]
    assert "nosuchmodule" in event["error"]
    for _ in range(3):
        assert region.get("/hello").status == 502
    lines = [x for x in region.log.read_text().splitlines() if "does not start" in x]
    assert "function hello does not start" in lines[0]
    assert "nosuchmodule" in lines[0]
    (code / "h.py").write_text(CODE)
    assert region.get("/hello").status == 200


def test_a_missing_handler_is_named(
    start_region: Callable[..., RegionProcess], code: Path, runtime: str
) -> None:
    region = start_region(runtime=runtime)
    deploy(region, code, ("nothere",))
    error = region.wait_for("event")["event"]["error"]
    assert "Runtime.HandlerNotFound" in error
    assert "nothere" in error


@pytest.mark.parametrize(
    ("members", "why"),
    [
        ({"runtime": "nodejs20.x"}, "nodejs20.x is not modelled"),
        ({"code": "/no/such/folder"}, "there is no directory /no/such/folder"),
    ],
)
def test_what_cannot_run_is_named_at_once(
    region: RegionProcess, code: Path, members: dict[str, str], why: str
) -> None:
    deploy(region, code, ("hello",), **members)
    assert why in region.wait_for("event")["event"]["error"]
    assert region.get("/hello").status == 502
    assert region.status()["environments"] == 0


def test_F2_reserved_concurrency_0_throttles_everything(region: RegionProcess, code: Path) -> None:
    deploy(region, code, ("hello", "pid"))
    assert region.get("/hello").status == 200
    deploy(region, code, ("hello", "pid"), reserved=0)
    answer = region.get("/hello")
    assert (answer.status, answer.text) == (500, '{"message": "Internal server error"}')
    deploy(region, code, ("hello", "pid"))
    assert region.get("/hello").status == 200


def test_reserved_concurrency_n_lets_n_run_at_once(region: RegionProcess, code: Path) -> None:
    deploy(region, code, ("slow",), reserved=2)
    region.get("/slow?s=0")
    with concurrent.futures.ThreadPoolExecutor(5) as pool:
        answers = list(pool.map(lambda _: region.get("/slow?s=0.5"), range(5)))
    assert sorted(a.status for a in answers) == [200, 200, 500, 500, 500]
    assert region.status()["environments"] == 2


def test_one_environment_runs_one_invocation_at_a_time(region: RegionProcess, code: Path) -> None:
    deploy(region, code, ("slow",))
    with concurrent.futures.ThreadPoolExecutor(3) as pool:
        pids = {a.text for a in pool.map(lambda _: region.get("/slow?s=0.6"), range(3))}
    assert len(pids) == 3
    assert region.get("/slow?s=0").text in pids


def test_at_most_two_environments_start_at_a_time_and_all_are_served(
    region: RegionProcess, code: Path
) -> None:
    (code / "h.py").write_text("import time; time.sleep(0.15)\n" + CODE)
    deploy(region, code, ("slow", "pid"))
    most, done = 0, threading.Event()

    def watch() -> None:
        nonlocal most
        while not done.is_set():
            most = max(most, region.status()["starting"])

    watcher = threading.Thread(target=watch)
    watcher.start()
    with concurrent.futures.ThreadPoolExecutor(12) as pool:
        answers = list(pool.map(lambda _: region.get("/slow?s=0.1"), range(24)))
    done.set()
    watcher.join()
    assert {a.status for a in answers} == {200}
    assert most == 2


def test_a_new_revision_replaces_environments_and_lets_running_ones_finish(
    region: RegionProcess, code: Path
) -> None:
    deploy(region, code, ("slow", "pid"), revision="1")
    before = region.get("/pid").text
    with concurrent.futures.ThreadPoolExecutor(1) as pool:
        running = pool.submit(region.get, "/slow?s=0.5")
        wait_until(lambda: region.status()["in_flight"])
        deploy(region, code, ("slow", "pid"), revision="2", environment={"VERSION": "2"})
        assert region.get("/pid").text != before
        assert running.result().status == 200
    wait_until(lambda: not alive(int(running.result().text)))
    assert not alive(int(before))


def test_a_snapshot_warms_one_environment_per_function(region: RegionProcess, code: Path) -> None:
    deploy(region, code, ("hello", "pid", "about"))
    counts = wait_until(
        lambda: (s := region.status())["starting"] == 0 and s["environments"] == 3 and s
    )["functions"]
    assert {c["environments"] for c in counts.values()} == {1}


def test_the_log_has_lambdas_lines_around_what_the_function_prints(
    start_region: Callable[..., RegionProcess], code: Path, runtime: str
) -> None:
    region = start_region(runtime=runtime)
    deploy(region, code, ("hello",))
    region.get("/hello")
    lines = wait_until(lambda: len(x := log_of(region, "hello").splitlines()) >= 4 and x)
    assert [x.split(" ")[0] for x in lines[:4]] == ["START", "hello", "END", "REPORT"]
    assert lines[1] == "hello from hello"
    assert "Init Duration" in lines[3]


def test_nothing_of_the_callers_shell_reaches_a_function(
    start_region: Callable[..., RegionProcess], code: Path, tmp_path: Path
) -> None:
    hostile = {
        **{k: os.environ[k] for k in ("PATH", "HOME", "LANG") if k in os.environ},
        "AWS_PROFILE": "production", "AWS_ACCESS_KEY_ID": "AKIAREAL", "AWS_SESSION_TOKEN": "real",
        "AWS_SECRET_ACCESS_KEY": "realsecret", "AWS_ENDPOINT_URL": "https://example.com",
        "AWS_ENDPOINT_URL_DYNAMODB": "https://example.com", "AWS_REGION": "ap-south-1",
        "AWS_DEFAULT_REGION": "ap-south-1", "AWS_CONFIG_FILE": "/etc/passwd",
        "HTTP_PROXY": "http://example.com:1", "https_proxy": "http://example.com:1",
        "PYTHONSTARTUP": "/x", "LD_PRELOAD_X": "y", "SECRET_OF_MINE": "s3cret", "TABLE_NAME": "no",
    }  # fmt: skip
    region = start_region(environ=hostile)
    deploy(region, code, ("env",), environment={"MINE": "1", "AWS_REGION": "overridden"})
    env = json.loads(region.get("/env").text)
    text = json.dumps(env)
    for secret in ("AKIAREAL", "realsecret", "production", "example.com", "s3cret", "ap-south-1"):
        assert secret not in text
    assert not {"TABLE_NAME", "PYTHONSTARTUP", "LD_PRELOAD_X", "AWS_PROFILE"} & env.keys()
    assert env["MINE"] == "1"
    assert env["AWS_REGION"] == env["AWS_DEFAULT_REGION"] == REGION
    assert env["AWS_ENDPOINT_URL"] == region.spec["aws_endpoint"]
    assert env["AWS_ENDPOINT_URL_DYNAMODB"] == f"http://127.0.0.1:{region.ports['dynamodb']}"
    assert env["AWS_EC2_METADATA_DISABLED"] == "true"
    assert env["AWS_CONFIG_FILE"] == env["AWS_SHARED_CREDENTIALS_FILE"] == os.devnull
    assert env["AWS_LAMBDA_FUNCTION_NAME"] == "env"
    assert env["LAMBDA_TASK_ROOT"] == str(code)
    assert env["_HANDLER"] == "h.env"


def test_a_function_with_its_own_boto3_gets_that_one(
    start_region: Callable[..., RegionProcess], code: Path, runtime: str
) -> None:
    region = start_region(runtime=runtime)
    (code / "boto3").mkdir()
    (code / "boto3" / "__init__.py").write_text("__version__ = 'mine'\n")
    (code / "h.py").write_text(
        "import boto3\n"
        "def version(event, context):\n"
        "    return {'statusCode': 200, 'body': boto3.__version__}\n"
    )
    deploy(region, code, ("version",))
    assert region.get("/version").text == "mine"


@pytest.mark.parametrize("how", ["end of file", "SIGKILL", "SIGKILL while stopped"])
def test_nothing_is_left_running(region: RegionProcess, code: Path, how: str) -> None:
    deploy(region, code, ("hello", "child", "slow"))
    grandchild = int(region.get("/child").text)
    assert region.get("/hello").status == 200
    family = [*descendants(region.process.pid), grandchild]
    assert len(family) >= 5  # the zygote, three environments, what one of them started
    if how != "end of file":
        if how.endswith("stopped"):
            region.process.send_signal(signal.SIGSTOP)
        region.process.send_signal(signal.SIGKILL)
    region.close()
    wait_until(lambda: not any(alive(p) for p in family), within_s=10)


def test_a_killed_environment_takes_along_what_it_started(
    region: RegionProcess, code: Path
) -> None:
    deploy(region, code, ("child",), revision="1")
    grandchild = int(region.get("/child").text)
    assert alive(grandchild)
    deploy(region, code, ("child",), revision="2")
    wait_until(lambda: not alive(grandchild))
