"""API Gateway under fault: what does a client see? The names carry the statements' numbers (F)."""

from __future__ import annotations

import json
from typing import Any

import pytest
from quiet_door import REGION, Functions, QuietDoor

from gameday.lab.functions.environment import Result

GOOD = Result(b'{"statusCode": 200, "body": "hello"}')
RESULTS = {
    "good": GOOD,
    "stopped": Result(b"", "Throttled", "ReservedFunctionConcurrentInvocationLimitExceeded"),
    "throws": Result(b'{"errorMessage": "chaos", "errorType": "ValueError"}', "Unhandled"),
    "times-out": Result(b'{"errorMessage": "Task timed out after 3.00 seconds"}', "Unhandled"),
    "malformed": Result(b'{"statusCode": "no number"}'),
    "hangs": None,
}
NAMES = (*RESULTS, "gone")
INTERNAL, HTTP_INTERNAL = '{"message": "Internal server error"}', (
    '{"message":"Internal Server Error"}'
)  # fmt: skip


def api(kind: str, **members: Any) -> dict[str, Any]:
    """An API with one route for each function, and one that is throttled."""
    routes = [
        {"method": "GET", "path": f"/{name}", "integration": {
            "type": "AWS_PROXY", "function": name, "timeout_ms": 20,
            "payload": "2.0" if kind == "http" else None}}
        for name in NAMES
    ]  # fmt: skip
    rare = {"type": "AWS_PROXY", "function": "good", "throttle": [0.0001, 1]}
    routes.append({"method": "GET", "path": "/rare", "integration": rare})
    stage = "prod" if kind == "rest" else "$default"
    return {"id": kind, "name": kind, "kind": kind, "stage": stage, "routes": routes} | members


def door(**members: Any) -> QuietDoor:
    return QuietDoor(Functions(RESULTS), *(api(k, **members) for k in ("rest", "http")))


def ask(at: QuietDoor, kind: str, path: str, **more: Any) -> Any:
    stage = "/prod" if kind == "rest" else ""
    host = f"{kind}.execute-api.{REGION}.amazonaws.com"
    return at.ask("GET", f"{stage}{path}", host=host, **more)


FAULTS = [
    ("throttled Lambda", "/stopped", (500, INTERNAL), (503, '{"message":"Service Unavailable"}')),
    ("function gone", "/gone", (500, INTERNAL), (500, HTTP_INTERNAL)),
    ("function throws", "/throws", (502, INTERNAL), (500, HTTP_INTERNAL)),
    ("function times out", "/times-out", (502, INTERNAL), (500, HTTP_INTERNAL)),
    ("malformed answer", "/malformed", (502, INTERNAL), (500, HTTP_INTERNAL)),
    ("integration timeout", "/hangs", (504, '{"message": "Endpoint request timed out"}'),
     (503, '{"message":"Service Unavailable"}')),
    ("unknown path", "/else", (403, '{"message":"Missing Authentication Token"}'),
     (404, '{"message":"Not Found"}')),
    ("no fault", "/good", (200, "hello"), (200, "hello")),
]  # fmt: skip


@pytest.mark.parametrize(
    ("path", "rest", "http"), [f[1:] for f in FAULTS], ids=[f[0] for f in FAULTS]
)
def test_F_2_what_does_the_client_of_each_kind_see(path: str, rest: Any, http: Any) -> None:
    at = door()
    assert ask(at, "rest", path).said == rest
    assert ask(at, "http", path).said == http


def test_F_2_a_throttled_stage_is_429_and_a_closed_host_403_or_404() -> None:
    at = door()
    for kind in ("rest", "http"):
        assert ask(at, kind, "/rare").status == 200
        limited = ask(at, kind, "/rare")
        assert limited.said == (429, '{"message":"Too Many Requests"}')
    closed = door(invoke_host_closed=True)
    assert ask(closed, "rest", "/good").said == (403, '{"message":"Forbidden"}')
    assert ask(closed, "http", "/good").said == (404, '{"message":"Not Found"}')


