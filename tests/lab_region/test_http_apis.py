"""HTTP APIs, function URLs, authorizers, CORS and throttling through a Region's front door."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
from region_process import REGION, RegionProcess, function, spec

CODE = """
import json, os

def echo(event, context):
    return {"statusCode": 201, "cookies": ["a=1", "b=2"], "headers": {"X-Own": "yes"},
            "body": json.dumps(event)}

def plain(event, context):
    return {"hello": "there"}

def text(event, context):
    return {"statusCode": 200, "body": "no type", "headers": {"access-control-allow-origin": "x"}}

def throws(event, context):
    raise ValueError("this is chaos")

calls = 0

def guard(event, context):
    global calls
    calls += 1
    token = event.get("authorizationToken") or ""
    if token == "nobody":
        raise Exception("Unauthorized")
    if token == "broken":
        return {"nonsense": True}
    effect = "Allow" if token.startswith("good") else "Deny"
    arn = event["methodArn"]
    return {"principalId": "ann", "context": {"calls": calls},
            "policyDocument": {"Statement": {"Effect": effect, "Action": "execute-api:Invoke",
                                             "Resource": arn}}}

def custom(event, context):
    if "say" not in event:
        raise ValueError("Malformed: nothing to say")
    return {"said": event["say"]}

def simple(event, context):
    allowed = event["identitySource"] == ["good"] and event["routeArn"].endswith("GET/guarded")
    return {"isAuthorized": allowed, "context": {"who": "ann"}}
