"""A whole Region: its hosts and certificates, Invoke, metrics, status, and being cut off."""

from __future__ import annotations

import contextlib
import json
import socket
import ssl
from collections.abc import Callable
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError
from region_process import REGION, RegionProcess, api, function, wait_until

CODE = """
import json, os, time

def hello(event, context):
    return {"statusCode": 200, "headers": {"x-region": os.environ["AWS_REGION"]}, "body": "hello"}

def slow(event, context):
    time.sleep(event.get("s", 0) or 0.3)
    return {"statusCode": 200, "body": "slow"}

def echo(event, context):
    return event

def throws(event, context):
    with open(event["file"], "a") as f:
        f.write("tried\\n")
    raise ValueError("this is chaos")
"""
DOMAINS = {
    "api.example.test": [{"base_path": "", "api": "abc123", "stage": "prod"}],
    "us-east-1.api.example.test": [{"base_path": "", "api": "abc123", "stage": "prod"}],
}


@pytest.fixture
def serving(region: RegionProcess, tmp_path: Path) -> RegionProcess:
    """A Region with functions hello, slow, echo, throws and an API on two custom domains."""
    code = tmp_path / "code"
    code.mkdir()
    (code / "h.py").write_text(CODE)
    shop = api(
        ("GET", "/hello", "hello"),
        ("GET", "/gone", "nosuchfunction"),
        ("GET", "/throws", "throws"),
        ("GET", "/slow", "slow"),
        gateway_responses={
            "DEFAULT_4XX": {"headers": {"x-region": REGION}},
            "DEFAULT_5XX": {"headers": {"x-region": REGION}},
        },
    )
    region.apply(
        functions={n: function(code, f"h.{n}") for n in ("hello", "slow", "echo", "throws")},
        apis=[shop], domains=DOMAINS,
    )  # fmt: skip
    return region


def lambda_client(region: RegionProcess) -> Any:
    return boto3.client(
        "lambda", endpoint_url=f"http://127.0.0.1:{region.ports['invoke']}", region_name=REGION,
        aws_access_key_id="a", aws_secret_access_key="b",
        config=Config(retries={"max_attempts": 0}),
    )  # fmt: skip


@pytest.mark.parametrize("port", ["http", "https"])
@pytest.mark.parametrize(
    ("host", "path"),
    [
        ("api.example.test", "/hello"),
        ("API.example.test:8443", "/hello"),
        ("us-east-1.api.example.test", "/hello"),
        ("abc123.execute-api.us-east-1.amazonaws.com", "/prod/hello"),
        ("127.0.0.1", "/_aws/execute-api/abc123/prod/hello"),
    ],
)
def test_every_way_in(serving: RegionProcess, port: str, host: str, path: str) -> None:
    answer = serving.request("GET", path, headers={"Host": host}, port=port)
    assert (answer.status, answer.text, answer.headers["x-region"]) == (200, "hello", REGION)


@pytest.mark.parametrize(
    ("method", "host", "path", "body"),
    [
        ("GET", "api.example.test", "/nope", '{"message":"Missing Authentication Token"}'),
        ("DELETE", "api.example.test", "/hello", '{"message":"Missing Authentication Token"}'),
        ("GET", "other.example.test", "/hello", '{"message":"Forbidden"}'),
        ("GET", "abc123.execute-api.us-east-1.amazonaws.com", "/dev/hello",
         '{"message":"Forbidden"}'),
    ],
)  # fmt: skip
def test_unknown_path_method_and_host_are_403(
    serving: RegionProcess, method: str, host: str, path: str, body: str
) -> None:
    answer = serving.request(method, path, headers={"Host": host})
    assert (answer.status, answer.text) == (403, body)


def test_F13_ping_is_reserved_on_a_custom_domain(serving: RegionProcess) -> None:
    for path in ("/ping", "/sping"):
        answer = serving.request("GET", path, headers={"Host": "api.example.test"})
        assert (answer.status, answer.text) == (200, "healthy")
    assert serving.get("/ping").status == 403