@pytest.mark.parametrize(
    ("path", "error_type"),
    [("/stopped", "InternalServerErrorException"), ("/hangs", "InternalServerErrorException"),
     ("/else", "MissingAuthenticationTokenException")],
)  # fmt: skip
def test_F_2_a_rest_api_names_the_error(path: str, error_type: str) -> None:
    answer = ask(door(), "rest", path)
    assert answer.headers["x-amzn-errortype"] == error_type
    assert answer.headers["content-type"] == "application/json"


@pytest.mark.parametrize("path", ["/stopped", "/throws", "/malformed"])
def test_F8_is_an_integration_never_tried_twice(path: str) -> None:
    at = door()
    ask(at, "rest", path)
    assert len(at.functions.events) == 1


def test_F9_customising_integration_failure_makes_a_throttle_a_504() -> None:
    own = {"INTEGRATION_FAILURE": {"headers": {"a": "b"}}}
    assert ask(door(gateway_responses=own), "rest", "/stopped").status == 504
    assert ask(door(gateway_responses={}), "rest", "/stopped").status == 500


def test_F10_does_a_bucket_hold_its_burst_and_count_each_method_alone() -> None:
    limited = {"type": "AWS_PROXY", "function": "good", "throttle": [0.0001, 2]}
    routes = [{"method": "ANY", "path": "/", "integration": limited}]
    at = QuietDoor(Functions(RESULTS), api("rest", routes=routes))
    path = "/_aws/execute-api/rest/prod/"
    assert [at.ask("GET", path).status for _ in range(3)] == [200, 200, 429]
    assert at.ask("PUT", path).status == 200


def test_F11_without_a_status_a_2_0_result_is_the_body() -> None:
    results = {name: Result(body) for name, body in (
        ("good", b'"Hello from Lambda!"'), ("throws", b'{ "message": "Hello from Lambda!" }'),
    )}  # fmt: skip
    at = QuietDoor(Functions(results), api("http"))
    for path, body in (("/good", "Hello from Lambda!"),
                       ("/throws", '{ "message": "Hello from Lambda!" }')):  # fmt: skip
        answer = ask(at, "http", path)
        assert (answer.said, answer.headers["content-type"]) == ((200, body), "application/json")


def test_F12_are_answers_counted_by_api_stage_and_status() -> None:
    at = door()
    ask(at, "rest", "/stopped")
    ask(at, "http", "/good")
    seen = [(api_, stage, status, kind) for api_, stage, status, _, _, kind in at.counter.answers]
    assert seen == [("rest", "prod", 500, "rest"), ("http", "$default", 200, "http")]


def test_F13_the_longest_base_path_wins_and_ping_is_reserved() -> None:
    domains = {"api.example.test": [
        {"base_path": "", "api": "http", "stage": "$default"},
        {"base_path": "v1", "api": "rest", "stage": "prod"},
        {"base_path": "v1/old", "api": "http", "stage": "$default"},
    ]}  # fmt: skip
    at = QuietDoor(Functions(RESULTS), api("rest"), api("http"), domains=domains)

    def said(path: str) -> Any:
        return at.ask("GET", path, host="api.example.test:8443").said

    assert said("/v1/else") == (403, '{"message":"Missing Authentication Token"}')  # the REST API's
    assert said("/v1/old/else") == said("/v10/else") == (404, '{"message":"Not Found"}')
    assert said("/v1/good") == said("/v1/old/good") == said("/good") == (200, "hello")
    assert said("/ping") == said("/sping") == (200, "healthy")


def test_F14_F16_an_invoke_host_needs_its_stage_and_renames_headers() -> None:
    headers = {"WWW-Authenticate": "x", "Connection": "close", "Server": "mine", "X-Own": "y"}
    result = Result(json.dumps({"statusCode": 401, "headers": headers}).encode())
    at = QuietDoor(Functions({"good": result}), api("rest"))
    answer = ask(at, "rest", "/good")
    assert answer.status == 401
    assert answer.headers["x-amzn-remapped-www-authenticate"] == "x"
    assert answer.headers["x-amzn-remapped-connection"] == "close"
    assert answer.headers["x-amzn-remapped-server"] == "mine"
    assert answer.headers["x-own"] == "y"
    host = f"rest.execute-api.{REGION}.amazonaws.com"
    assert at.ask("GET", "/good", host=host).said == (403, '{"message":"Forbidden"}')