"""
HTTP = "abc123.execute-api.us-east-1.amazonaws.com"
TOKEN = {"id": "t", "type": "TOKEN", "function": "guard", "identity": ["header.Authorization"],
         "ttl_s": 300, "pattern": None}  # fmt: skip
SIMPLE = {"id": "s", "type": "REQUEST", "function": "simple", "payload": "2.0", "simple": True,
          "identity": ["header.authorization"], "ttl_s": 0}  # fmt: skip
CORS = {"allow_origins": ["https://shop.test"], "allow_methods": ["GET", "PUT"],
        "allow_headers": ["x-a"], "expose_headers": ["x-b"], "allow_credentials": False,
        "max_age_s": 60}  # fmt: skip

RESPONSES = {
    "200": {"statusCode": "200", "responseTemplates": {"application/json": '{"heard": '
                                                       "$input.json('$.said')}"}},
    "400": {"statusCode": "400", "selectionPattern": "Malformed.*"},
}  # fmt: skip
PREFLIGHT = {"200": {"statusCode": "200", "responseParameters": {
    "method.response.header.Access-Control-Allow-Origin": "'*'"}}}  # fmt: skip


def route(method: str, path: str, name: str, **more: Any) -> dict[str, Any]:
    integration = {"type": "AWS_PROXY", "function": name, "timeout_ms": 30000} | more
    return {"method": method, "path": path, "integration": integration}


def http_api(**members: Any) -> dict[str, Any]:
    two: dict[str, Any] = {"payload": "2.0"}
    routes = [
        route("GET", "/items/{id}", "echo", **two), route("GET", "/items/{any+}", "plain", **two),
        route("ANY", "/text", "text", **two), route("GET", "/one", "echo", payload="1.0"),
        route("GET", "/throws", "throws", **two), route("GET", "/stopped", "stopped", **two),
        route("GET", "/guarded", "echo", authorizer=SIMPLE, **two),
        route("GET", "/rare", "plain", throttle=[0.0001, 2], **two),
    ]  # fmt: skip
    return {"id": "abc123", "name": "shop", "kind": "http", "stage": "$default", "routes": routes,
            "stage_variables": {"colour": "blue"}, "cors": CORS} | members  # fmt: skip


@pytest.fixture(scope="module")
def region(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RegionProcess]:
    folder = tmp_path_factory.mktemp("http")
    code = folder / "code"
    code.mkdir()
    (code / "h.py").write_text(CODE)
    rest = {"id": "rest12", "name": "rest", "kind": "rest", "stage": "prod",
            "routes": [route("GET", "/mine", "echo", authorizer=TOKEN),
                       route("POST", "/custom", "custom", type="AWS", responses=RESPONSES,
                             templates={"application/json": '{"say": $input.json("$.what")}'},
                             passthrough="WHEN_NO_TEMPLATES"),
                       route("POST", "/as-it-is", "custom", type="AWS", responses=RESPONSES),
                       route("OPTIONS", "/custom", "", type="MOCK", responses=PREFLIGHT,
                             templates={"application/json": '{"statusCode": 200}'}),
                       route("GET", "/elsewhere", "", type="HTTP_PROXY"),
                       route("GET", "/rare", "plain", throttle=[0.0001, 1])]}  # fmt: skip
    url = {"id": "u1", "name": "echo", "kind": "url", "stage": "$default",
           "routes": [route("ANY", "$default", "echo", payload="2.0")]}  # fmt: skip
    everything = http_api(id="every1", cors=None, stage="v1",
                          routes=[route("ANY", "$default", "echo", payload="2.0")])  # fmt: skip
    names = ("custom", "echo", "plain", "text", "throws", "guard", "simple", "stopped")
    functions = {n: function(code, f"h.{'echo' if n == 'stopped' else n}") for n in names}
    functions["stopped"]["reserved"] = 0
    started = RegionProcess(spec(folder))
    started.apply(
        functions=functions, apis=[http_api(), http_api(id="closed", invoke_host_closed=True),
                                   rest, url, everything],
        domains={"api.example.test": [{"base_path": "shop", "api": "abc123", "stage": "$default"}]},
    )  # fmt: skip
    yield started
    started.close()


def ask(region: RegionProcess, path: str, method: str = "GET", host: str = HTTP,
        **headers: str) -> Any:  # fmt: skip
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return region.request(method, path, headers={"Host": host, **named})


def test_what_does_a_function_get_in_format_2(region: RegionProcess) -> None:
    answer = ask(region, "/items/7?a=1&a=2&b=", Cookie="c=1; d=2", X_Two="yes")
    event = json.loads(answer.text)
    assert (answer.status, answer.headers["x-own"]) == (201, "yes")
    assert answer.headers.get_all("set-cookie") == ["a=1", "b=2"]
    assert answer.headers["content-type"] == "text/plain; charset=utf-8"
    assert answer.headers["apigw-requestid"] == event["requestContext"]["requestId"]
    assert (event["version"], event["routeKey"]) == ("2.0", "GET /items/{id}")
    assert (event["rawPath"], event["rawQueryString"]) == ("/items/7", "a=1&a=2&b=")
    assert event["queryStringParameters"] == {"a": "1,2", "b": ""}
    assert event["cookies"] == ["c=1", "d=2"]
    assert event["headers"]["x-two"] == "yes"
    assert event["pathParameters"] == {"id": "7"}
    assert event["stageVariables"] == {"colour": "blue"}
    assert event["requestContext"]["http"] | {"userAgent": ""} == {
        "method": "GET", "path": "/items/7", "protocol": "HTTP/1.1", "sourceIp": "127.0.0.1",
        "userAgent": "",
    }  # fmt: skip
    assert event["requestContext"]["stage"] == "$default"
    assert "body" not in event


def test_does_the_same_api_speak_format_1(region: RegionProcess) -> None:
    event = json.loads(ask(region, "/one").text)
    assert (event["version"], event["resource"], event["httpMethod"]) == ("1.0", "/one", "GET")
    assert event["multiValueHeaders"]["Host"] == [HTTP]


@pytest.mark.parametrize(
    ("path", "status", "body"),
    [
        ("/items/a/b", 200, '{"hello": "there"}'),  # greedy, and JSON without a status code
        ("/nothing", 404, '{"message":"Not Found"}'),
        ("/throws", 500, '{"message":"Internal Server Error"}'),
        ("/stopped", 503, '{"message":"Service Unavailable"}'),
    ],
)
def test_what_does_an_http_api_answer(
    region: RegionProcess, path: str, status: int, body: str
) -> None:
    answer = ask(region, path)
    assert (answer.status, answer.text) == (status, body)


def test_where_else_is_an_http_api_found(region: RegionProcess) -> None:
    custom = json.loads(ask(region, "/shop/items/1", host="api.example.test").text)
    assert (custom["rawPath"], custom["routeKey"]) == ("/shop/items/1", "GET /items/{id}")
    local = json.loads(ask(region, "/_aws/execute-api/abc123/$default/items/2").text)
    assert local["pathParameters"] == {"id": "2"}
    closed = ask(region, "/items/1", host=f"closed.execute-api.{REGION}.amazonaws.com")
    assert (closed.status, closed.text) == (404, '{"message":"Not Found"}')


def test_does_default_take_what_no_route_does(region: RegionProcess) -> None:
    every = f"every1.execute-api.{REGION}.amazonaws.com"
    event = json.loads(ask(region, "/v1/any/where", "PATCH", every).text)
    assert (event["routeKey"], event["rawPath"]) == ("$default", "/v1/any/where")
    binary = region.request("POST", "/v1/x", b"\xff\x00", {"Host": every, "Content-Type": "a/b"})
    sent = json.loads(binary.text)  # type: ignore[attr-defined]
    assert (sent["body"], sent["isBase64Encoded"]) == ("/wA=", True)


def test_does_a_function_url_reach_its_function(region: RegionProcess) -> None:
    answer = ask(region, "/some/path", "POST", f"u1.lambda-url.{REGION}.on.aws")
    event = json.loads(answer.text)
    assert answer.headers["content-type"] == "application/json"
    assert (event["rawPath"], event["requestContext"]["accountId"]) == ("/some/path", "anonymous")


def test_who_may_read_across_origins(region: RegionProcess) -> None:
    asked = {"Origin": "https://shop.test", "Access_Control_Request_Method": "PUT"}
    preflight = ask(region, "/throws", "OPTIONS", **asked)
    assert (preflight.status, preflight.headers["access-control-allow-methods"]) == (204, "GET,PUT")
    assert preflight.headers["access-control-max-age"] == "60"
    answer = ask(region, "/text", Origin="https://shop.test")
    assert answer.headers.get_all("access-control-allow-origin") == ["https://shop.test"]
    assert answer.headers["access-control-expose-headers"] == "x-b"
    stranger = ask(region, "/text", Origin="https://else.test")
    assert stranger.headers["access-control-allow-origin"] is None


@pytest.mark.parametrize(
    ("headers", "status", "body"),
    [
        ({}, 401, '{"message":"Unauthorized"}'),
        ({"Authorization": "bad"}, 403, '{"message":"Forbidden"}'),
    ],
)
def test_whom_does_a_simple_authorizer_refuse(
    region: RegionProcess, headers: dict[str, str], status: int, body: str
) -> None:
    answer = ask(region, "/guarded", **headers)
    assert (answer.status, answer.text) == (status, body)


def test_what_does_the_function_learn_from_a_simple_authorizer(region: RegionProcess) -> None:
    event = json.loads(ask(region, "/guarded", Authorization="good").text)
    assert event["requestContext"]["authorizer"] == {"lambda": {"who": "ann"}}


@pytest.mark.parametrize(
    ("token", "status", "body"),
    [
        ("", 401, '{"message":"Unauthorized"}'),
        ("nobody", 401, '{"message":"Unauthorized"}'),
        ("broken", 500, '{"message": null}'),
        ("bad", 403, '{"Message":"User is not authorized to access this resource with an '
                     'explicit deny"}'),
    ],
)  # fmt: skip
def test_whom_does_a_token_authorizer_refuse(
    region: RegionProcess, token: str, status: int, body: str
) -> None:
    headers = {"Authorization": token} if token else {}
    path = "/_aws/execute-api/rest12/prod/mine"
    answer = ask(region, path, **headers)
    assert (answer.status, answer.text) == (status, body)


def test_is_a_decision_asked_for_once_for_each_identity(region: RegionProcess) -> None:
    path = "/_aws/execute-api/rest12/prod/mine"

    def calls(token: str) -> int:
        event = json.loads(ask(region, path, Authorization=token).text)
        assert event["requestContext"]["authorizer"]["principalId"] == "ann"
        return int(event["requestContext"]["authorizer"]["calls"])

    assert calls("good 1") == calls("good 1")
    assert calls("good 2") != calls("good 1")


def test_when_is_a_route_throttled(region: RegionProcess) -> None:
    answers = [ask(region, "/rare") for _ in range(3)]
    assert [a.status for a in answers] == [200, 200, 429]
    assert answers[2].text == '{"message":"Too Many Requests"}'
    rest = [ask(region, "/_aws/execute-api/rest12/prod/rare").status for _ in range(2)]
    assert rest == [502, 429]  # the function's answer is no answer for a REST API


@pytest.mark.parametrize(
    ("path", "content_type", "body", "status", "answered"),
    [
        ("/custom", "application/json", '{"what": "hello"}', 200, '{"heard": "hello"}'),
        ("/custom", "text/plain", "hello", 415, '{"message":"Unsupported Media Type"}'),
        ("/as-it-is", "application/json", '{"say": "hello"}', 200, '{"heard": "hello"}'),
        ("/as-it-is", "text/plain", "hello", 400,
         '{"message":"Could not parse request body into json"}'),
    ],
)  # fmt: skip
def test_does_a_custom_integration_map_what_it_is_told(
    region: RegionProcess, path: str, content_type: str, body: str, status: int, answered: str
) -> None:
    local = f"/_aws/execute-api/rest12/prod{path}"
    answer = region.request("POST", local, body, {"Content-Type": content_type})
    assert (answer.status, answer.text) == (status, answered)  # type: ignore[attr-defined]


def test_what_becomes_of_an_error_a_preflight_and_a_foreign_integration(
    region: RegionProcess,
) -> None:
    path = "/_aws/execute-api/rest12/prod"
    raised = region.request("POST", f"{path}/as-it-is", "{}")
    assert raised.status == 400
    assert json.loads(raised.text)["errorType"] == "ValueError"  # type: ignore[attr-defined]
    preflight = ask(region, f"{path}/custom", "OPTIONS")
    assert (preflight.status, preflight.headers["access-control-allow-origin"]) == (200, "*")
    assert ask(region, f"{path}/elsewhere").status == 500