def test_the_gateways_own_answers_name_the_region(serving: RegionProcess) -> None:
    for path, status in (("/nope", 403), ("/gone", 500), ("/throws", 502)):
        answer = serving.get(path)
        assert (answer.status, answer.headers["x-region"]) == (status, REGION), path


def test_a_body_of_more_than_10_mb_is_413(serving: RegionProcess) -> None:
    path = "/_aws/execute-api/abc123/prod/hello"
    answer = serving.request("POST", path, b"x" * (10 * 1024 * 1024 + 1))
    assert (answer.status, answer.text) == (413, '{"message":"Request Too Long"}')


@pytest.mark.parametrize("name", [*DOMAINS, "abc123.execute-api.us-east-1.amazonaws.com"])
def test_the_certificate_is_for_the_name_that_sni_gives(serving: RegionProcess, name: str) -> None:
    context = ssl.create_default_context(cafile=serving.spec["ca_file"])
    context.set_alpn_protocols(["h2", "http/1.1"])
    with (
        socket.create_connection(("127.0.0.1", serving.ports["https"]), 10) as tcp,
        context.wrap_socket(tcp, server_hostname=name) as tls,
    ):
        assert tls.selected_alpn_protocol() == "http/1.1"
        subject = {v for _, v in tls.getpeercert()["subjectAltName"]}  # type: ignore[index,misc]
        assert name in subject or f"*.{name.partition('.')[2]}" in subject


def test_invoke_returns_the_payload(serving: RegionProcess) -> None:
    client = lambda_client(serving)
    answer = client.invoke(FunctionName="echo", Payload=b'{"a": [1, "\xc3\xa9"]}')
    assert (answer["StatusCode"], "FunctionError" in answer) == (200, False)
    assert json.loads(answer["Payload"].read()) == {"a": [1, "é"]}
    arn = f"arn:aws:lambda:{REGION}:123456789012:function:echo:$LATEST"
    assert client.invoke(FunctionName=arn)["StatusCode"] == 200


def test_F5_a_function_error_is_200_with_a_header(serving: RegionProcess, tmp_path: Path) -> None:
    payload = json.dumps({"file": str(tmp_path / "tries")})
    answer = lambda_client(serving).invoke(FunctionName="throws", Payload=payload)
    assert (answer["StatusCode"], answer["FunctionError"]) == (200, "Unhandled")
    error = json.loads(answer["Payload"].read())
    assert (error["errorType"], error["errorMessage"]) == ("ValueError", "this is chaos")


def test_F1_a_throttle_is_429_with_its_reason(serving: RegionProcess, tmp_path: Path) -> None:
    echo = function(tmp_path / "code", "h.echo", reserved=0)
    serving.apply(functions={"echo": echo})
    with pytest.raises(ClientError) as caught:
        lambda_client(serving).invoke(FunctionName="echo")
    answer = caught.value.response
    assert answer["Error"]["Code"] == "TooManyRequestsException"
    assert answer["ResponseMetadata"]["HTTPStatusCode"] == 429
    assert answer["Reason"] == "ReservedFunctionConcurrentInvocationLimitExceeded"


def test_dry_run_is_204_and_an_unknown_function_404(serving: RegionProcess) -> None:
    client = lambda_client(serving)
    assert client.invoke(FunctionName="echo", InvocationType="DryRun")["StatusCode"] == 204
    with pytest.raises(client.exceptions.ResourceNotFoundException):
        client.invoke(FunctionName="nope")
    with pytest.raises(client.exceptions.InvalidRequestContentException):
        client.invoke(FunctionName="echo", Payload=b"{")


def test_F7_an_event_that_fails_is_tried_three_times(
    start_region: Callable[..., RegionProcess], tmp_path: Path
) -> None:
    region = start_region(speed=200.0)  # the waits of 1 and 2 minutes become 0.3 and 0.6 s
    (tmp_path / "h.py").write_text(CODE)
    region.apply(functions={"throws": function(tmp_path, "h.throws")})
    tries = tmp_path / "tries"
    payload = json.dumps({"file": str(tries)})
    answer = lambda_client(region).invoke(
        FunctionName="throws", InvocationType="Event", Payload=payload
    )
    assert answer["StatusCode"] == 202
    wait_until(lambda: tries.exists() and tries.read_text().count("tried") == 3)