def test_what_is_too_large_is_413_before_and_after_the_limit_of_lambda() -> None:
    big = b"x" * (6 * 1024 * 1024)
    at = door()
    assert ask(at, "rest", "/good", body=big).said == (413, '{"message":"Request Too Long"}')
    assert ask(at, "http", "/good", body=big).said == (
        413,
        '{"message":"Request Entity Too Large"}',
    )
    assert ask(at, "rest", "/good", too_large=True).status == 413
    assert at.functions.events == []


AUTHORIZER = {"id": "a", "function": "guard", "identity": ["header.authorization"], "ttl_s": 0}
POLICY = {
    "principalId": "ann",
    "policyDocument": {
        "Statement": [
            {"Effect": "Allow", "Action": "execute-api:Invoke", "Resource": "arn:aws:execute-api:*"}
        ]
    },
}


def guarded(kind: str, answer: Any, **members: Any) -> QuietDoor:
    """An API whose one route is guarded by a function that answers `answer`."""
    integration = {"type": "AWS_PROXY", "function": "good", "authorizer": AUTHORIZER | members,
                   "payload": members.get("payload")}  # fmt: skip
    routes = [{"method": "GET", "path": "/good", "integration": integration}]
    functions = Functions({"good": GOOD, "guard": Result(json.dumps(answer).encode())})
    return QuietDoor(functions, api(kind, routes=routes))


def test_a_rest_apis_authorizer_context_becomes_text() -> None:
    context = {"key": "value", "number": 1, "yes": True}
    at = guarded("rest", POLICY | {"context": context}, type="REQUEST")
    assert ask(at, "rest", "/good", authorization="x").status == 200
    event = at.functions.events[1][1]
    assert event["requestContext"]["authorizer"] == {
        "principalId": "ann", "key": "value", "number": "1", "yes": "true",
    }  # fmt: skip
    nested = guarded("rest", POLICY | {"context": {"list": [1]}}, type="REQUEST")
    assert ask(nested, "rest", "/good", authorization="x").said == (500, '{"message": null}')


def test_an_http_apis_authorizer_context_keeps_its_kinds() -> None:
    context = {"number": 1, "list": [1], "map": {"a": True}}
    simple = {"isAuthorized": True, "context": context}
    at = guarded("http", simple, type="REQUEST", payload="2.0", simple=True)
    assert ask(at, "http", "/good", authorization="x").status == 200
    assert at.functions.events[1][1]["requestContext"]["authorizer"] == {"lambda": context}


def test_is_a_decision_kept_for_each_route_where_the_route_is_an_identity() -> None:
    sources = ["header.authorization", "$context.routeKey"]
    integration = {"type": "AWS_PROXY", "function": "good", "payload": "2.0",
                   "authorizer": AUTHORIZER | {"type": "REQUEST", "payload": "2.0", "simple": True,
                                               "identity": sources, "ttl_s": 300}}  # fmt: skip
    routes = [{"method": "GET", "path": p, "integration": integration} for p in ("/a", "/b")]
    allowed = Result(b'{"isAuthorized": true}')
    at = QuietDoor(Functions({"good": GOOD, "guard": allowed}), api("http", routes=routes))
    for path in ("/a", "/a", "/b"):
        assert ask(at, "http", path, authorization="x").status == 200
    guards = [event for name, event in at.functions.events if name == "guard"]
    assert [g["identitySource"] for g in guards] == [["x", "GET /a"], ["x", "GET /b"]]


@pytest.mark.parametrize(("kind", "body"), [("rest", INTERNAL), ("http", HTTP_INTERNAL)])
def test_F_2_without_a_permission_an_api_answers_500(kind: str, body: str) -> None:
    integration = {"type": "AWS_PROXY", "function": "good", "permitted": False}
    routes = [{"method": "GET", "path": "/good", "integration": integration}]
    at = QuietDoor(Functions(RESULTS), api(kind, routes=routes))
    assert ask(at, kind, "/good").said == (500, body)
    assert at.functions.events == []
    refused = guarded(kind, POLICY, type="REQUEST", permitted=False)
    assert ask(refused, kind, "/good", authorization="x").status == 500
    assert refused.functions.events == []