def test_a_cut_region_times_out_and_goes_on_when_healed(serving: RegionProcess) -> None:
    kept = {port: serving.connect(port, 5) for port in ("http", "https")}
    for client in kept.values():
        client.request("GET", "/hello", headers={"Host": "api.example.test"})
        assert client.getresponse().read() == b"hello"
    serving.fault([REGION])
    for port in ("http", "https", "invoke"):
        with pytest.raises(TimeoutError):
            serving.request("GET", "/hello", port=port, timeout_s=0.5)
    for client in kept.values():
        client.sock.settimeout(0.5)
        client.request("GET", "/hello", headers={"Host": "api.example.test"})
        with pytest.raises(TimeoutError):
            client.sock.recv(1)
    serving.fault([])
    for client in kept.values():
        client.sock.settimeout(5)
        assert client.sock.recv(12) == b"HTTP/1.1 200"
        client.close()
    assert serving.get("/hello").status == 200


def test_another_regions_cut_is_not_ours(serving: RegionProcess) -> None:
    serving.fault(["eu-west-1"])
    assert serving.get("/hello").status == 200


def test_a_cut_region_still_takes_snapshots_and_reports(serving: RegionProcess) -> None:
    serving.fault([REGION])
    serving.apply(functions={}, apis=[])
    assert serving.status()["cut"] is True
    assert serving.status()["functions"] == {}


def test_metrics_once_per_aws_minute(
    start_region: Callable[..., RegionProcess], tmp_path: Path
) -> None:
    region = start_region(speed=60.0)
    (tmp_path / "h.py").write_text(CODE)
    region.apply(
        functions={"hello": function(tmp_path, "h.hello"),
                   "echo": function(tmp_path, "h.echo", reserved=0)},
        apis=[api(("GET", "/hello", "hello"), ("GET", "/echo", "echo"))],
    )  # fmt: skip
    for path in ("/hello", "/hello", "/nope", "/echo"):
        region.get(path)

    def counted() -> dict[tuple[str, str], float] | None:
        sums: dict[tuple[str, str], float] = {}
        for message in region.messages:
            if message["kind"] == "metrics":
                assert (message["to"], message["region"]) == ("cloud", REGION)
                for row in message["rows"]:
                    key = (row["name"], ",".join(row["dimensions"].values()))
                    total = sum(float(v) * n for v, n in row["values"].items())
                    sums[key] = sums.get(key, 0) + total
        return sums if sums.get(("Count", "shop")) == 4 else None

    sums = wait_until(counted)
    expected = {
        ("Count", "shop,prod"): 4,
        ("4XXError", "shop"): 1,
        ("5XXError", "shop"): 1,
        ("Invocations", "hello"): 2,
        ("Errors", "hello"): 0,
        ("Throttles", "echo"): 1,
    }
    assert {k: sums[k] for k in expected} == expected
    assert ("Invocations", "echo") not in sums
    assert sums["Duration", "hello"] > 0
    assert sums["Latency", "shop"] >= sums["IntegrationLatency", "shop"] >= 0


def test_status_has_what_lab_status_shows(serving: RegionProcess) -> None:
    serving.get("/hello")
    status = serving.status()
    assert status["functions"]["hello"] == {"environments": 1, "in_flight": 0}
    assert status["region"] == REGION
    assert status["in_flight"] == 0
    assert 0 <= status["loop_lag_p99_s"] < 5


def test_a_taken_port_ends_the_region_with_one_line(region: RegionProcess) -> None:
    with contextlib.closing(RegionProcess(region.spec, must_start=False)) as second:
        failed = second.first_message()
    assert failed["kind"] == "failed"
    assert f"cannot listen on 127.0.0.1:{region.ports['http']}" in failed["error"]
